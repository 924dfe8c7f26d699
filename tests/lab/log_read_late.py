"""Run one invocation while the worker's output is read slowly, and print its log. MiniStack's own Python runs this.

Arguments: the patched MiniStack file, and how the function ends.
"""

import io
import queue
import runpy
import sys
import time
import zipfile

CODE = """
import os, sys, time

def handler(event, context):
    print("one")
    os.write(2, b"two\\n")
    print("half", end="")
    {end}
"""


class SlowQueue(queue.Queue):
    """Delays each line for longer than MiniStack waits for one by default."""

    def put(self, *arguments, **named):
        time.sleep(0.3)
        super().put(*arguments, **named)


def main(changed: str, end: str) -> None:
    ministack = runpy.run_path(changed)
    ministack["change"]()
    from ministack.core import lambda_runtime

    queue.Queue = SlowQueue
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", CODE.format(end=end))
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    config = {"Runtime": "python3.13", "Handler": "index.handler", "Timeout": 1, "FunctionArn": arn}
    worker = lambda_runtime.Worker("f", config, packed.getvalue())
    print(worker.invoke({}, "id")["log"])
    lambda_runtime.kill_workers([worker])


main(*sys.argv[1:])
