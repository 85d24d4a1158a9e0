// Creates a Worker, subscribes, sends, streams, is refused, cancels, goes on from a cursor, and checks
// what it sees.

import assert from "node:assert/strict";

import { Refused, Yoi } from "yoi-client";

const command = [process.env["YOI"] ?? "yoi", "rpc", "--profile", "echo", "--echo-delay-ms", "20"] as const;
const yoi = await Yoi.start({ command });

const { detail } = await yoi.call("create_worker", { display_name: "typed" });
const { worker } = detail;
console.log(`created ${detail.display_ref}`);

const items = await yoi.subscribe({ scope: { type: "worker", worker } });
await yoi.call("send_input", { worker, input: { kind: "user", text: "hello from TypeScript" } });
let answer = "";
for await (const item of items) {
  switch (item.type) {
    case "text_delta":
      // Offset 0 replaces what was shown: the stream may have been made anew.
      answer = item.offset === 0 ? item.text : answer + item.text;
      break;
    case "turn_completed":
      assert.equal(answer, item.entry.text);
      console.log(`answered ${JSON.stringify(answer)} with ${item.usage.output_tokens} tokens`);
  }
  if (item.type === "turn_completed") break; // Ends the subscription; `items.cursor` is the place.
}

const text = "a long text that will not be answered to its end ".repeat(10);
const { receipt } = await yoi.call("send_input", { worker, input: { kind: "user", text } });
const busy = yoi.call("send_input", { worker, input: { kind: "user", text: "me too" } });
await assert.rejects(busy, (refused) => {
  assert(refused instanceof Refused && refused.error.code === "worker_busy");
  assert.equal(refused.error.turn_id, receipt.turn_id);
  console.log(`refused: ${refused.message}`);
  return true;
});
const { result } = await yoi.call("cancel_turn", { worker, reason: "enough" });
assert.equal(result.type, "cancelled");
const { turn } = await yoi.call("get_turn", { worker, turn: { type: "id", turn_id: receipt.turn_id } });
assert.equal(turn.outcome, "cancelled");
console.log(`cancelled: ${turn.reason}`);

// Going on from the cursor: what happened since is all there.
assert(items.cursor !== undefined);
const rest = await yoi.subscribe({
  scope: { type: "worker", worker },
  from: { type: "after", cursor: items.cursor },
});
const missed: string[] = [];
for await (const item of rest) {
  if (item.type === "synced") break;
  missed.push(item.type);
}
assert(missed.includes("turn_cancelled"));
console.log(`went on after the cursor: ${missed.join(", ")}`);

const { cursor } = await yoi.call("get_runtime");
assert.equal((await yoi.close()).code, 0);

// A cursor of the Runtime is good for one epoch. After a restart there is nothing to go on from: take
// the state, and the events from now on.
await using restarted = await Yoi.start({ command });
const runtime = { type: "runtime" } as const;
try {
  await restarted.subscribe({ scope: runtime, from: { type: "after", cursor } });
  assert.fail("a cursor of another Runtime was taken");
} catch (error) {
  if (!(error instanceof Refused && error.error.code === "cursor_foreign")) throw error;
  console.log(`begins anew: ${error.message}`);
  await using _events = await restarted.subscribe({ scope: runtime, from: { type: "now" } });
  await restarted.call("list_workers"); // The state, from which the events go on.
}
console.log("done");
