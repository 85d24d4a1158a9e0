"""The server's process: its start, its three pipes, its end."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from ._lines import Lines
from .errors import ServerGone, ServerNotFound

STDERR_TAIL = 8192
"""How many characters of stderr a `ServerGone` shows."""

SETTLE = 1.0
"""How many seconds a process may live on with a closed pipe, and a pipe without its process."""


@dataclass
class ServerEvents:
    """Who is told what the process does."""

    on_line: Callable[[bytes], None]
    on_too_long: Callable[[bytes], None]
    on_stderr: Callable[[str], None]
    on_gone: Callable[[ServerGone], None]
    """The process has ended, and everything that it wrote has been told."""


class Server(asyncio.SubprocessProtocol):
    """A process that is told about as it happens, without a task that could be left behind."""

    _transport: asyncio.SubprocessTransport
    _stdin: asyncio.WriteTransport

    def __init__(self, max_line_bytes: int, events: ServerEvents) -> None:
        self._events = events
        self._lines = Lines(max_line_bytes, events.on_line, events.on_too_long)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stderr = ""
        self._loop = asyncio.get_running_loop()
        self._gone: asyncio.Future[int] = self._loop.create_future()
        self._kill_timer: asyncio.TimerHandle | None = None

    async def start(
        self, command: Sequence[str], cwd: str | None, env: Mapping[str, str] | None
    ) -> None:
        """Starts the process. Raises `ServerNotFound` if there is none to start."""
        try:
            await self._loop.subprocess_exec(lambda: self, *command, cwd=cwd, env=env)
        except OSError as error:
            raise ServerNotFound(command[0], error) from error

    @property
    def unwritten(self) -> int:
        """How many bytes wait because the process does not read."""
        return self._stdin.get_write_buffer_size()

    def write(self, line: bytes) -> None:
        if not self._stdin.is_closing():
            self._stdin.write(line + b"\n")

    async def close(self, grace: float) -> int:
        """Ends the input and waits for the process, which is killed after `grace` seconds."""
        self._stdin.close()
        self._kill_after(grace)
        # Who gives up waiting does not give up the process: it ends, or it is killed.
        return await asyncio.shield(self._gone)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self._stdin = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self._lines.push(data)
        else:
            text = self._decoder.decode(data)
            self._stderr = (self._stderr + text)[-STDERR_TAIL:]
            self._events.on_stderr(text)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        # A server that does not hear or does not speak any more is of no use, even if it lives on.
        # Ending by itself takes a moment too, so the exit code is not lost.
        if fd != 2 and self._kill_timer is None:
            self._kill_after(SETTLE)

    def process_exited(self) -> None:
        # A child of the server may have inherited its pipes and keep them open.
        if self._kill_timer:
            self._kill_timer.cancel()
        self._kill_timer = self._loop.call_later(SETTLE, self._transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._kill_timer:
            self._kill_timer.cancel()
        returncode = self._transport.get_returncode()
        self._transport.close()
        assert returncode is not None, "a process whose transport is gone has ended"
        self._events.on_gone(ServerGone(returncode, self._stderr))
        self._gone.set_result(returncode)

    def _kill_after(self, seconds: float) -> None:
        if self._transport.get_returncode() is None:
            if self._kill_timer:
                self._kill_timer.cancel()
            self._kill_timer = self._loop.call_later(seconds, self._transport.kill)
