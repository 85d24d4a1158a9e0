import asyncio

from yoi_client import ServerGone
from yoi_client.models import Ended, ScopeRuntime, Synced

from .servers import NOBODY, TestCase


class Ends(TestCase):
    async def test_a_server_that_dies_ends_every_call_and_every_stream(self) -> None:
        async with self.bad("dies") as yoi:
            stream = await yoi.subscribe(ScopeRuntime())
            self.assertIsInstance(await anext(stream), Synced)
            waiting = [anext(stream), yoi.get_runtime(), yoi.delete_worker(worker=NOBODY)]
            for gone in await asyncio.gather(*waiting, return_exceptions=True):
                assert isinstance(gone, ServerGone)
                self.assertEqual(gone.returncode, 3)
                self.assertEqual(gone.stderr, "last words\n")
                self.assertRegex(str(gone), "(?s)exit code 3.*last words")
            for again in [yoi.get_runtime(), yoi.subscribe(ScopeRuntime()), anext(stream)]:
                with self.assertRaises(ServerGone):
                    await again
            self.assertEqual(stream.cursor, "c1")
            await stream.aclose()

    async def test_what_was_said_before_the_death_is_read_before_the_error(self) -> None:
        async with self.bad("dies") as yoi:
            stream = await yoi.subscribe(ScopeRuntime())
            with self.assertRaises(ServerGone):
                await yoi.delete_worker(worker=NOBODY)
            self.assertIsInstance(await anext(stream), Synced)
            with self.assertRaises(ServerGone):
                await anext(stream)

    async def test_a_signal_is_named(self) -> None:
        async with self.bad("killed") as yoi:
            with self.assertRaisesRegex(ServerGone, "signal SIGKILL") as caught:
                await yoi.get_runtime()
            self.assertEqual(caught.exception.returncode, -9)

    async def test_a_server_that_closes_its_output_is_ended(self) -> None:
        async with self.bad("mute") as yoi:
            with self.assertRaises(ServerGone):
                await yoi.get_runtime()

    async def test_a_child_that_keeps_the_servers_pipes_keeps_nobody_waiting(self) -> None:
        async with self.bad("forks") as yoi:
            with self.assertRaisesRegex(ServerGone, "exit code 4"):
                await yoi.get_runtime()

    async def test_close_waits_for_the_server(self) -> None:
        yoi = await self.real()
        call = asyncio.create_task(yoi.get_overview())
        await asyncio.sleep(0)
        self.assertEqual(await yoi.aclose(), 0)
        self.assertEqual(await yoi.aclose(), 0)
        self.assertEqual((await call).type, "overview")
        with self.assertRaises(ServerGone):
            await yoi.get_overview()

    async def test_close_kills_a_server_that_does_not_end(self) -> None:
        yoi = await self.bad("stubborn", grace=0.1)
        call = asyncio.create_task(yoi.get_overview())
        await asyncio.sleep(0)
        self.assertEqual(await yoi.aclose(), -9)
        with self.assertRaises(ServerGone):
            await call

    async def test_close_ends_a_stream_with_all_that_it_was_due(self) -> None:
        yoi = await self.real()
        stream = await yoi.subscribe(ScopeRuntime())
        await yoi.aclose()
        items = [item async for item in stream]
        self.assertIsInstance(items[0], Synced)
        self.assertIsInstance(items[-1], Ended)

    async def test_a_server_may_write_as_much_to_stderr_as_it_likes(self) -> None:
        async with self.bad("talks") as yoi:
            await yoi.delete_worker(worker=NOBODY)
        self.assertEqual(len(self.stderr), 1 << 20)
        with self.assertRaises(ServerGone) as caught:
            await yoi.get_runtime()
        self.assertEqual(caught.exception.stderr, "é" * 8192)
