// A stream of items: made when it is returned, bounded, and gone on with from its cursor.

import type { ServerGone } from "./errors.js";
import type { EventsFrom, StreamItem, Subscribe } from "./generated/types.js";
import type { CallOptions } from "./rpc.js";
import type { Receiver, Subscriptions } from "./subscriptions.js";

/**
 * The items of a subscription, in order. Leaving a `for await` loop ends the subscription.
 *
 * Items that come before they are read are kept, up to a bound. Past it the client ends the
 * subscription, and makes it anew after the last item that it kept, once the reader has read that. No
 * event is lost by this; `synced` may come again, and the text of a running turn comes again from
 * offset 0.
 */
export class Stream implements AsyncIterableIterator<StreamItem>, AsyncDisposable {
  readonly #subscriptions: Subscriptions;
  readonly #params: Subscribe;
  readonly #maxUnread: number;
  readonly #unread: StreamItem[] = [];
  /** Where a new subscription has to begin: after everything that was kept. */
  #from: EventsFrom | undefined;
  /** The subscription, while the server has one. */
  #subscription: string | undefined;
  #left: Promise<void> | undefined;
  #isOver = false;
  #failure: ServerGone | undefined;
  #resuming: Promise<void> | undefined;
  #news: { promise: Promise<void>; tell: () => void } | undefined;
  #cursor: string | undefined;

  /** Makes the subscription. */
  static async open(
    subscriptions: Subscriptions,
    params: Subscribe,
    maxUnread: number,
    options?: CallOptions,
  ): Promise<Stream> {
    const stream = new Stream(subscriptions, params, maxUnread);
    await stream.#open(options);
    return stream;
  }

  private constructor(subscriptions: Subscriptions, params: Subscribe, maxUnread: number) {
    this.#subscriptions = subscriptions;
    this.#params = params;
    this.#maxUnread = maxUnread;
    this.#from = params.from;
    if (params.from?.type === "after") this.#cursor = params.from.cursor;
  }

  /** The position of the last item that was read, to go on from: `{ type: "after", cursor }`. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  /**
   * The next item. Rejects with `ServerGone` when the server has ended, after everything that it had
   * said; with `Refused` if the stream cannot be gone on with after a pause.
   */
  async next(): Promise<IteratorResult<StreamItem, undefined>> {
    for (;;) {
      const item = this.#unread.shift();
      if (item) {
        this.#cursor = cursorOf(item) ?? this.#cursor;
        return { done: false, value: item };
      }
      if (this.#failure) throw this.#failure;
      if (this.#isOver) return { done: true, value: undefined };
      if (this.#subscription === undefined) await this.#resume();
      else await this.#nextNews();
    }
  }

  /** Ends the subscription. A reader that waits is told that the stream is over. */
  async return(): Promise<IteratorResult<StreamItem, undefined>> {
    this.#unread.length = 0;
    this.#isOver = true;
    this.#leave();
    await this.#left;
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #open(options?: CallOptions): Promise<void> {
    const params = this.#from ? { ...this.#params, from: this.#from } : this.#params;
    return this.#subscriptions.open(params, this.#receiver, options);
  }

  /** Several readers may find the stream paused; one new subscription is enough. */
  #resume(): Promise<void> {
    const resume = async () => {
      // The room of the old subscription may be all that there is for the new one.
      await this.#left;
      if (!this.#isOver) await this.#open();
    };
    this.#resuming ??= resume().finally(() => (this.#resuming = undefined));
    return this.#resuming;
  }

  #leave(): void {
    if (this.#subscription !== undefined) this.#left = this.#subscriptions.leave(this.#subscription);
    this.#subscription = undefined;
    this.#tell();
  }

  readonly #receiver: Receiver = {
    opened: (subscription) => {
      this.#subscription = subscription;
      // The reader may have left while a new subscription was made.
      if (this.#isOver) this.#leave();
    },
    push: (item) => {
      const isEnd = item.type === "ended";
      // The end may be one more than the bound: nothing follows it, and it cannot be had again.
      if (this.#unread.length >= this.#maxUnread && !isEnd) return this.#leave();
      this.#unread.push(item);
      const cursor = cursorOf(item);
      if (cursor !== undefined) this.#from = { type: "after", cursor };
      if (isEnd) {
        this.#isOver = true;
        if (this.#subscription !== undefined) this.#subscriptions.forget(this.#subscription);
        this.#subscription = undefined;
      }
      this.#tell();
    },
    fail: (gone) => {
      this.#failure = gone;
      this.#tell();
    },
  };

  #nextNews(): Promise<void> {
    if (!this.#news) {
      let tell = () => {};
      const promise = new Promise<void>((resolve) => (tell = resolve));
      this.#news = { promise, tell };
    }
    return this.#news.promise;
  }

  #tell(): void {
    this.#news?.tell();
    this.#news = undefined;
  }
}

function cursorOf(item: StreamItem): string | undefined {
  return "cursor" in item && typeof item.cursor === "string" ? item.cursor : undefined;
}
