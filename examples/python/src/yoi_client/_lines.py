"""Cuts a stream of bytes into lines, in bounded memory."""

from collections.abc import Callable


class Lines:
    """Collects the pieces of a line until it is whole. A line of more than `max_bytes` is skipped."""

    def __init__(
        self,
        max_bytes: int,
        on_line: Callable[[bytes], None],
        on_too_long: Callable[[bytes], None],
    ) -> None:
        self._max_bytes = max_bytes
        self._on_line = on_line
        self._on_too_long = on_too_long
        self._line = bytearray()
        self._is_skipping = False

    def push(self, data: bytes) -> None:
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._add(end)
            line, self._line = bytes(self._line), bytearray()
            if not self._is_skipping:
                self._on_line(line)
            self._is_skipping = False
        self._add(rest)

    def _add(self, piece: bytes) -> None:
        if self._is_skipping:
            return
        self._line += piece
        if len(self._line) > self._max_bytes:
            self._is_skipping = True
            start, self._line = bytes(self._line[:200]), bytearray()
            self._on_too_long(start)
