// The server's process: its start, its three pipes, its end.

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";

import { ServerGone, ServerNotFound, type Exit } from "./errors.js";
import { Lines } from "./lines.js";

/** How the process is started and what is kept of what it writes. */
export interface ServerOptions {
  command: readonly [program: string, ...args: string[]];
  cwd: string | undefined;
  env: NodeJS.ProcessEnv | undefined;
  maxLineBytes: number;
  onStderr: (text: string) => void;
}

/** Who is told what the process does. */
export interface ServerEvents {
  onLine(line: string): void;
  onTooLong(start: string): void;
  /** The process has ended, and everything that it wrote has been told. */
  onGone(gone: ServerGone): void;
}

/** How much of stderr a `ServerGone` shows, in UTF-16 units. */
const STDERR_TAIL = 8192;

/** How long a process may live on with a closed pipe, and a pipe without its process. */
const SETTLE_MS = 1000;

export class Server {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #maxLineBytes: number;
  readonly #gone: Promise<Exit>;
  #stderr = "";

  /** Starts the process. Rejects with `ServerNotFound` if there is none to start. */
  static async start(options: ServerOptions): Promise<Server> {
    const [program, ...args] = options.command;
    try {
      const child = spawn(program, args, { cwd: options.cwd, env: options.env });
      await new Promise<void>((resolve, reject) => {
        child.once("spawn", resolve);
        child.once("error", reject);
      });
      // From now on an error is a signal that could not be sent: the process had ended.
      child.on("error", () => {});
      return new Server(child, options);
    } catch (error) {
      throw new ServerNotFound(program, error);
    }
  }

  private constructor(child: ChildProcessWithoutNullStreams, options: ServerOptions) {
    this.#child = child;
    this.#maxLineBytes = options.maxLineBytes;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
      options.onStderr(text);
    });
    // A server that does not hear or does not speak any more is of no use, even if it lives on.
    child.stdin.on("error", () => this.#killSoon());
    child.stdout.on("end", () => this.#killSoon());
    child.once("exit", () => {
      // A child of the server may have inherited its pipes and keep them open.
      setTimeout(() => [child.stdout, child.stderr].forEach((pipe) => pipe.destroy()), SETTLE_MS).unref();
    });
    this.#gone = new Promise((resolve) => {
      child.once("close", (code, signal) => resolve({ code, signal }));
    });
  }

  /** Begins to read. To be called at once: what happens before it is not told. */
  listen(events: ServerEvents): void {
    const lines = new Lines(this.#maxLineBytes, events.onLine, events.onTooLong);
    this.#child.stdout.on("data", (chunk: Buffer) => lines.push(chunk));
    this.#child.once("close", (code, signal) => {
      events.onGone(new ServerGone({ code, signal }, this.#stderr));
    });
  }

  /** How many bytes wait because the process does not read. */
  get unwritten(): number {
    return this.#child.stdin.writableLength;
  }

  write(line: string): void {
    if (this.#child.stdin.writable) this.#child.stdin.write(`${line}\n`);
  }

  /** Ends the input and waits for the process, which is killed after `graceMs`. */
  async close(graceMs: number): Promise<Exit> {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), graceMs);
    try {
      return await this.#gone;
    } finally {
      clearTimeout(timer);
    }
  }

  #killSoon(): void {
    // One that is being closed has its own time.
    if (this.#child.stdin.writableEnded) return;
    // Ending by itself takes a moment too, so the exit code is not lost.
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), SETTLE_MS);
    this.#child.once("exit", () => clearTimeout(timer));
  }
}
