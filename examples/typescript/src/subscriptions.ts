// The open subscriptions: which item belongs to which stream.

import { ProtocolError, type ServerGone } from "./errors.js";
import type { StreamItem, Subscribe } from "./generated/types.js";
import { isObject, type CallOptions, type Rpc } from "./rpc.js";

/** Who takes the items of a subscription. */
export interface Receiver {
  /** The subscription is made. Called before its first item. */
  opened(subscription: string): void;
  push(item: StreamItem): void;
  fail(gone: ServerGone): void;
}

export class Subscriptions {
  readonly #rpc: Rpc;
  readonly #receivers = new Map<string, Receiver>();
  /** Those whose end was asked for and not confirmed: their items are on the way and not wanted. */
  readonly #leaving = new Set<string>();

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  /** Makes a subscription. Its items may come before the caller goes on. */
  open(params: Subscribe, receiver: Receiver, options?: CallOptions): Promise<void> {
    const read = (result: unknown) => {
      const subscription = idOf(result);
      if (subscription === undefined) throw new ProtocolError("subscribe: a reply without a subscription");
      this.#receivers.set(subscription, receiver);
      receiver.opened(subscription);
    };
    return this.#rpc.request("subscribe", params, read, options);
  }

  /** Ends a subscription. It does not fail: one that is not known to the server has ended. */
  async leave(subscription: string): Promise<void> {
    this.#receivers.delete(subscription);
    this.#leaving.add(subscription);
    try {
      await this.#rpc.request("unsubscribe", { subscription }, () => undefined);
    } catch {
      // Ended already, or the server is gone.
    } finally {
      this.#leaving.delete(subscription);
    }
  }

  /** Forgets a subscription that has ended by itself. */
  forget(subscription: string): void {
    this.#receivers.delete(subscription);
  }

  /** Leaves the subscription that a reply makes for which nobody waits any more. */
  late(result: unknown): void {
    const subscription = idOf(result);
    if (subscription !== undefined) void this.leave(subscription);
  }

  /** Hands an item to its stream. Returns false if there is none. */
  deliver(params: unknown): boolean {
    if (!isObject(params) || typeof params["subscription"] !== "string") return false;
    const { subscription, item } = params;
    if (!isObject(item) || typeof item["type"] !== "string") return false;
    if (this.#leaving.has(subscription as string)) return true;
    const receiver = this.#receivers.get(subscription as string);
    receiver?.push(item as unknown as StreamItem);
    return receiver !== undefined;
  }

  end(gone: ServerGone): void {
    for (const receiver of this.#receivers.values()) receiver.fail(gone);
    this.#receivers.clear();
  }
}

function idOf(result: unknown): string | undefined {
  const id = isObject(result) ? result["subscription"] : undefined;
  return typeof id === "string" ? id : undefined;
}
