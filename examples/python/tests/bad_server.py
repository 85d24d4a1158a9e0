"""Speaks the protocol badly, in the way that its argument names."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

SEEN: list[dict[str, Any]] = []
ANSWERED = 0
EVENT = {
    "runtime_id": "00000000-0000-7000-8000-000000000000",
    "epoch": "00000000-0000-7000-8000-000000000001",
    "at_ms": 1,
}


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def line(message: dict[str, Any]) -> str:
    return json.dumps({"jsonrpc": "2.0", **message}) + "\n"


def event(item: dict[str, Any], subscription: str = "s") -> str:
    return line({"method": "event", "params": {"subscription": subscription, "item": item}})


def synced(cursor: str, subscription: str = "s") -> str:
    return event({"type": "synced", "cursor": cursor}, subscription)


def subscribed(request_id: int) -> str:
    return line({"id": request_id, "result": {"subscription": "s"}})


def deleted(request_id: int) -> str:
    """The smallest reply that there is, to `delete_worker`."""
    return line({"id": request_id, "result": {"type": "worker_deleted", "already": True}})


def dies(request: dict[str, Any]) -> None:
    if request["method"] == "subscribe":
        write(subscribed(request["id"]) + synced("c1"))
    elif request["method"] == "delete_worker":
        sys.stderr.write("last words\n")
        sys.stderr.flush()
        os._exit(3)


def killed(_: dict[str, Any]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def silent(_: dict[str, Any]) -> None:
    pass


def mute(_: dict[str, Any]) -> None:
    """It speaks no more, but lives on."""
    os.close(1)
    time.sleep(60)


def noisy(request: dict[str, Any]) -> None:
    write(
        "no JSON\n\n[1]\n"
        + line({"id": 999, "result": {}})
        + line({"id": None, "error": {"code": -32700, "message": "what?"}})
        + line({"method": "weather", "params": {}})
        + line({"id": 1, "method": "asks"})
        + synced("c", "nobody's")
        + deleted(request["id"])
    )


def long(request: dict[str, Any]) -> None:
    write("x" * (3 << 20) + "\n" + deleted(request["id"]))


def late(request: dict[str, Any]) -> None:
    """It answers nothing until something is deleted. Then that comes last."""
    global ANSWERED
    SEEN.append(request)
    if request["method"] == "unsubscribe":
        write(line({"id": request["id"], "result": {}}))
    if request["method"] == "delete_worker":
        for earlier in SEEN[ANSWERED:]:
            if earlier["method"] == "subscribe":
                write(subscribed(earlier["id"]) + synced("c"))
            elif earlier["method"] == "get_runtime":
                write(line({"id": earlier["id"], "result": "late"}))
        ANSWERED = len(SEEN)

        def answer() -> None:
            # What was asked is told on stderr.
            sys.stderr.write(" ".join(earlier["method"] for earlier in SEEN) + "\n")
            sys.stderr.flush()
            write(deleted(request["id"]))

        threading.Timer(0.05, answer).start()


def newer(request: dict[str, Any]) -> None:
    if request["method"] != "subscribe":
        data = {"code": "bored", "message": "no", "retry": {"type": "at_night", "hour": 3}, "since": 1}
        write(line({"id": request["id"], "error": {"code": -32000, "message": "no", "data": data}}))
        return
    write(
        subscribed(request["id"])
        + event({"type": "turn_paused", **EVENT, "cursor": "c1", "why": {"deep": [1]}})
        + event({"type": "mood", "colour": "blue"})
        + event({"type": "ended", "reason": "bedtime"})
    )


def wrong(request: dict[str, Any]) -> None:
    if request["method"] == "get_runtime":
        write(line({"id": request["id"], "error": {"code": -32601, "message": "no such method"}}))
    elif request["method"] == "get_overview":
        write(line({"id": request["id"], "error": "no"}))
    else:
        write(line({"id": request["id"], "result": {"type": "nothing of the kind"}}))


def talks(request: dict[str, Any]) -> None:
    sys.stderr.write("é" * (1 << 20))
    sys.stderr.flush()
    write(deleted(request["id"]))


def eager(request: dict[str, Any]) -> None:
    """Its items come in one piece with the reply."""
    if request["method"] == "subscribe":
        write(subscribed(request["id"]) + synced("c1") + synced("c2") + synced("c3"))
    else:
        write(line({"id": request["id"], "result": {}}))


def echoes(request: dict[str, Any]) -> None:
    """It tells on stderr what it was sent."""
    sys.stderr.write(json.dumps(request["params"]) + "\n")
    sys.stderr.flush()
    write(line({"id": request["id"], "error": {"code": 1, "message": "told"}}))


def main(way: str) -> None:
    if way in ("deaf", "stubborn"):
        time.sleep(60)
    elif way == "forks":
        # A child that outlives its parent, with the parent's pipes.
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(15)"])
        os._exit(4)
    else:
        for text in sys.stdin:
            globals()[way](json.loads(text))


main(sys.argv[1])
