import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const binary = fileURLToPath(new URL("../target/release/daybook", import.meta.url));
const READY_WITHIN_MS = 60_000;

/** The release binary, with its own port and data directory. */
export class Daybook {
  /** The server's standard output and standard error so far, across restarts. */
  log = "";

  readonly #data: string;
  readonly #settings: string[];
  /** Port 0 until the server has one, so that two servers never choose the same port. */
  #address = "127.0.0.1:0";
  #process: ChildProcess | undefined;

  private constructor(data: string, settings: string[]) {
    this.#data = data;
    this.#settings = settings;
  }

  static async start(...settings: string[]): Promise<Daybook> {
    const daybook = new Daybook(await mkdtemp(join(tmpdir(), "daybook-")), settings);
    await daybook.#run();
    return daybook;
  }

  get url(): string {
    return `http://${this.#address}`;
  }

  /** Starts the server again, on the same port and data; resolves once it is ready. */
  async restart(): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS;
    for (;;) {
      const written = this.log.length;
      try {
        return await this.#run();
      } catch (error) {
        // Another process may have taken the port in the meantime.
        if (!this.log.slice(written).includes("cannot listen on") || Date.now() > deadline) {
          throw error;
        }
        await pause(200);
      }
    }
  }

  /** Asks the server to stop; resolves with its exit code. */
  async stop(): Promise<number | null> {
    return this.#end("SIGTERM");
  }

  /** Kills the server at an arbitrary instruction. */
  async kill9(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /**
   * Replaces bytes in the database file, behind the server's back. Both texts must have the same
   * length, so that SQLite does not notice.
   */
  async alter(written: string, instead: string): Promise<void> {
    const file = join(this.#data, "daybook.db");
    const bytes = await readFile(file);
    const places: number[] = [];
    for (let place = bytes.indexOf(written); place >= 0; place = bytes.indexOf(written, place + 1)) {
      places.push(place);
    }
    if (places.length === 0 || Buffer.byteLength(written) !== Buffer.byteLength(instead)) {
      throw new Error(`${written} cannot be changed to ${instead}: it is there ${places.length} times`);
    }
    for (const place of places) {
      bytes.write(instead, place);
    }
    await writeFile(file, bytes);
  }

  /** Stops the server if it runs, and deletes its data. */
  async dispose(): Promise<number | null> {
    const code = this.#isRunning() ? await this.stop() : 0;
    await rm(this.#data, { recursive: true, force: true });
    return code;
  }

  /** Starts the process; resolves once it prints its address. */
  async #run(): Promise<void> {
    const environment = Object.entries(process.env).filter(([name]) => !name.startsWith("DAYBOOK_"));
    const child = spawn(binary, ["--address", this.#address, "--data", this.#data, ...this.#settings], {
      env: Object.fromEntries(environment),
      cwd: tmpdir(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    child.stderr.on("data", (chunk: Buffer) => (this.log += chunk.toString()));
    let said = "";
    this.#address = await new Promise<string>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`daybook ${why}:\n${this.log}`));
      const late = setTimeout(() => {
        child.kill("SIGKILL");
        fail(`was not ready within ${READY_WITHIN_MS} ms`);
      }, READY_WITHIN_MS);
      child.stdout.on("data", (chunk: Buffer) => {
        this.log += chunk.toString();
        said += chunk.toString();
        const address = /^Daybook is ready at http:\/\/(\S+)$/m.exec(said)?.[1];
        if (address) {
          clearTimeout(late);
          resolve(address);
        }
      });
      child.once("error", reject);
      child.once("close", (code) => {
        clearTimeout(late);
        fail(`ended with ${code} before it was ready`);
      });
    });
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process;
    if (!child || !this.#isRunning()) {
      throw new Error("daybook is not running");
    }
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.kill(signal);
    return ended;
  }

  #isRunning(): boolean {
    return this.#process?.exitCode === null && this.#process.signalCode === null;
  }
}
