"""A client of `yoi rpc` that holds every message against the schemas."""

import itertools
import json
import pathlib
import queue
import subprocess
import threading

import jsonschema

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "schema"


def _validator(name):
    document = json.loads((SCHEMAS / f"{name}.json").read_text())
    return jsonschema.Draft202012Validator(document)


COMMAND, QUERY = _validator("runtime_command"), _validator("runtime_query")
COMMAND_REPLY, QUERY_REPLY = _validator("command_reply"), _validator("query_reply")
SUBSCRIBE, STREAM_ITEM = _validator("subscribe"), _validator("stream_item")
ERROR = _validator("runtime_error")

COMMANDS = {branch["properties"]["type"]["const"] for branch in COMMAND.schema["oneOf"]}


class Refused(Exception):
    """A refused request, with the Runtime's own error."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.error = error.get("data")


class Yoi:
    """A Runtime in a process of its own."""

    def __init__(self, program, *arguments):
        self._process = subprocess.Popen(
            [program, "rpc", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._replies = {}
        self._items = {}
        threading.Thread(target=self._receive, daemon=True).start()

    def call(self, method, **params):
        """Sends a request and gives its reply; both must be as the schemas say."""
        is_command = method in COMMANDS
        (COMMAND if is_command else QUERY).validate({"type": method, **params})
        result = self._request(method, params)
        (COMMAND_REPLY if is_command else QUERY_REPLY).validate(result)
        return result

    def subscribe(self, scope, **params):
        """Begins a stream and gives its items one by one."""
        params = {"scope": scope, **params}
        SUBSCRIBE.validate(params)
        subscription = self._request("subscribe", params)["subscription"]
        items = self._queue(self._items, subscription)
        try:
            while True:
                item = items.get(timeout=30)
                STREAM_ITEM.validate(item)
                yield item
                if item["type"] == "ended":
                    return
        finally:
            if self._process.stdin and not self._process.stdin.closed:
                self._request("unsubscribe", {"subscription": subscription})

    def close(self):
        """Ends the input; the Runtime stops, and the process with it."""
        self._process.stdin.close()
        return self._process.wait(timeout=30)

    def _queue(self, queues, key):
        with self._lock:
            return queues.setdefault(key, queue.Queue())

    def _request(self, method, params):
        request_id = next(self._ids)
        message = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        reply = self._queue(self._replies, request_id)
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        message = reply.get(timeout=30)
        if "error" in message:
            if "data" in message["error"]:
                ERROR.validate(message["error"]["data"])
            raise Refused(message["error"])
        return message["result"]

    def _receive(self):
        for line in self._process.stdout:
            message = json.loads(line)
            if message.get("method") == "event":
                params = message["params"]
                self._queue(self._items, params["subscription"]).put(params["item"])
            else:
                self._queue(self._replies, message["id"]).put(message)
