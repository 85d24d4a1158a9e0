"""JSON-RPC 2.0 over lines: which reply belongs to which request, and what becomes of those without."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from .errors import Overloaded, ProtocolError, Refused, ServerGone, TimedOut
from . import models

T = TypeVar("T")

MAX_PENDING = 1024 + 4096
"""How many calls may wait at once: as many as the server holds, 1024 and 4096 queries that wait."""

MAX_UNWRITTEN = 64 << 20
"""How many bytes may wait for the server to read them."""

RUNTIME_ERROR: TypeAdapter[models.RuntimeError] = TypeAdapter(models.RuntimeError)


class Output(Protocol):
    """Where lines go, and how many bytes wait there."""

    @property
    def unwritten(self) -> int: ...

    def write(self, line: bytes) -> None: ...


@dataclass
class RpcEvents:
    """Who is told what is no reply to a request that waits."""

    on_notification: Callable[[str, Any], None]
    on_late: Callable[[Any], None]
    """Told the result of a request that was given up."""
    on_unexpected: Callable[[str, str], None]


@dataclass
class _Pending:
    future: asyncio.Future[Any]
    read: Callable[[Any], Any]
    bytes: int


class Rpc:
    def __init__(self, output: Output, timeout: float, events: RpcEvents) -> None:
        self._output = output
        self._timeout = timeout
        self._events = events
        self._pending: dict[int, _Pending] = {}
        self._last_id = 0
        self._gone: ServerGone | None = None

    def send(
        self, method: str, params: Any, read: Callable[[Any], T], timeout: float | None = None
    ) -> asyncio.Future[T]:
        """Sends a request. `read` makes its result of the reply before the next line is looked at.

        The call is given up by cancelling the future, as a cancelled task does that awaits it.
        """
        if self._gone:
            raise self._gone.with_traceback(None)
        # A subscription is left however much waits: it would only make more wait.
        if method != "unsubscribe":
            self._check_room()
        seconds = self._timeout if timeout is None else timeout

        self._last_id += 1
        request_id = self._last_id
        message = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        line = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def expire() -> None:
            if not future.done():
                future.set_exception(TimedOut(method, seconds))

        timer = loop.call_later(seconds, expire)

        def forget(_: asyncio.Future[T]) -> None:
            timer.cancel()
            self._pending.pop(request_id, None)
            # Nobody may be waiting for it any more, which is no reason for a warning.
            if not future.cancelled():
                future.exception()

        future.add_done_callback(forget)
        self._pending[request_id] = _Pending(future, read, len(line))
        self._output.write(line)
        return future

    def receive(self, line: bytes) -> None:
        """Takes in a line of the server."""
        try:
            message = json.loads(line)
        except ValueError:
            return self._unexpected("a line that is no JSON", line)
        if not isinstance(message, dict):
            self._unexpected("a message that is no object", line)
        elif isinstance(message.get("method"), str) and "id" not in message:
            self._events.on_notification(message["method"], message.get("params"))
        elif "result" in message or "error" in message:
            self._answer(message, line)
        else:
            self._unexpected("neither a reply nor a notification", line)

    def end(self, gone: ServerGone) -> None:
        """Ends everything that waits: no reply will come."""
        self._gone = gone
        for pending in self._pending.values():
            if not pending.future.done():
                pending.future.set_exception(gone)

    def _answer(self, message: dict[str, Any], line: bytes) -> None:
        request_id, error = message.get("id"), message.get("error")
        if request_id is None:
            pending = self._too_large(error)
        else:
            pending = self._pending.get(request_id) if type(request_id) is int else None
        if pending is None or pending.future.done():
            # What was given up is not kept, so its reply is known by the number alone.
            if type(request_id) is int and 0 < request_id <= self._last_id:
                self._events.on_late(message.get("result"))
            else:
                self._unexpected("a reply to no request", line)
        elif error is not None:
            pending.future.set_exception(error_of(error))
        else:
            try:
                pending.future.set_result(pending.read(message.get("result")))
            except ValidationError as problem:
                wrong = ProtocolError(f"a reply that is not as the schema says: {problem}")
                pending.future.set_exception(wrong)

    def _too_large(self, error: Any) -> _Pending | None:
        """The request that is answered by an error without id.

        The server skips a line that is too long for it, so it cannot know the id; but it tells the
        limit, and answers each such line once.
        """
        refusal = error_of(error)
        if not isinstance(refusal, Refused) or not isinstance(refusal.error, models.TooLargeError):
            return None
        limit = refusal.error.max
        waiting = (it for it in self._pending.values() if not it.future.done())
        return next((it for it in waiting if it.bytes > limit), None)

    def _unexpected(self, what: str, line: bytes) -> None:
        self._events.on_unexpected(what, line[:200].decode(errors="replace"))

    def _check_room(self) -> None:
        if len(self._pending) >= MAX_PENDING:
            raise Overloaded(f"{MAX_PENDING} calls wait for their replies; await some of them first")
        if self._output.unwritten >= MAX_UNWRITTEN:
            raise Overloaded("the server does not read what it is sent")


def error_of(error: Any) -> Refused | ProtocolError:
    if not isinstance(error, dict):
        return ProtocolError("an error that is no object")
    code, data = error.get("code"), error.get("data")
    message = str(error.get("message", "an error without a message"))
    if isinstance(data, dict) and isinstance(data.get("code"), str):
        # The Runtime always says both; a caller may rely on them whoever the server is.
        whole = {"message": message, "retry": {"type": "never"}, **data}
        try:
            return Refused(RUNTIME_ERROR.validate_python(whole))
        except ValidationError:
            pass
    return ProtocolError(message, code if isinstance(code, int) else None)
