import asyncio
from collections.abc import Callable

from yoi_client import Refused, Stream, Yoi
from yoi_client.models import (
    CursorForeignError,
    Ended,
    EventsFromAfter,
    Input,
    RetryNever,
    ScopeRuntime,
    ScopeWorker,
    StreamItem,
    Synced,
    TextDelta,
    TurnCompletedEvent,
    TurnSelectorId,
    UnknownStreamItem,
    WorkerCreatedEvent,
)

from .servers import TestCase


async def read_until(
    stream: Stream, is_last: Callable[[StreamItem], bool], pause: float = 0
) -> list[StreamItem]:
    """Reads up to and with the first item that is the last."""
    items = []
    async for item in stream:
        items.append(item)
        if is_last(item):
            break
        await asyncio.sleep(pause)
    return items


async def answer(yoi: Yoi, text: str) -> None:
    """Has a Worker answer, and waits for it."""
    receipt = (await yoi.create_worker(initial_input=Input(kind="user", text=text))).receipt
    assert receipt is not None
    turn = TurnSelectorId(turn_id=receipt.turn_id)
    while not (await yoi.get_turn(worker=receipt.worker, turn=turn)).turn.outcome:
        await asyncio.sleep(0.005)


class Streams(TestCase):
    async def test_a_subscription_is_made_when_it_is_returned_and_keeps_what_comes(self) -> None:
        async with self.real() as yoi, yoi.subscribe(ScopeRuntime()) as stream:
            await answer(yoi, "hello")
            items = await read_until(stream, lambda it: isinstance(it, TurnCompletedEvent))
            self.assertEqual([it.type for it in items[:2]], ["synced", "worker_created"])

    async def test_items_that_come_in_one_piece_with_the_reply_are_kept(self) -> None:
        async with self.bad("eager") as yoi, yoi.subscribe(ScopeRuntime()) as stream:
            items = await read_until(stream, lambda it: isinstance(it, Synced) and it.cursor == "c3")
            self.assertEqual(len(items), 3)
            self.assertEqual(stream.cursor, "c3")

    async def test_a_reader_that_is_slow_misses_no_event(self) -> None:
        async with (
            self.real("--echo-delay-ms", "1", "--limit", "subscriptions=1", max_unread=4) as yoi,
            yoi.subscribe(ScopeRuntime()) as stream,
        ):
            for number in range(20):
                await answer(yoi, f"question {number}")
            turns = 0

            def is_last(item: StreamItem) -> bool:
                nonlocal turns
                turns += isinstance(item, TurnCompletedEvent)
                return turns == 20

            items = await read_until(stream, is_last, 0.001)
            numbers = [getattr(it, "sequence") for it in items if hasattr(it, "sequence")]
            self.assertGreater(len(numbers), 80)
            self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))

    async def test_a_reader_that_is_slow_gets_the_text_anew_after_each_pause(self) -> None:
        async with self.real("--echo-delay-ms", "3", max_unread=4) as yoi:
            worker = (await yoi.create_worker()).detail.worker
            text = " ".join(f"word{number}" for number in range(100))
            shown, beginnings = "", 0

            def take(item: StreamItem) -> bool:
                nonlocal shown, beginnings
                if isinstance(item, TextDelta):
                    beginnings += item.offset == 0
                    self.assertIn(item.offset, (0, len(shown)), "a part of the text is missing")
                    shown = item.text if item.offset == 0 else shown + item.text
                return isinstance(item, TurnCompletedEvent)

            async with yoi.subscribe(ScopeWorker(worker=worker)) as stream:
                await yoi.send_input(worker=worker, input=Input(kind="user", text=text))
                completed = (await read_until(stream, take, 0.01))[-1]
            # Of a turn that ended during a pause, the end tells the text.
            assert isinstance(completed, TurnCompletedEvent)
            self.assertEqual(completed.entry.text, f"echo: {text}")
            self.assertTrue(completed.entry.text.startswith(shown))
            self.assertGreater(beginnings, 1, "the stream never paused")

    async def test_a_stream_goes_on_after_a_cursor(self) -> None:
        async with self.real() as yoi:
            async with yoi.subscribe(ScopeRuntime()) as first:
                await yoi.create_worker(display_name="before")
                await read_until(first, lambda it: isinstance(it, WorkerCreatedEvent))
            with self.assertRaises(StopAsyncIteration):
                await anext(first)
            between = (await yoi.create_worker(display_name="between")).detail.worker
            assert first.cursor is not None
            after = EventsFromAfter(cursor=first.cursor)
            async with yoi.subscribe(ScopeRuntime(), after) as second:
                self.assertEqual(second.cursor, first.cursor)
                created = await anext(second)
                assert isinstance(created, WorkerCreatedEvent)
                self.assertEqual(created.worker, between)

    async def test_a_cursor_of_another_runtime_is_refused_as_foreign(self) -> None:
        async with self.real() as yoi:
            cursor = (await yoi.get_runtime()).cursor
        async with self.real() as other:
            with self.assertRaises(Refused) as caught:
                await other.subscribe(ScopeRuntime(), EventsFromAfter(cursor=cursor))
        self.assertIsInstance(caught.exception.error, CursorForeignError)
        self.assertIsInstance(caught.exception.retry, RetryNever)

    async def test_leaving_a_stream_ends_the_subscription(self) -> None:
        async with self.real("--limit", "subscriptions=1") as yoi:
            for _ in range(3):
                async with yoi.subscribe(ScopeRuntime()) as stream:
                    async for item in stream:
                        self.assertIsInstance(item, Synced)
                        with self.assertRaises(Refused) as caught:
                            await yoi.subscribe(ScopeRuntime())
                        self.assertEqual(caught.exception.code, "capacity_exhausted")
                        break
            stream = await yoi.subscribe(ScopeRuntime())
            await anext(stream)
            waiting = asyncio.create_task(read_until(stream, lambda _: False))
            await asyncio.sleep(0.01)
            await stream.aclose()
            self.assertEqual(await waiting, [])

    async def test_a_cancelled_reader_loses_nothing(self) -> None:
        async with self.real() as yoi, yoi.subscribe(ScopeRuntime()) as stream:
            await anext(stream)
            with self.assertRaises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await anext(stream)
            await yoi.create_worker()
            self.assertIsInstance(await anext(stream), WorkerCreatedEvent)

    async def test_a_stream_that_nobody_reads_gives_its_subscription_back(self) -> None:
        async with self.real("--limit", "subscriptions=1", max_unread=2) as yoi:
            unread = await yoi.subscribe(ScopeRuntime())
            for _ in range(3):
                await yoi.create_worker()
            while True:
                try:
                    async with yoi.subscribe(ScopeRuntime()):
                        break
                except Refused:
                    await asyncio.sleep(0.005)
            items = await read_until(unread, lambda it: getattr(it, "sequence", 0) == 4)
            self.assertEqual(sum(isinstance(it, WorkerCreatedEvent) for it in items), 3)

    async def test_items_of_a_later_version_are_delivered_with_their_fields(self) -> None:
        async with self.bad("newer") as yoi:
            stream = await yoi.subscribe(ScopeRuntime())
            paused, mood, ended = await read_until(stream, lambda _: False)
        assert isinstance(paused, UnknownStreamItem) and isinstance(mood, UnknownStreamItem)
        assert paused.model_extra is not None
        self.assertEqual((paused.type, paused.cursor), ("turn_paused", "c1"))
        self.assertEqual(paused.model_extra["why"], {"deep": [1]})
        self.assertEqual((mood.type, mood.model_extra), ("mood", {"colour": "blue"}))
        assert isinstance(ended, Ended)
        self.assertEqual(ended.reason, "bedtime")
        self.assertEqual(stream.cursor, "c1")
