"""The open subscriptions: which item belongs to which stream."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from ._rpc import Rpc
from .errors import ServerGone, YoiError
from . import models

ITEM: TypeAdapter[models.StreamItem] = TypeAdapter(models.StreamItem)


class Receiver(Protocol):
    """Who takes the items of a subscription."""

    def _opened(self, subscription: str) -> None:
        """The subscription is made. Called before its first item."""

    def _push(self, item: models.StreamItem) -> None: ...

    def _fail(self, gone: ServerGone) -> None: ...


class Subscriptions:
    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._receivers: dict[str, Receiver] = {}
        # Those whose end was asked for and not confirmed: their items are on the way, not wanted.
        self._leaving: set[str] = set()

    async def open(
        self, params: models.Subscribe, receiver: Receiver, timeout: float | None = None
    ) -> None:
        """Makes a subscription. Its items may come before the caller goes on."""

        def read(result: Any) -> None:
            subscription = models.Subscribed.model_validate(result).subscription
            self._receivers[subscription] = receiver
            receiver._opened(subscription)

        body = params.model_dump(mode="json", by_alias=True, exclude_none=True)
        await self._rpc.send("subscribe", body, read, timeout)

    def leave(self, subscription: str) -> asyncio.Future[None] | None:
        """Ends a subscription. The future, if there is one to wait for, may fail: it is over anyway."""
        self._receivers.pop(subscription, None)
        try:
            params = {"subscription": subscription}
            left = self._rpc.send("unsubscribe", params, lambda _: None)
        except YoiError:
            return None
        self._leaving.add(subscription)
        left.add_done_callback(lambda _: self._leaving.discard(subscription))
        return left

    def forget(self, subscription: str) -> None:
        """Forgets a subscription that has ended by itself."""
        self._receivers.pop(subscription, None)

    def late(self, result: Any) -> None:
        """Leaves the subscription that a reply makes for which nobody waits any more."""
        if isinstance(result, dict) and isinstance(result.get("subscription"), str):
            self.leave(result["subscription"])

    def deliver(self, params: Any) -> bool:
        """Hands an item to its stream. Returns whether there is one."""
        try:
            subscription = params["subscription"]
            if subscription in self._leaving:
                return True
            receiver = self._receivers[subscription]
            item = ITEM.validate_python(params["item"])
        except (KeyError, TypeError, ValidationError):
            return False
        receiver._push(item)
        return True

    def end(self, gone: ServerGone) -> None:
        for receiver in self._receivers.values():
            receiver._fail(gone)
        self._receivers.clear()
