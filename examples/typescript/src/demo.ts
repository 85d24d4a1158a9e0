// Creates a Worker, subscribes, sends, streams, cancels, and checks what it saw.

import assert from "node:assert/strict";

import { Refused, Yoi } from "./client.js";

const yoi = new Yoi(process.env["YOI"] ?? "yoi", "--echo-delay-ms", "20");

const { detail } = await yoi.call("create_worker", { display_name: "typed" });
const { worker } = detail;
console.log(`created ${detail.display_ref}`);

const items = yoi.subscribe({ scope: { type: "worker", worker } });
assert.equal((await items.next()).value?.type, "synced");

await yoi.call("send_input", { worker, input: { kind: "user", text: "hello from TypeScript" } });
let answer = "";
for await (const item of { [Symbol.asyncIterator]: () => ({ next: () => items.next() }) }) {
  if (item.type === "text_delta") answer += item.text;
  if (item.type === "turn_completed") {
    assert.equal(answer, item.entry.text);
    console.log(`answered ${JSON.stringify(answer)} with ${item.usage.output_tokens} tokens`);
    break;
  }
}

const text = "a long text that will not be answered to its end ".repeat(10);
const { receipt } = await yoi.call("send_input", { worker, input: { kind: "user", text } });
const busy = yoi.call("send_input", { worker, input: { kind: "user", text: "me too" } });
await assert.rejects(busy, (refused) => {
  assert(refused instanceof Refused && refused.error?.code === "worker_busy");
  assert.equal(refused.error.turn_id, receipt.turn_id);
  console.log(`refused: ${refused.message}`);
  return true;
});
const { result } = await yoi.call("cancel_turn", { worker, reason: "enough" });
assert.equal(result.type, "cancelled");
const { turn } = await yoi.call("get_turn", { worker, turn: { type: "id", turn_id: receipt.turn_id } });
assert.equal(turn.outcome, "cancelled");
console.log(`cancelled: ${turn.reason}`);

await items.return(undefined);
assert.equal(await yoi.close(), 0);
console.log("done");
