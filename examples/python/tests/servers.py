"""The servers of the tests: the real one and the bad one."""

import asyncio
import gc
import os
import sys
import unittest
from pathlib import Path
from typing import Any
from uuid import UUID

from yoi_client import Yoi
from yoi_client._opening import Opening
from yoi_client.models import WorkerRef

NOBODY = WorkerRef(runtime_id=UUID(int=1), worker_id=UUID(int=2))


class TestCase(unittest.IsolatedAsyncioTestCase):
    """A test that fails when something is left behind: a task, an exception that nobody took."""

    async def asyncSetUp(self) -> None:
        self.strange: list[str] = []
        self.stderr = ""
        self._problems: list[Any] = []
        loop = asyncio.get_running_loop()
        loop.slow_callback_duration = 60
        loop.set_exception_handler(lambda _, problem: self._problems.append(problem))

    async def asyncTearDown(self) -> None:
        gc.collect()
        await asyncio.sleep(0)
        self.assertEqual(self._problems, [])
        self.assertEqual(asyncio.all_tasks(), {asyncio.current_task()})

    def real(self, *arguments: str, **options: Any) -> Opening[Yoi]:
        """Starts `yoi rpc` with the echo provider."""
        command = [os.environ.get("YOI", "yoi"), "rpc", "--profile", "echo", *arguments]
        return Yoi.start(command, **options)

    def bad(self, way: str, **options: Any) -> Opening[Yoi]:
        """Starts the server that speaks badly in this way."""
        command = [sys.executable, str(Path(__file__).with_name("bad_server.py")), way]
        defaults = {"on_unexpected": self._unexpected, "on_stderr": self._hear, "grace": 2}
        return Yoi.start(command, **{**defaults, **options})

    def _unexpected(self, what: str, line: str) -> None:
        self.strange.append(what)

    def _hear(self, text: str) -> None:
        self.stderr += text
