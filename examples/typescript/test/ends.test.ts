import assert from "node:assert/strict";
import { test } from "node:test";

import { ServerGone } from "yoi-client";

import { bad, real } from "./servers.js";

const scope = { type: "runtime" } as const;

test("a server that dies ends every call and every stream", async () => {
  await using yoi = await bad("dies");
  const stream = await yoi.subscribe({ scope });
  assert.equal((await stream.next()).value?.type, "synced");
  const waiting = [stream.next(), yoi.call("get_runtime"), yoi.call("get_overview")];
  for (const outcome of await Promise.allSettled(waiting)) {
    assert(outcome.status === "rejected" && outcome.reason instanceof ServerGone);
    assert.deepEqual(outcome.reason.exit, { code: 3, signal: null });
    assert.match(outcome.reason.stderr, /last words/);
    assert.match(outcome.reason.message, /exit code 3.*last words/s);
  }
  await assert.rejects(yoi.call("get_runtime"), ServerGone);
  await assert.rejects(yoi.subscribe({ scope }), ServerGone);
  await assert.rejects(stream.next(), ServerGone);
  assert.equal(stream.cursor, "c1");
  await stream.return();
});

test("what was said before the death is read before the error", async () => {
  await using yoi = await bad("dies");
  const stream = await yoi.subscribe({ scope });
  await assert.rejects(yoi.call("get_overview"), ServerGone);
  assert.equal((await stream.next()).value?.type, "synced");
  await assert.rejects(stream.next(), ServerGone);
});

test("a signal is named", async () => {
  await using yoi = await bad("killed");
  await assert.rejects(yoi.call("get_runtime"), (error) => {
    assert(error instanceof ServerGone);
    assert.deepEqual(error.exit, { code: null, signal: "SIGKILL" });
    return true;
  });
});

test("a server that closes its output is ended", async () => {
  await using yoi = await bad("mute");
  await assert.rejects(yoi.call("get_runtime"), ServerGone);
});

test("a child that keeps the server's pipes keeps nobody waiting", async () => {
  await using yoi = await bad("forks");
  await assert.rejects(
    yoi.call("get_runtime"),
    (error) => error instanceof ServerGone && error.exit.code === 4,
  );
});

test("close waits for the server, and kills one that does not end", async () => {
  const good = await real();
  const call = good.call("get_overview");
  assert.deepEqual(await good.close(), { code: 0, signal: null });
  assert.deepEqual(await good.close(), { code: 0, signal: null });
  assert.equal((await call).type, "overview");
  await assert.rejects(good.call("get_overview"), ServerGone);

  const stubborn = await bad("stubborn", { graceMs: 100 });
  const waiting = assert.rejects(stubborn.call("get_runtime"), ServerGone);
  assert.deepEqual(await stubborn.close(), { code: null, signal: "SIGKILL" });
  await waiting;
});

test("close ends a stream with all that it was due", async () => {
  const yoi = await real();
  const stream = await yoi.subscribe({ scope });
  await yoi.close();
  const types: string[] = [];
  for await (const { type } of stream) types.push(type);
  assert.deepEqual([types[0], types.at(-1)], ["synced", "ended"]);
});

test("a server may write as much to stderr as it likes", async () => {
  let heard = 0;
  const yoi = await bad("talks", { onStderr: (text) => (heard += text.length) });
  assert.equal((await yoi.call("get_runtime")) as unknown, "get_runtime");
  await yoi.close();
  assert.equal(heard, 1 << 20);
  const late = await yoi.call("get_runtime").catch((error: unknown) => error);
  assert(late instanceof ServerGone && late.stderr === "é".repeat(8192));
});
