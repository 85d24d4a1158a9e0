"""Creates a Worker, subscribes, sends, streams, cancels, and checks what it saw."""

import os

from yoi_client import Refused, Yoi

yoi = Yoi(os.environ.get("YOI", "yoi"), "--echo-delay-ms", "20")

detail = yoi.call("create_worker", display_name="validated")["detail"]
worker = detail["worker"]
print(f"created {detail['display_ref']}")

items = yoi.subscribe({"type": "worker", "worker": worker})
assert next(items)["type"] == "synced"

yoi.call("send_input", worker=worker, input={"kind": "user", "text": "hello from Python"})
answer = ""
for item in items:
    if item["type"] == "text_delta":
        answer += item["text"]
    if item["type"] == "turn_completed":
        assert answer == item["entry"]["text"]
        print(f"answered {answer!r} with {item['usage']['output_tokens']} tokens")
        break

text = "a long text that will not be answered to its end " * 10
receipt = yoi.call("send_input", worker=worker, input={"kind": "user", "text": text})["receipt"]
try:
    yoi.call("send_input", worker=worker, input={"kind": "user", "text": "me too"})
    raise AssertionError("a busy worker took an input")
except Refused as refused:
    assert refused.error["code"] == "worker_busy"
    assert refused.error["turn_id"] == receipt["turn_id"]
    print(f"refused: {refused}")
assert yoi.call("cancel_turn", worker=worker, reason="enough")["result"]["type"] == "cancelled"
turn = yoi.call("get_turn", worker=worker, turn={"type": "id", "turn_id": receipt["turn_id"]})["turn"]
assert turn["outcome"] == "cancelled"
print(f"cancelled: {turn['reason']}")

items.close()
assert yoi.close() == 0
print("done")
