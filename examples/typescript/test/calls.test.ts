import assert from "node:assert/strict";
import { test } from "node:test";

import { Overloaded, ProtocolError, Refused, ServerNotFound, TimedOut, Yoi, type Params } from "yoi-client";

import { bad, real } from "./servers.js";

test("replies and refusals are typed", async () => {
  await using yoi = await real();
  const { detail } = await yoi.call("create_worker", { display_name: "ann", labels: { a: "b" } });
  assert.equal(detail.state, "idle");
  const { items } = await yoi.call("list_workers");
  assert.deepEqual(
    items.map((item) => item.display_name),
    ["ann"],
  );

  const missing = { ...detail.worker, worker_id: "00000000-0000-7000-8000-000000000000" };
  await assert.rejects(yoi.call("get_worker", { worker: missing }), (error) => {
    assert(error instanceof Refused);
    assert.equal(error.code, "worker_not_found");
    assert.equal(error.retry.type, "never");
    assert.equal(error.name, "Refused");
    return true;
  });
});

test("what is undefined is not sent, as null or otherwise", async () => {
  await using yoi = await bad("echoes");
  const params = { display_name: undefined, labels: {} } as unknown as Params<"create_worker">;
  assert.deepEqual(await yoi.call("create_worker", params), { labels: {} });
});

test("a refusal of a later version keeps its fields", async () => {
  await using yoi = await bad("newer");
  await assert.rejects(yoi.call("get_runtime"), (error) => {
    assert(error instanceof Refused);
    const retry = { type: "at_night", hour: 3 };
    assert.deepEqual({ ...error.error }, { code: "bored", message: "no", retry, since: 1 });
    assert.deepEqual(error.retry, retry);
    return true;
  });
});

test("errors without the Runtime's own are errors of the protocol", async () => {
  await using yoi = await bad("wrong");
  const isWrong = (code?: number) => (error: unknown) =>
    error instanceof ProtocolError && error.code === code;
  await assert.rejects(yoi.call("get_runtime"), isWrong(-32601));
  await assert.rejects(yoi.call("get_overview"), isWrong());
  await assert.rejects(yoi.subscribe({ scope: { type: "runtime" } }), isWrong());
});

test("a call ends in time, and its late reply is dropped", async () => {
  await using yoi = await bad("late", { timeoutMs: 50 });
  await assert.rejects(
    yoi.call("get_runtime"),
    (error) => error instanceof TimedOut && error.timeoutMs === 50,
  );
  await assert.rejects(yoi.call("get_runtime", {}, { timeoutMs: 10 }), TimedOut);
  const seen = await yoi.call("get_overview", {}, { timeoutMs: 10_000 });
  assert.deepEqual(seen as unknown, ["get_runtime", "get_runtime", "get_overview"]);
  assert.deepEqual(yoi.strange, []);
});

test("a call is given up by its signal", async () => {
  await using yoi = await bad("silent");
  const giveUp = new AbortController();
  const call = yoi.call("get_runtime", {}, { signal: giveUp.signal });
  giveUp.abort();
  await assert.rejects(call, { name: "AbortError" });
  await assert.rejects(yoi.call("get_runtime", {}, { signal: giveUp.signal }), { name: "AbortError" });
});

test("many calls are given up by one signal, without a warning", async () => {
  let warnings = 0;
  const count = () => warnings++;
  process.on("warning", count);
  await using yoi = await bad("silent");
  const giveUp = new AbortController();
  const { signal } = giveUp;
  const calls = Array.from({ length: 20 }, () => yoi.call("get_runtime", {}, { signal }));
  giveUp.abort();
  const outcomes = await Promise.allSettled(calls);
  assert(outcomes.every(({ status }) => status === "rejected"));
  await new Promise(setImmediate);
  process.off("warning", count);
  assert.equal(warnings, 0);
});

test("a subscription whose call was given up is left when it is made", async () => {
  await using yoi = await bad("late");
  const options = { timeoutMs: 20 };
  await assert.rejects(yoi.subscribe({ scope: { type: "runtime" } }, options), TimedOut);
  await yoi.call("get_overview");
  const seen = (await yoi.call("get_overview")) as unknown;
  assert.deepEqual(seen, ["subscribe", "get_overview", "unsubscribe", "get_overview"]);
  assert.deepEqual(yoi.strange, []);
});

test("what fits nothing is told and survived", async () => {
  await using yoi = await bad("noisy");
  assert.equal((await yoi.call("get_runtime")) as unknown, "get_runtime");
  assert.equal((await yoi.call("get_overview")) as unknown, "get_overview");
  assert.deepEqual(yoi.strange.slice(0, 8), [
    "a line that is no JSON",
    "a line that is no JSON",
    "a message that is no object",
    "a reply to no request",
    "a reply to no request",
    "a notification `weather` for nobody",
    "neither a reply nor a notification",
    "a notification `event` for nobody",
  ]);
});

test("a line that is too long is skipped", async () => {
  await using yoi = await bad("long", { maxLineBytes: 1 << 20 });
  assert.equal((await yoi.call("get_runtime")) as unknown, "get_runtime");
  assert.deepEqual(yoi.strange, ["a line that is too long"]);
});

test("a request that is too long for the server is refused, not forgotten", async () => {
  await using yoi = await real(["--limit", "input_bytes=1024", "--limit", "request_bytes=4096"]);
  const large = yoi.call("create_worker", { instructions: "x".repeat(5000) });
  const small = yoi.call("get_overview");
  await assert.rejects(large, (error) => error instanceof Refused && error.code === "too_large");
  assert.equal((await small).type, "overview");
});

test("too many calls at once are refused here", async () => {
  await using yoi = await bad("silent", { timeoutMs: 200 });
  const calls = Array.from({ length: 5126 }, () => yoi.call("get_runtime").catch((error: unknown) => error));
  const errors = await Promise.all(calls);
  assert.equal(errors.filter((error) => error instanceof TimedOut).length, 5120);
  assert.equal(errors.filter((error) => error instanceof Overloaded).length, 6);
});

test("a server that does not read is found out", async () => {
  await using yoi = await bad("deaf", { timeoutMs: 100, graceMs: 100 });
  const instructions = "x".repeat(16 << 20);
  const calls = Array.from({ length: 6 }, () => yoi.call("create_worker", { instructions }));
  const outcomes = await Promise.allSettled(calls);
  const last = outcomes.at(-1);
  assert(last?.status === "rejected" && last.reason instanceof Overloaded);
});

test("a program that is not there, or no program, is told at once", async () => {
  for (const command of [["no-such-program-anywhere"], [import.meta.dirname]] as [string][]) {
    await assert.rejects(Yoi.start({ command }), (error) => {
      assert(error instanceof ServerNotFound);
      assert(error.message.includes(command[0]));
      return true;
    });
  }
});

test("no rejection is left unhandled", async () => {
  let unhandled = 0;
  const count = () => unhandled++;
  process.on("unhandledRejection", count);
  const yoi = await bad("dies");
  await assert.rejects(yoi.call("get_runtime", {}, { timeoutMs: 1 }), TimedOut);
  const stream = await yoi.subscribe({ scope: { type: "runtime" } });
  void stream.return();
  await yoi.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off("unhandledRejection", count);
  assert.equal(unhandled, 0);
});
