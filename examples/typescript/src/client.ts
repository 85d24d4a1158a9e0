// The client: a Runtime in a process of its own.

import type { Exit } from "./errors.js";
import type { Methods } from "./generated/methods.js";
import type { Subscribe } from "./generated/types.js";
import { Rpc, type CallOptions } from "./rpc.js";
import { Server } from "./server.js";
import { Stream } from "./stream.js";
import { Subscriptions } from "./subscriptions.js";

export interface YoiOptions {
  /** What is run. Without it, `yoi rpc`. */
  command?: readonly [program: string, ...args: string[]];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** How long a reply may take: 90 seconds, which is more than any `wait_ms`. */
  timeoutMs?: number;
  /** How long `close` waits for the process before it kills it: 10 seconds. */
  graceMs?: number;
  /** How many items of a stream wait for their reader before the stream pauses: 256. */
  maxUnread?: number;
  /** The longest line that is read: 64 MiB. A longer one is skipped. */
  maxLineBytes?: number;
  /** Takes what the server writes to stderr. Without it, this process's stderr does. */
  onStderr?: (text: string) => void;
  /** Told of lines that fit nothing, with their beginning. They are skipped. Without it, a warning. */
  onUnexpected?: (what: string, line: string) => void;
}

export type Method = keyof Methods;
export type Params<M extends Method> = Methods[M]["params"];
export type Reply<M extends Method> = Methods[M]["result"];

/** Params may be left out where all of them may. */
type CallArguments<M extends Method> =
  {} extends Params<M>
    ? [params?: Params<M>, options?: CallOptions]
    : [params: Params<M>, options?: CallOptions];

export class Yoi implements AsyncDisposable {
  readonly #server: Server;
  readonly #rpc: Rpc;
  readonly #subscriptions: Subscriptions;
  readonly #maxUnread: number;
  readonly #graceMs: number;
  #closed: Promise<Exit> | undefined;

  /** Starts the server. Rejects with `ServerNotFound` if there is no such program. */
  static async start(options: YoiOptions = {}): Promise<Yoi> {
    const server = await Server.start({
      command: options.command ?? ["yoi", "rpc"],
      cwd: options.cwd,
      env: options.env,
      maxLineBytes: options.maxLineBytes ?? 64 << 20,
      onStderr: options.onStderr ?? ((text) => void process.stderr.write(text)),
    });
    return new Yoi(server, options);
  }

  private constructor(server: Server, options: YoiOptions) {
    const tell = options.onUnexpected ?? ((what, line) => console.warn(`yoi: ${what}: ${line}`));
    const onUnexpected = (what: string, line: string) => tell(what, line.slice(0, 200));
    const rpc = new Rpc(server, options.timeoutMs ?? 90_000, {
      onNotification: (method, params) => {
        const isTaken = method === "event" && subscriptions.deliver(params);
        if (!isTaken) onUnexpected(`a notification \`${method}\` for nobody`, JSON.stringify(params) ?? "");
      },
      onLate: (result) => subscriptions.late(result),
      onUnexpected,
    });
    const subscriptions = new Subscriptions(rpc);
    server.listen({
      onLine: (line) => rpc.receive(line),
      onTooLong: (start) => onUnexpected("a line that is too long", start),
      onGone: (gone) => {
        rpc.end(gone);
        subscriptions.end(gone);
      },
    });
    this.#server = server;
    this.#rpc = rpc;
    this.#subscriptions = subscriptions;
    this.#maxUnread = options.maxUnread ?? 256;
    this.#graceMs = options.graceMs ?? 10_000;
  }

  /** Sends a command or a query and waits for its reply. */
  call<M extends Method>(method: M, ...[params, options]: CallArguments<M>): Promise<Reply<M>> {
    return this.#rpc.request(method, params ?? {}, (result) => result as Reply<M>, options);
  }

  /** Makes a subscription. From the moment that this resolves, no item is missed. */
  subscribe(params: Subscribe, options?: CallOptions): Promise<Stream> {
    return Stream.open(this.#subscriptions, params, this.#maxUnread, options);
  }

  /**
   * Ends the input and waits for the process, which answers what waits and lets running turns finish.
   * After `graceMs` it is killed.
   */
  close(): Promise<Exit> {
    this.#closed ??= this.#server.close(this.#graceMs);
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
