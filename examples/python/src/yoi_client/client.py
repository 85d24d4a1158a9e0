"""The client: a Runtime in a process of its own."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from pydantic import BaseModel

from ._opening import Opening
from ._rpc import Rpc, RpcEvents
from ._server import Server, ServerEvents
from ._subscriptions import Subscriptions
from .errors import ServerGone
from . import models
from .generated.methods import Methods, Reply
from .stream import Stream

log = logging.getLogger("yoi_client")


class Yoi(Methods):
    """A Runtime. Each command and query is a method; for one event loop, not for several threads."""

    @classmethod
    def start(
        cls,
        command: Sequence[str] = ("yoi", "rpc"),
        *,
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 90.0,
        grace: float = 10.0,
        max_unread: int = 256,
        max_line_bytes: int = 64 << 20,
        on_stderr: Callable[[str], Any] | None = None,
        on_unexpected: Callable[[str, str], Any] | None = None,
    ) -> Opening[Self]:
        """Starts the server: `await` it, or open it with `async with`.

        - `timeout`: how many seconds a reply may take; by default more than any `wait_ms`.
        - `grace`: how many seconds `aclose` waits for the process before it kills it.
        - `max_unread`: how many items of a stream wait for their reader before the stream pauses.
        - `max_line_bytes`: the longest line that is read. A longer one is skipped.
        - `on_stderr`: takes what the server writes to stderr. Without it, this process's stderr does.
        - `on_unexpected`: told of lines that fit nothing, with their beginning. They are skipped.
          Without it, the logger `yoi_client` is told.

        Raises `ServerNotFound` if there is no such program.
        """

        async def start() -> Self:
            yoi = cls(
                timeout=timeout,
                grace=grace,
                max_unread=max_unread,
                max_line_bytes=max_line_bytes,
                on_stderr=on_stderr or sys.stderr.write,
                on_unexpected=on_unexpected or (lambda what, line: log.warning("%s: %s", what, line)),
            )
            await yoi._server.start(command, cwd, env)
            return yoi

        return Opening(start())

    def __init__(
        self,
        *,
        timeout: float,
        grace: float,
        max_unread: int,
        max_line_bytes: int,
        on_stderr: Callable[[str], Any],
        on_unexpected: Callable[[str, str], Any],
    ) -> None:
        self._grace = grace
        self._max_unread = max_unread
        self._on_unexpected = on_unexpected
        events = ServerEvents(
            on_line=lambda line: self._rpc.receive(line),
            on_too_long=lambda start: on_unexpected(
                "a line that is too long", start.decode(errors="replace")
            ),
            on_stderr=on_stderr,
            on_gone=self._end,
        )
        self._server = Server(max_line_bytes, events)
        self._rpc = Rpc(
            self._server,
            timeout,
            RpcEvents(
                on_notification=self._notice,
                on_late=lambda result: self._subscriptions.late(result),
                on_unexpected=on_unexpected,
            ),
        )
        self._subscriptions = Subscriptions(self._rpc)

    def subscribe(
        self,
        scope: models.Scope,
        from_: models.EventsFrom | None = None,
        filter: models.EventFilter | None = None,
        *,
        timeout: float | None = None,
    ) -> Opening[Stream]:
        """Makes a subscription: `await` it, or open it with `async with`, which also ends it.

        From the moment that it is made, no item is missed.
        """
        params = models.Subscribe(scope=scope, from_=from_, filter=filter)

        async def subscribe() -> Stream:
            stream = Stream(self._subscriptions, params, self._max_unread)
            await stream._open(timeout)
            return stream

        return Opening(subscribe())

    async def aclose(self) -> int:
        """Ends the input and waits for the process, whose return code it gives.

        The server answers what waits and lets running turns finish. After `grace` it is killed.
        """
        return await self._server.close(self._grace)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _call(self, request: BaseModel, reply: type[Reply], timeout: float | None) -> Reply:
        params = request.model_dump(mode="json", by_alias=True, exclude_none=True)
        method = params.pop("type")
        return await self._rpc.send(method, params, reply.model_validate, timeout)

    def _notice(self, method: str, params: Any) -> None:
        if method != "event" or not self._subscriptions.deliver(params):
            what = f"a notification `{method}` for nobody"
            self._on_unexpected(what, json.dumps(params)[:200])

    def _end(self, gone: ServerGone) -> None:
        self._rpc.end(gone)
        self._subscriptions.end(gone)
