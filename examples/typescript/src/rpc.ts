// JSON-RPC 2.0 over lines: which reply belongs to which request, and what becomes of those without.

import { setMaxListeners } from "node:events";

import { Overloaded, ProtocolError, Refused, TimedOut, type ServerGone } from "./errors.js";
import type { RuntimeError } from "./generated/types.js";

/** How long one call may take, and how it is given up. */
export interface CallOptions {
  /** How long the reply may take, if not as long as the client's own `timeoutMs`. */
  timeoutMs?: number;
  /** Gives the call up: it rejects with the signal's reason. What was sent may still take effect. */
  signal?: AbortSignal;
}

/** Where lines go, and how many bytes wait there. */
export interface Output {
  readonly unwritten: number;
  write(line: string): void;
}

/** What is no reply to a request that waits. */
export interface RpcEvents {
  onNotification(method: string, params: unknown): void;
  /** The result of a request that was given up. */
  onLate(result: unknown): void;
  onUnexpected(what: string, line: string): void;
}

interface Pending {
  readonly bytes: number;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** How many calls may wait at once: as many as the server holds, 1024 and 4096 queries that wait. */
const MAX_PENDING = 1024 + 4096;

/** How many bytes may wait for the server to read them. */
const MAX_UNWRITTEN = 64 << 20;

export class Rpc {
  readonly #output: Output;
  readonly #events: RpcEvents;
  readonly #timeoutMs: number;
  readonly #pending = new Map<unknown, Pending>();
  #lastId = 0;
  #gone: ServerGone | undefined;

  constructor(output: Output, timeoutMs: number, events: RpcEvents) {
    this.#output = output;
    this.#events = events;
    this.#timeoutMs = timeoutMs;
  }

  /** Sends a request. `read` makes its result of the reply before the next line is looked at. */
  request<T>(
    method: string,
    params: object,
    read: (result: unknown) => T,
    { timeoutMs = this.#timeoutMs, signal }: CallOptions = {},
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#gone) throw this.#gone;
      // A subscription is left however much waits: it would only make more wait.
      if (method !== "unsubscribe") this.#checkRoom();

      const id = ++this.#lastId;
      const line = JSON.stringify({ jsonrpc: "2.0", id, method, params });
      const forget = () => {
        this.#pending.delete(id);
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      };
      const giveUp = (error: unknown) => {
        forget();
        reject(error);
      };
      const abort = () => giveUp(signal?.reason);
      const expire = () => giveUp(new TimedOut(method, timeoutMs));
      // A longer time than timers take is as good as none.
      const timer = timeoutMs < 2 ** 31 ? setTimeout(expire, timeoutMs) : undefined;
      if (signal) {
        // Many calls may share a signal, which Node would take for a leak.
        setMaxListeners(0, signal);
        signal.addEventListener("abort", abort);
      }
      const done = (result: unknown) => {
        forget();
        try {
          resolve(read(result));
        } catch (error) {
          reject(error);
        }
      };
      this.#pending.set(id, { bytes: Buffer.byteLength(line), resolve: done, reject: giveUp });
      this.#output.write(line);
    });
  }

  /** Takes in a line of the server. */
  receive(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return this.#events.onUnexpected("a line that is no JSON", line);
    }
    if (!isObject(message)) {
      this.#events.onUnexpected("a message that is no object", line);
    } else if (typeof message["method"] === "string" && message["id"] === undefined) {
      this.#events.onNotification(message["method"], message["params"]);
    } else if ("result" in message || "error" in message) {
      this.#answer(message, line);
    } else {
      this.#events.onUnexpected("neither a reply nor a notification", line);
    }
  }

  /** Ends everything that waits: no reply will come. */
  end(gone: ServerGone): void {
    this.#gone = gone;
    for (const pending of [...this.#pending.values()]) pending.reject(gone);
  }

  #answer({ id, result, error }: Record<string, unknown>, line: string): void {
    const pending = id === null ? this.#tooLarge(error) : this.#pending.get(id);
    if (!pending) {
      // What was given up is not kept, so its reply is known by the number alone.
      const wasSent = typeof id === "number" && id > 0 && id <= this.#lastId;
      if (wasSent) this.#events.onLate(result);
      else this.#events.onUnexpected("a reply to no request", line);
    } else if (error !== undefined) {
      pending.reject(errorOf(error));
    } else {
      pending.resolve(result);
    }
  }

  /**
   * The request that is answered by an error without id. The server skips a line that is too long for
   * it, so it cannot know the id; but it tells the limit, and answers each such line once.
   */
  #tooLarge(error: unknown): Pending | undefined {
    const refusal = errorOf(error);
    if (!(refusal instanceof Refused) || refusal.error.code !== "too_large") return undefined;
    const { max } = refusal.error;
    return [...this.#pending.values()].find(({ bytes }) => bytes > max);
  }

  #checkRoom(): void {
    if (this.#pending.size >= MAX_PENDING) {
      throw new Overloaded(`${MAX_PENDING} calls wait for their replies; await some of them first`);
    }
    if (this.#output.unwritten >= MAX_UNWRITTEN) {
      throw new Overloaded("the server does not read what it is sent");
    }
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function errorOf(error: unknown): Refused | ProtocolError {
  if (!isObject(error)) return new ProtocolError("an error that is no object");
  const { code, data } = error;
  const message = String(error["message"] ?? "an error without a message");
  if (isObject(data) && typeof data["code"] === "string") {
    // The Runtime always says both; a caller may rely on them whoever the server is.
    const whole = { message, retry: { type: "never" }, ...data };
    return new Refused(whole as unknown as RuntimeError);
  }
  return new ProtocolError(message, typeof code === "number" ? code : undefined);
}
