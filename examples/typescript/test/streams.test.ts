import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Refused, type Stream, type StreamItem, type Yoi } from "yoi-client";

import { bad, real } from "./servers.js";

const scope = { type: "runtime" } as const;

/** Reads up to and with the first item that `isLast`. */
async function readUntil(stream: Stream, isLast: (item: StreamItem) => boolean, pauseMs = 0) {
  const items: StreamItem[] = [];
  for (;;) {
    const { value, done } = await stream.next();
    if (done) return items;
    items.push(value);
    if (isLast(value)) return items;
    if (pauseMs) await sleep(pauseMs);
  }
}

/** Has a Worker answer, and waits for it. */
async function answer(yoi: Yoi, text: string) {
  const input = { kind: "user", text } as const;
  const { receipt } = await yoi.call("create_worker", { initial_input: input });
  assert(receipt);
  const { worker, turn_id } = receipt;
  while (!(await yoi.call("get_turn", { worker, turn: { type: "id", turn_id } })).turn.outcome)
    await sleep(5);
  return worker;
}

test("a subscription is made when the call returns, and keeps what comes", async () => {
  await using yoi = await real();
  const stream = await yoi.subscribe({ scope });
  await answer(yoi, "hello");
  const items = await readUntil(stream, ({ type }) => type === "turn_completed");
  assert.deepEqual(
    items.slice(0, 2).map(({ type }) => type),
    ["synced", "worker_created"],
  );
});

test("items that come in one piece with the reply are kept", async () => {
  await using yoi = await bad("eager");
  const stream = await yoi.subscribe({ scope });
  const items = await readUntil(stream, (item) => item.type === "synced" && item.cursor === "c3");
  assert.equal(items.length, 3);
  assert.equal(stream.cursor, "c3");
});

test("a reader that is slow misses no event", async () => {
  await using yoi = await real(["--echo-delay-ms", "1", "--limit", "subscriptions=1"], { maxUnread: 4 });
  const stream = await yoi.subscribe({ scope });
  for (let n = 0; n < 20; n++) await answer(yoi, `question ${n}`);
  let turns = 0;
  const items = await readUntil(stream, ({ type }) => type === "turn_completed" && ++turns === 20, 1);
  const sequences = items.flatMap((item) => ("sequence" in item ? [item.sequence as number] : []));
  assert(sequences.length > 80);
  const first = sequences[0] ?? 0;
  assert.deepEqual(
    sequences,
    sequences.map((_, n) => first + n),
  );
});

test("a reader that is slow gets the text anew after each pause", async () => {
  await using yoi = await real(["--echo-delay-ms", "3"], { maxUnread: 4 });
  const { detail } = await yoi.call("create_worker");
  const stream = await yoi.subscribe({ scope: { type: "worker", worker: detail.worker } });
  const text = Array.from({ length: 100 }, (_, n) => `word${n}`).join(" ");
  await yoi.call("send_input", { worker: detail.worker, input: { kind: "user", text } });
  let shown = "";
  let beginnings = 0;
  const take = (item: StreamItem) => {
    if (item.type === "text_delta") {
      beginnings += Number(item.offset === 0);
      assert(item.offset === 0 || item.offset === shown.length, "a part of the text is missing");
      shown = item.offset === 0 ? item.text : shown + item.text;
    }
    return item.type === "turn_completed";
  };
  const completed = (await readUntil(stream, take, 10)).at(-1);
  // Of a turn that ended during a pause, the end tells the text.
  assert(completed?.type === "turn_completed");
  assert.equal(completed.entry.text, `echo: ${text}`);
  assert(completed.entry.text.startsWith(shown));
  assert(beginnings > 1, "the stream never paused");
});

test("a stream goes on after a cursor", async () => {
  await using yoi = await real();
  const first = await yoi.subscribe({ scope });
  const before = await yoi.call("create_worker", { display_name: "before" });
  await readUntil(first, ({ type }) => type === "worker_created");
  await first.return();
  assert.deepEqual(await first.next(), { done: true, value: undefined });

  await yoi.call("create_worker", { display_name: "between" });
  assert(first.cursor !== undefined);
  const second = await yoi.subscribe({ scope, from: { type: "after", cursor: first.cursor } });
  assert.equal(second.cursor, first.cursor);
  const [created] = await readUntil(second, () => true);
  assert(created?.type === "worker_created");
  assert.notDeepEqual(created.worker, before.detail.worker);
});

test("a cursor of another Runtime is refused as foreign", async () => {
  const yoi = await real();
  const { cursor } = await yoi.call("get_runtime");
  await yoi.close();
  await using other = await real();
  await assert.rejects(other.subscribe({ scope, from: { type: "after", cursor } }), (error) => {
    assert(error instanceof Refused && error.error.code === "cursor_foreign");
    assert.equal(error.error.retry.type, "never");
    return true;
  });
});

test("leaving a loop ends the subscription", async () => {
  await using yoi = await real(["--limit", "subscriptions=1"]);
  for (let n = 0; n < 3; n++) {
    for await (const item of await yoi.subscribe({ scope })) {
      assert.equal(item.type, "synced");
      const second = yoi.subscribe({ scope });
      await assert.rejects(
        second,
        (error) => error instanceof Refused && error.code === "capacity_exhausted",
      );
      break;
    }
  }
  {
    await using stream = await yoi.subscribe({ scope });
    assert.equal((await stream.next()).value?.type, "synced");
  }
  const stream = await yoi.subscribe({ scope });
  assert.equal((await stream.next()).value?.type, "synced");
  const waiting = stream.next();
  await stream.return();
  assert.deepEqual(await waiting, { done: true, value: undefined });
});

test("a stream that nobody reads gives its subscription back", async () => {
  await using yoi = await real(["--limit", "subscriptions=1"], { maxUnread: 2 });
  const unread = await yoi.subscribe({ scope });
  for (let n = 0; n < 3; n++) await yoi.call("create_worker");
  while (
    (await yoi.subscribe({ scope }).then(
      (stream) => stream.return(),
      () => false,
    )) === false
  )
    await sleep(5);
  const items = await readUntil(unread, (item) => item.type === "worker_created" && item.sequence === 4);
  assert.equal(items.filter(({ type }) => type === "worker_created").length, 3);
});

test("items of a later version are delivered with their fields", async () => {
  await using yoi = await bad("newer");
  const stream = await yoi.subscribe({ scope });
  const items = await readUntil(stream, () => false);
  assert.deepEqual(items, [
    { type: "turn_paused", runtime_id: "r", epoch: "e", at_ms: 1, cursor: "c1", why: { deep: [1] } },
    { type: "mood", colour: "blue" },
    { type: "ended", reason: "bedtime" },
  ]);
  assert.equal(stream.cursor, "c1");
  const [unknown, , ended] = items;
  switch (unknown?.type) {
    case "turn_completed":
      assert.fail(unknown.entry.text);
    default:
      assert(unknown && "why" in unknown);
  }
  assert(ended?.type === "ended");
});
