// A client of `yoi rpc`: requests and replies are typed by what the schemas say.

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";

import type { CommandReply } from "./generated/command_reply.js";
import type { QueryReply } from "./generated/query_reply.js";
import type { RuntimeCommand } from "./generated/runtime_command.js";
import type { RuntimeError } from "./generated/runtime_error.js";
import type { RuntimeQuery } from "./generated/runtime_query.js";
import type { StreamItem } from "./generated/stream_item.js";
import type { Subscribe } from "./generated/subscribe.js";

/** Which reply answers which request. */
interface ReplyTypes {
  create_worker: "worker_created";
  send_input: "input_accepted";
  cancel_turn: "turn_cancellation";
  stop_worker: "worker_stop";
  cancel_worker: "worker_cancelled";
  delete_worker: "worker_deleted";
  update_worker: "worker_updated";
  stop_runtime: "runtime_stop";
  get_runtime: "runtime";
  get_overview: "overview";
  list_workers: "workers";
  get_worker: "worker";
  get_turn: "turn";
  list_turns: "turns";
  get_transcript: "transcript";
  read_events: "events";
  get_usage: "usage";
  list_diagnostics: "diagnostics";
  preview: "preview";
}

type Request = RuntimeCommand | RuntimeQuery;
type Method = Request["type"];
type Params<M extends Method> = Omit<Extract<Request, { type: M }>, "type">;
type Reply<M extends Method> = Extract<CommandReply | QueryReply, { type: ReplyTypes[M] }>;

/** A refused request, with the Runtime's own error. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly error: RuntimeError | undefined,
  ) {
    super(message);
  }
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A Runtime in a process of its own. */
export class Yoi {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, Waiting>();
  readonly #streams = new Map<string, (item: StreamItem) => void>();
  #lastId = 0;

  constructor(program: string, ...args: string[]) {
    this.#process = spawn(program, ["rpc", ...args]);
    this.#process.stderr.pipe(process.stderr);
    createInterface({ input: this.#process.stdout }).on("line", (line) => this.#receive(line));
  }

  /** Sends a request and waits for its reply. */
  async call<M extends Method>(method: M, params: Params<M>): Promise<Reply<M>> {
    return (await this.#request(method, params)) as Reply<M>;
  }

  /** Begins a stream; items come until it has `ended` or is left. */
  async *subscribe(subscribe: Subscribe): AsyncGenerator<StreamItem> {
    const items: StreamItem[] = [];
    let wake = () => {};
    const result = this.#request("subscribe", subscribe) as Promise<{ subscription: string }>;
    const { subscription } = await result;
    this.#streams.set(subscription, (item) => {
      items.push(item);
      wake();
    });
    try {
      for (;;) {
        const item = items.shift();
        if (item === undefined) {
          await new Promise<void>((resolve) => (wake = resolve));
          continue;
        }
        yield item;
        if (item.type === "ended") return;
      }
    } finally {
      this.#streams.delete(subscription);
      await this.#request("unsubscribe", { subscription }).catch(() => undefined);
    }
  }

  /** Ends the input; the Runtime stops, and the process with it. */
  close(): Promise<number | null> {
    const exit = new Promise<number | null>((resolve) => this.#process.on("exit", resolve));
    this.#process.stdin.end();
    return exit;
  }

  #request(method: string, params: object): Promise<unknown> {
    const id = ++this.#lastId;
    const message = { jsonrpc: "2.0", id, method, params };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#process.stdin.write(`${JSON.stringify(message)}\n`);
    });
  }

  #receive(line: string): void {
    const message = JSON.parse(line) as {
      id?: number;
      result?: unknown;
      error?: { message: string; data?: RuntimeError };
      params?: { subscription: string; item: StreamItem };
    };
    if (message.params) {
      // Items wait for their reader, who registers when the subscription's reply has been read.
      const { subscription, item } = message.params;
      setImmediate(() => this.#streams.get(subscription)?.(item));
      return;
    }
    const waiting = this.#waiting.get(message.id ?? 0);
    this.#waiting.delete(message.id ?? 0);
    if (message.error) {
      waiting?.reject(new Refused(message.error.message, message.error.data));
    } else {
      waiting?.resolve(message.result);
    }
  }
}
