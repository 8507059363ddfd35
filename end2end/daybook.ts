import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const binary = fileURLToPath(new URL("../target/release/daybook", import.meta.url));
const READY_WITHIN_MS = 30_000;

/** The release binary, on a port and with a data directory of its own. */
export class Daybook {
  readonly url: string;
  /** What it has written to its standard output and error so far, over all its lives. */
  log = "";

  readonly #address: string;
  readonly #data: string;
  #process: ChildProcess | undefined;

  private constructor(port: number, data: string) {
    this.#address = `127.0.0.1:${port}`;
    this.#data = data;
    this.url = `http://${this.#address}`;
  }

  static async start(): Promise<Daybook> {
    const daybook = new Daybook(await freePort(), await mkdtemp(join(tmpdir(), "daybook-")));
    await daybook.restart();
    return daybook;
  }

  /** Starts it again, on the same port and data; resolves once it is ready. */
  async restart(): Promise<void> {
    const environment = Object.entries(process.env).filter(([name]) => !name.startsWith("DAYBOOK_"));
    this.#process = spawn(binary, ["--address", this.#address, "--data", this.#data], {
      env: Object.fromEntries(environment),
      cwd: tmpdir(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.log += chunk.toString()));
    }
    await this.#ready(this.#process);
  }

  /** Asks it to stop; resolves with its exit code. */
  async stop(): Promise<number | null> {
    return this.#end("SIGTERM");
  }

  /** Takes its life between two instructions, as a power cut would. */
  async kill9(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Stops it if it runs, and forgets its data. */
  async dispose(): Promise<number | null> {
    const code = this.#isRunning() ? await this.stop() : 0;
    await rm(this.#data, { recursive: true, force: true });
    return code;
  }

  async #ready(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS;
    while (Date.now() < deadline) {
      if (child.exitCode !== null) {
        throw new Error(`daybook exited with ${child.exitCode} before it was ready:\n${this.log}`);
      }
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (answer?.ok) {
        return;
      }
      await pause(50);
    }
    throw new Error(`daybook was not ready within ${READY_WITHIN_MS} ms:\n${this.log}`);
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

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address ? resolve(address.port) : reject(address)));
    });
  });
}
