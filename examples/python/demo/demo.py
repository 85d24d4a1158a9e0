"""Creates a Worker, subscribes, sends, streams, is refused, cancels, goes on from a cursor, and checks
what it sees."""

import asyncio
import os

from yoi_client import Refused, Yoi
from yoi_client.models import (
    CancellationCancelled,
    CursorForeignError,
    EventsFromAfter,
    EventsFromNow,
    Input,
    ScopeRuntime,
    ScopeWorker,
    Synced,
    TextDelta,
    TurnCompletedEvent,
    TurnSelectorId,
    WorkerBusyError,
)

COMMAND = [os.environ.get("YOI", "yoi"), "rpc", "--profile", "echo", "--echo-delay-ms", "20"]


async def talk(yoi: Yoi) -> None:
    created = await yoi.create_worker(display_name="typed")
    worker = created.detail.worker
    print(f"created {created.detail.display_ref}")

    async with yoi.subscribe(ScopeWorker(worker=worker)) as items:
        await yoi.send_input(worker=worker, input=Input(kind="user", text="hello from Python"))
        answer = ""
        async for item in items:
            match item:
                case TextDelta():
                    # Offset 0 replaces what was shown: the stream may have been made anew.
                    answer = item.text if item.offset == 0 else answer + item.text
                case TurnCompletedEvent():
                    assert answer == item.entry.text
                    print(f"answered {answer!r} with {item.usage.output_tokens} tokens")
                    break

    text = "a long text that will not be answered to its end " * 10
    accepted = await yoi.send_input(worker=worker, input=Input(kind="user", text=text))
    turn_id = accepted.receipt.turn_id
    try:
        await yoi.send_input(worker=worker, input=Input(kind="user", text="me too"))
        raise AssertionError("a busy worker took an input")
    except Refused as refused:
        assert isinstance(refused.error, WorkerBusyError)
        assert refused.error.turn_id == turn_id
        print(f"refused: {refused}")
    cancelled = await yoi.cancel_turn(worker=worker, reason="enough")
    assert isinstance(cancelled.result, CancellationCancelled)
    found = await yoi.get_turn(worker=worker, turn=TurnSelectorId(turn_id=turn_id))
    assert found.turn.outcome == "cancelled"
    print(f"cancelled: {found.turn.reason}")

    # Going on from the cursor: what happened since is all there.
    assert items.cursor is not None
    missed = []
    after = EventsFromAfter(cursor=items.cursor)
    async with yoi.subscribe(ScopeWorker(worker=worker), after) as rest:
        async for item in rest:
            if isinstance(item, Synced):
                break
            missed.append(item.type)
    assert "turn_cancelled" in missed
    print(f"went on after the cursor: {', '.join(missed)}")


async def begin_anew(yoi: Yoi, cursor: str) -> None:
    """A cursor of the Runtime is good for one epoch. After a restart there is nothing to go on from: take
    the state, and the events from now on."""
    try:
        await yoi.subscribe(ScopeRuntime(), EventsFromAfter(cursor=cursor))
        raise AssertionError("a cursor of another Runtime was taken")
    except Refused as refused:
        if not isinstance(refused.error, CursorForeignError):
            raise
        print(f"begins anew: {refused}")
    async with yoi.subscribe(ScopeRuntime(), EventsFromNow()):
        await yoi.list_workers()  # The state, from which the events go on.


async def main() -> None:
    yoi = await Yoi.start(COMMAND)
    await talk(yoi)
    cursor = (await yoi.get_runtime()).cursor
    assert await yoi.aclose() == 0
    async with Yoi.start(COMMAND) as restarted:
        await begin_anew(restarted, cursor)
    print("done")


asyncio.run(main())
