"""The same client without `async`: a runner waits for each step."""

import asyncio
import os

from yoi_client import Yoi
from yoi_client.models import Input, ScopeWorker, TurnCompletedEvent

with asyncio.Runner() as runner:
    yoi = runner.run(Yoi.start([os.environ.get("YOI", "yoi"), "rpc", "--profile", "echo"]))
    worker = runner.run(yoi.create_worker(display_name="blocking")).detail.worker
    items = runner.run(yoi.subscribe(ScopeWorker(worker=worker)))
    runner.run(yoi.send_input(worker=worker, input=Input(kind="user", text="hello")))
    while not isinstance(item := runner.run(items.__anext__()), TurnCompletedEvent):
        pass
    assert item.entry.text == "echo: hello"
    print(f"answered {item.entry.text!r}, blocking")
    runner.run(items.aclose())
    assert runner.run(yoi.aclose()) == 0
