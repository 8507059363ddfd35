import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const binary = fileURLToPath(new URL("../target/release/daybook", import.meta.url));
const READY_WITHIN_MS = 60_000;

/** The release binary, on a port and with a data directory of its own. */
export class Daybook {
  /** What it has written to its standard output and error so far, over all its lives. */
  log = "";

  readonly #data: string;
  readonly #settings: string[];
  /** Port 0 until it has been told one: two servers that start at the same time never get the same. */
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

  /** Starts it again, on the same port and data; resolves once it is ready. */
  async restart(): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS;
    for (;;) {
      const written = this.log.length;
      try {
        return await this.#run();
      } catch (error) {
        // While it was away the port was anybody's.
        if (!this.log.slice(written).includes("cannot listen on") || Date.now() > deadline) {
          throw error;
        }
        await pause(200);
      }
    }
  }

  /** Asks it to stop; resolves with its exit code. */
  async stop(): Promise<number | null> {
    return this.#end("SIGTERM");
  }

  /** Takes its life between two instructions, as a power cut would. */
  async kill9(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Changes some of what it has written, behind its back: as many bytes for as many, which SQLite does not notice. */
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

  /** Stops it if it runs, and forgets its data. */
  async dispose(): Promise<number | null> {
    const code = this.#isRunning() ? await this.stop() : 0;
    await rm(this.#data, { recursive: true, force: true });
    return code;
  }

  /** Resolves once it says where it is ready. */
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
