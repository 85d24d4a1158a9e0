"""Talks to `yoi rpc`: makes the corpus `real`, and sends the requests that generated clients wrote."""

import itertools
import json
import re
import subprocess
import threading
import time

from corpus import SCHEMAS, golden, without_repeats

METHODS = {method["name"]: method for method in json.loads((SCHEMAS / "rpc.json").read_text())["methods"]}
# `corpus/requests.jsonl` has these where a real session has ids of its own.
RUNTIME, TURN = "018bcfe5-6800-7000-8000-000000000002", "018bcfe5-6800-7000-8000-000000000071"
WORKERS = [f"018bcfe5-6800-7000-8000-0000000000a{number}" for number in (1, 2, 3)]
# Ids, and names that are made of them.
ID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?<=worker-)[0-9a-f]{8}\b"
CURSOR, TOKEN, SUBSCRIPTION = "CURSOR", "TOKEN", "SUBSCRIPTION"


class Yoi:
    """A Runtime in a process of its own. Requests are sent one after the other."""

    pause_s = 0.0

    def __init__(self, program, *arguments):
        self.process = subprocess.Popen(
            [program, "rpc", "--provider", "echo", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        # A process that hangs is ended, which ends its output too.
        self._watchdog = threading.Timer(120, self.process.kill)
        self._watchdog.start()
        self._ids = itertools.count(1)
        self.items = []

    def ask(self, method, params):
        """Sends a request and returns the answer, with `result` or `error`."""
        time.sleep(self.pause_s)
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        self.process.stdin.write(json.dumps(request, ensure_ascii=False) + "\n")
        self.process.stdin.flush()
        while True:
            message = self._receive()
            if message.get("id") == request["id"]:
                return message
            self.items.append(message["params"])

    def call(self, method, **params):
        answer = self.ask(method, params)
        if "error" in answer:
            raise AssertionError(f"{method} was refused: {answer['error']}")
        return answer["result"]

    def items_until(self, is_last):
        while not any(is_last(params["item"]) for params in self.items):
            self.items.append(self._receive()["params"])

    def close(self):
        """Ends the input, and with it the process, and keeps the items that still come."""
        self.process.stdin.close()
        self.items += [json.loads(line)["params"] for line in self.process.stdout]
        code = self.process.wait()
        self._watchdog.cancel()
        assert code == 0, f"yoi rpc ended with {code}"

    def _receive(self):
        line = self.process.stdout.readline()
        assert line, "yoi rpc ended"
        return json.loads(line)


class Recorder(Yoi):
    """Keeps whatever the Runtime writes."""

    lines = ()

    def ask(self, method, params):
        answer = super().ask(method, params)
        self.lines = [*self.lines, *described(method, answer)]
        return answer

    def close(self):
        super().close()
        for params in self.items:
            self.lines += [{"type": "EventNotification", "value": params}]
            self.lines += [{"type": "StreamItem", "value": params["item"]}]


def described(method, answer):
    """An answer, and the events or the error in it, each with the name of its definition."""
    if "error" in answer:
        yield {"type": "ErrorObject", "value": answer["error"]}
        if "data" in answer["error"]:
            yield {"type": "RuntimeError", "value": answer["error"]["data"]}
        return
    yield {"type": METHODS[method]["result"]["definition"], "value": answer["result"]}
    if method == "read_events":
        yield from ({"type": "RuntimeEvent", "value": event} for event in answer["result"]["items"])


def real(program):
    """All golden files, and everything that a session brought."""
    yoi = Recorder(program, "--echo-delay-ms", "1")
    converse(yoi)
    provoke(yoi)
    yoi.close()
    return without_repeats([*golden(), *yoi.lines])


def converse(yoi):
    """Creates Workers, talks to each, and asks every query."""
    yoi.call("subscribe", scope={"type": "runtime"}, **{"from": {"type": "oldest"}})
    create = [
        {},
        {"display_name": "Ada", "labels": {"team": "red"}, "intent": {"type": "task", "objective": "sort"}},
        {
            "display_name": "Bo",
            "intent": {"type": "role", "role": "critic", "purpose": "doubt"},
            "profile": {"type": "builtin", "name": "echo"},
            "instructions": "Be brief.",
            "config_bundle": {"id": "bundle-1", "digest": "sha256:00"},
            "requested_capabilities": ["shell"],
            "scope_claims": [{"resource": "workspace/app", "access": "exclusive"}],
            "history": [{"role": "user", "text": "Hi"}, {"role": "assistant", "text": "Hello\u2028\u0000"}],
        },
    ]
    workers = [yoi.call("create_worker", **params)["detail"]["worker"] for params in create]
    for worker in workers:
        yoi.call("subscribe", scope={"type": "worker", "worker": worker}, **{"from": {"type": "oldest"}})
        for number in range(4):
            text = f"{number}: " + "words that stream one by one \U0001f600 " * (number + 1)
            turns = [
                yoi.call(
                    "send_input",
                    worker=worker,
                    input={"kind": "user", "text": text},
                    idempotency_key=f"key-{number}",
                    meta={"actor": "ann", "größe": "7"},
                )
            ]
            # It is refused as long as the turn runs.
            too_early = yoi.ask("send_input", {"worker": worker, "input": {"kind": "user", "text": "me too"}})
            turns += [too_early["result"]] if "result" in too_early else []
            yoi.call("get_transcript", worker=worker)
            if number == 3:
                yoi.call("cancel_turn", worker=worker, reason="enough")
            for turn in turns:
                wait_for(yoi, turn["receipt"])
        ask_everything(yoi, worker)
    yoi.call("update_worker", worker=workers[0], display_name="Cy", labels={"team": "blue"})
    command = {"type": "send_input", "worker": workers[0], "input": {"kind": "system", "text": "go"}}
    yoi.call("preview", command=command)
    yoi.call("preview", command={**command, "input": {"kind": "system", "text": ""}})
    yoi.call("stop_worker", worker=workers[1])
    yoi.call("cancel_worker", worker=workers[2], reason="done")
    yoi.call("get_worker", worker=workers[2])
    yoi.call("delete_worker", worker=workers[2])


def ask_everything(yoi, worker):
    for scope in ({"type": "runtime"}, {"type": "worker", "worker": worker}):
        yoi.call("get_usage", scope=scope)
        yoi.call("read_events", scope=scope, limit=200)
    for name in ("get_worker", "list_turns", "get_transcript"):
        yoi.call(name, worker=worker)
    for name in ("get_runtime", "get_overview", "list_workers", "list_diagnostics"):
        yoi.call(name)
    yoi.call("list_workers", page={"limit": 1})


def provoke(yoi):
    """Asks for what is refused, and stops the Runtime."""
    runtime = yoi.call("get_runtime")["summary"]["runtime_id"]
    worker = yoi.call("list_workers", states=["idle"])["items"][0]["worker"]
    absent = {"runtime_id": runtime, "worker_id": WORKERS[0]}
    text = {"kind": "user", "text": "hello"}
    latest = {"type": "latest"}
    refused = [
        ("no_such_method", {}, None),
        ("get_worker", {"worker": absent}, "worker_not_found"),
        ("get_worker", {"worker": {**absent, "runtime_id": RUNTIME}}, "wrong_runtime"),
        ("get_turn", {"worker": worker, "turn": {"type": "id", "turn_id": TURN}}, "turn_not_found"),
        ("get_turn", {"worker": worker, "turn": latest, "wait_ms": 10**9}, "limit_out_of_range"),
        ("delete_worker", {"worker": worker}, "worker_not_terminal"),
        ("send_input", {"worker": worker, "input": text, "idempotency_key": "key-0"}, "idempotency_conflict"),
        ("send_input", {"worker": worker, "input": {**text, "text": "x" * 300_000}}, "too_large"),
        ("create_worker", {"profile": {"type": "named", "name": "absent"}}, "profile_not_found"),
        ("create_worker", {"colour": "blue"}, "invalid_request"),
        ("list_workers", {"page": {"limit": 0}}, "limit_out_of_range"),
        (
            "read_events",
            {"scope": {"type": "runtime"}, "from": {"type": "after", "cursor": "x"}},
            "cursor_malformed",
        ),
    ]
    for method, params, code in refused:
        got = yoi.ask(method, params)["error"].get("data", {}).get("code")
        assert got == code, f"{method} was refused with {got}, not with {code}"
    yoi.call("stop_runtime", reason="done")
    yoi.items_until(lambda item: item["type"] == "ended")


def send(program, requests):
    """Sends each request to a new Runtime, and returns the answers in terms of this session alone."""
    yoi = Yoi(program)
    # Workers are listed by the millisecond of their last activity, so no two may have the same.
    yoi.pause_s = 0.002
    labelled = {"labels": {"team": "red"}}
    workers = [
        yoi.call("create_worker", display_name=f"Ada {n}", **labelled)["detail"]["worker"] for n in range(3)
    ]
    hello = {"kind": "user", "text": "hello"}
    accepted = yoi.call("send_input", worker=workers[0], input=hello, idempotency_key="key-1")
    wait_for(yoi, accepted["receipt"])
    turn = yoi.call("get_turn", worker=workers[0], turn={"type": "latest"})
    states = ["idle", "running", "stopping", "stopped", "cancelled"]
    page = yoi.call(
        "list_workers", states=states, name_contains="a", order="active", page={"limit": 2}, **labelled
    )
    subscription = yoi.call("subscribe", scope={"type": "runtime"})["subscription"]
    real_ids = {
        RUNTIME: workers[0]["runtime_id"],
        TURN: turn["turn"]["turn_id"],
        CURSOR: yoi.call("get_worker", worker=workers[0])["cursor"],
        TOKEN: page["next"],
        SUBSCRIPTION: subscription,
        **{placeholder: worker["worker_id"] for placeholder, worker in zip(WORKERS, workers)},
    }
    answers = []
    for request in requests:
        params = dict(replaced(request["value"], real_ids))
        method = params.pop("type", request["type"].lower())
        answer = yoi.ask(method, params)
        if answer.get("result", {}).get("type") == "runtime_stop":
            # Whether the Runtime is already stopped is a matter of time.
            answer["result"]["state"] = "…"
        answers.append(answer.get("result", answer.get("error")))
        receipt = answer.get("result", {}).get("receipt")
        if receipt and "turn_id" in receipt:
            wait_for(yoi, receipt)
    yoi.close()
    names = {}
    return [masked(answer, names) for answer in answers]


def wait_for(yoi, receipt):
    turn = {"type": "id", "turn_id": receipt["turn_id"]}
    yoi.call("get_turn", worker=receipt["worker"], turn=turn, wait_ms=30_000)


def replaced(value, names):
    if isinstance(value, dict):
        return {name: replaced(field, names) for name, field in value.items()}
    if isinstance(value, list):
        return [replaced(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def masked(value, names):
    """The value with ids numbered as they come, and without times and positions."""
    if isinstance(value, list):
        return [masked(item, names) for item in value]
    if isinstance(value, dict):
        return {
            name: "…" if name.endswith("_ms") or name in ("cursor", "next") else masked(field, names)
            for name, field in value.items()
        }
    if isinstance(value, str):
        return re.sub(ID, lambda found: str(names.setdefault(found[0], len(names))), value)
    return value


def outcome(answer):
    """The name of what was answered: the variant of a reply, or the code of an error."""
    if "code" in answer and "message" in answer:
        return answer.get("data", {}).get("code", answer["code"])
    return answer.get("type") or ("subscribed" if "subscription" in answer else "unsubscribed")
