"""A stream of items: made when it is returned, bounded, and gone on with from its cursor."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Self

from ._subscriptions import Subscriptions
from .errors import ServerGone
from . import models


class Stream:
    """The items of a subscription, in order. Leaving its `async with` ends the subscription.

    Items that come before they are read are kept, up to a bound. Past it the client ends the
    subscription, and makes it anew after the last item that it kept, once the reader has read that.
    No event is lost by this; `synced` may come again, and the text of a running turn comes again from
    offset 0.
    """

    def __init__(
        self, subscriptions: Subscriptions, params: models.Subscribe, max_unread: int
    ) -> None:
        self._subscriptions = subscriptions
        # A new subscription has to begin after everything that was kept: `from_` moves along.
        self._params = params
        self._max_unread = max_unread
        self._unread: deque[models.StreamItem] = deque()
        # The subscription, while the server has one.
        self._subscription: str | None = None
        self._left: asyncio.Future[None] | None = None
        self._is_over = False
        self._failure: ServerGone | None = None
        self._resuming = asyncio.Lock()
        self._news = asyncio.Event()
        self._cursor: str | None = None
        if isinstance(params.from_, models.EventsFromAfter):
            self._cursor = params.from_.cursor

    @property
    def cursor(self) -> str | None:
        """The position of the last item that was read, to go on from: `EventsFromAfter(cursor=…)`."""
        return self._cursor

    async def aclose(self) -> None:
        """Ends the subscription. A reader that waits is told that the stream is over."""
        self._unread.clear()
        self._is_over = True
        self._leave()
        await self._wait_left()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> models.StreamItem:
        """Raises `ServerGone` when the server has ended, after everything that it had said; `Refused`
        if the stream cannot be gone on with after a pause."""
        while True:
            if self._unread:
                item = self._unread.popleft()
                self._cursor = cursor_of(item) or self._cursor
                return item
            if self._failure:
                raise self._failure.with_traceback(None)
            if self._is_over:
                raise StopAsyncIteration
            if self._subscription is None:
                await self._resume()
            else:
                self._news.clear()
                await self._news.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _open(self, timeout: float | None = None) -> None:
        try:
            await self._subscriptions.open(self._params, self, timeout)
        except BaseException:
            # The caller may be cancelled at the very moment that the subscription is made.
            self._leave()
            raise

    async def _resume(self) -> None:
        # Several readers may find the stream paused; one new subscription is enough.
        async with self._resuming:
            # The room of the old subscription may be all that there is for the new one.
            await self._wait_left()
            if self._subscription is None and not self._unread and not self._is_over:
                await self._open()

    def _leave(self) -> None:
        if self._subscription is not None:
            self._left = self._subscriptions.leave(self._subscription)
        self._subscription = None
        self._news.set()

    async def _wait_left(self) -> None:
        # A failure does not matter: the subscription had ended already, or the server is gone.
        if self._left is not None:
            await asyncio.wait([self._left])

    def _opened(self, subscription: str) -> None:
        self._subscription = subscription
        # The reader may have left while a new subscription was made.
        if self._is_over:
            self._leave()

    def _push(self, item: models.StreamItem) -> None:
        is_end = isinstance(item, models.Ended)
        # The end may be one more than the bound: nothing follows it, and it cannot be had again.
        if len(self._unread) >= self._max_unread and not is_end:
            self._leave()
            return
        self._unread.append(item)
        cursor = cursor_of(item)
        if cursor is not None:
            after = models.EventsFromAfter(cursor=cursor)
            self._params = self._params.model_copy(update={"from_": after})
        if is_end:
            self._is_over = True
            if self._subscription is not None:
                self._subscriptions.forget(self._subscription)
            self._subscription = None
        self._news.set()

    def _fail(self, gone: ServerGone) -> None:
        self._failure = gone
        self._news.set()


def cursor_of(item: models.StreamItem) -> str | None:
    cursor = getattr(item, "cursor", None)
    return cursor if isinstance(cursor, str) else None
