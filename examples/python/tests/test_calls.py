import asyncio
import json
import tempfile

from yoi_client import Overloaded, ProtocolError, Refused, ServerNotFound, TimedOut, Yoi
from yoi_client.models import (
    RetryNever,
    ScopeRuntime,
    UnknownRetry,
    UnknownRuntimeError,
    WorkerNotFoundError,
)

from .servers import NOBODY, TestCase


class Calls(TestCase):
    async def test_replies_and_refusals_are_typed(self) -> None:
        async with self.real() as yoi:
            created = await yoi.create_worker(display_name="ann", labels={"a": "b"})
            self.assertEqual(created.detail.state, "idle")
            workers = await yoi.list_workers()
            self.assertEqual([it.display_name for it in workers.items], ["ann"])

            missing = created.detail.worker.model_copy(update={"worker_id": NOBODY.worker_id})
            with self.assertRaises(Refused) as caught:
                await yoi.get_worker(worker=missing)
            self.assertIsInstance(caught.exception.error, WorkerNotFoundError)
            self.assertEqual(caught.exception.code, "worker_not_found")
            self.assertIsInstance(caught.exception.retry, RetryNever)

    async def test_what_is_none_is_not_sent(self) -> None:
        async with self.bad("echoes") as yoi:
            with self.assertRaises(ProtocolError):
                await yoi.create_worker(display_name=None, labels={})
        self.assertEqual(json.loads(self.stderr), {"labels": {}})

    async def test_a_refusal_of_a_later_version_keeps_its_fields(self) -> None:
        async with self.bad("newer") as yoi:
            with self.assertRaises(Refused) as caught:
                await yoi.get_runtime()
        error = caught.exception.error
        assert isinstance(error, UnknownRuntimeError)
        self.assertEqual((error.code, error.message), ("bored", "no"))
        self.assertEqual(error.model_extra, {"since": 1})
        assert isinstance(error.retry, UnknownRetry)
        self.assertEqual(error.retry.model_dump(), {"type": "at_night", "hour": 3})

    async def test_errors_without_the_runtimes_own_are_errors_of_the_protocol(self) -> None:
        async with self.bad("wrong") as yoi:
            with self.assertRaises(ProtocolError) as caught:
                await yoi.get_runtime()
            self.assertEqual(caught.exception.code, -32601)
            with self.assertRaises(ProtocolError):
                await yoi.get_overview()
            with self.assertRaises(ProtocolError):
                await yoi.delete_worker(worker=NOBODY)
            with self.assertRaises(ProtocolError):
                await yoi.subscribe(ScopeRuntime())

    async def test_a_call_ends_in_time_and_its_late_reply_is_dropped(self) -> None:
        async with self.bad("late", timeout=0.05) as yoi:
            with self.assertRaises(TimedOut) as caught:
                await yoi.get_runtime()
            self.assertEqual(caught.exception.timeout, 0.05)
            with self.assertRaises(TimeoutError):
                await yoi.get_runtime(timeout=0.01)
            await yoi.delete_worker(worker=NOBODY, timeout=10)
            self.assertEqual(yoi._rpc._pending, {})
        self.assertEqual(self.stderr.split(), ["get_runtime", "get_runtime", "delete_worker"])
        self.assertEqual(self.strange, [])

    async def test_a_cancelled_call_is_given_up(self) -> None:
        async with self.bad("late") as yoi:
            call = asyncio.create_task(yoi.get_runtime())
            await asyncio.sleep(0.01)
            call.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await call
            await yoi.delete_worker(worker=NOBODY)
            self.assertEqual(yoi._rpc._pending, {})
        self.assertEqual(self.strange, [])

    async def test_a_subscription_whose_call_was_given_up_is_left_when_it_is_made(self) -> None:
        async with self.bad("late") as yoi:
            with self.assertRaises(TimedOut):
                await yoi.subscribe(ScopeRuntime(), timeout=0.02)
            await yoi.delete_worker(worker=NOBODY)
            self.stderr = ""
            await yoi.delete_worker(worker=NOBODY)
        seen = ["subscribe", "delete_worker", "unsubscribe", "delete_worker"]
        self.assertEqual(self.stderr.split(), seen)
        self.assertEqual(self.strange, [])

    async def test_a_subscription_that_is_cancelled_as_it_is_made_is_left(self) -> None:
        async with self.real("--limit", "subscriptions=1") as yoi:
            opened = asyncio.Event()
            open_ = yoi._subscriptions.open

            async def open_and_tell(*arguments: object) -> None:
                await open_(*arguments)  # type: ignore[arg-type]
                opened.set()
                await asyncio.sleep(60)

            yoi._subscriptions.open = open_and_tell  # type: ignore[method-assign, assignment]
            task = asyncio.create_task(yoi.subscribe(ScopeRuntime()))
            await opened.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            yoi._subscriptions.open = open_  # type: ignore[method-assign]
            while yoi._subscriptions._leaving:
                await asyncio.sleep(0.001)
            async with yoi.subscribe(ScopeRuntime()):
                pass

    async def test_what_fits_nothing_is_told_and_survived(self) -> None:
        async with self.bad("noisy") as yoi:
            await yoi.delete_worker(worker=NOBODY)
            self.assertEqual(
                self.strange,
                [
                    "a line that is no JSON",
                    "a line that is no JSON",
                    "a message that is no object",
                    "a reply to no request",
                    "a reply to no request",
                    "a notification `weather` for nobody",
                    "neither a reply nor a notification",
                    "a notification `event` for nobody",
                ],
            )
            await yoi.delete_worker(worker=NOBODY)

    async def test_a_line_that_is_too_long_is_skipped(self) -> None:
        async with self.bad("long", max_line_bytes=1 << 20) as yoi:
            await yoi.delete_worker(worker=NOBODY)
        self.assertEqual(self.strange, ["a line that is too long"])

    async def test_a_request_that_is_too_long_for_the_server_is_refused(self) -> None:
        limits = ["--limit", "input_bytes=1024", "--limit", "request_bytes=4096"]
        async with self.real(*limits) as yoi:
            large, small = await asyncio.gather(
                yoi.create_worker(instructions="x" * 5000), yoi.get_overview(), return_exceptions=True
            )
            assert isinstance(large, Refused)
            self.assertEqual(large.code, "too_large")
            assert not isinstance(small, BaseException)

    async def test_too_many_calls_at_once_are_refused_here(self) -> None:
        async with self.bad("silent", timeout=0.2) as yoi:
            calls = (yoi.get_runtime() for _ in range(5126))
            errors = await asyncio.gather(*calls, return_exceptions=True)
        self.assertEqual(sum(isinstance(error, TimedOut) for error in errors), 5120)
        self.assertEqual(sum(isinstance(error, Overloaded) for error in errors), 6)

    async def test_a_server_that_does_not_read_is_found_out(self) -> None:
        async with self.bad("deaf", timeout=0.1, grace=0.1) as yoi:
            calls = (yoi.create_worker(instructions="x" * (16 << 20)) for _ in range(6))
            errors = await asyncio.gather(*calls, return_exceptions=True)
        self.assertIsInstance(errors[-1], Overloaded)

    async def test_a_program_that_is_not_there_or_no_program_is_told_at_once(self) -> None:
        with tempfile.NamedTemporaryFile() as file:
            for program in ["no-such-program-anywhere", file.name]:
                with self.assertRaisesRegex(ServerNotFound, program):
                    await Yoi.start([program])
