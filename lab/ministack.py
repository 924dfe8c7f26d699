# ruff: noqa: SLF001 - what is changed is private; its version is pinned, and tests/lab/test_replaced_code.py holds it
"""MiniStack, run by its own Python, with two patches: replacing code ends no invocation, and no log line is lost.

AWS lets an invocation finish on the code that it began with, and starts the next one on the new code. MiniStack 1.5.33
kills busy workers as well as idle ones when a function's code or configuration is replaced. The event of such an
invocation then stays invisible for the queue's visibility timeout, which is six minutes in template.yaml. It can also
keep a worker with the old code, if an invocation began just before the replacement.

Here a worker runs only the code that it was started with. An outdated worker is ended when no invocation runs in it.

MiniStack also stops reading an invocation's log after a few milliseconds without output. On a busy machine the rest
then ends up in the log of the next invocation, or is lost if the worker is ended first. Here the worker marks the end
of each invocation's log, and the log is read up to that mark.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import Any, Final

from ministack.core import lambda_runtime as runtime

_kill_workers: Final = runtime.kill_workers
_invoke: Final = runtime.Worker.invoke
# The worker answers by flushing its standard output. The mark is written before that, so it can be read by then.
_ANSWER: Final = "        _real_stdout.flush()\n\nrun()"
_END_OF_LOG: Final = "end of this invocation's log"
_MARK: Final = f"        sys.stderr.flush()\n        os.write(2, {_END_OF_LOG + chr(10)!r}.encode())\n"
_LONGEST_WAIT_FOR_A_LOG: Final = 5.0  # seconds; reached only if a child of the function holds the log open


def acquire_worker(
    func_name: str, config: Any, code_zip: bytes, qualifier: str = "$LATEST", max_concurrency: int | None = None
) -> tuple[Any, str]:
    """Lease an idle worker with this code, or a new one. Workers with other code leave the pool."""
    del max_concurrency  # not needed: function concurrency is checked before
    key = runtime._worker_key(func_name, config, qualifier)
    with runtime._lock:
        pool = runtime._workers.setdefault(key, [])
        outdated = [one for one in pool if one.code_zip != code_zip]
        pool[:] = [one for one in pool if one.code_zip == code_zip]
        worker = next((one for one in pool if not one.in_use), None)
        how = "reused" if worker else "spawn"
        if worker is None:
            worker = runtime._worker_class_for(config)(func_name, config, code_zip)
            pool.append(worker)
        worker.in_use, worker.last_used = True, time.time()
    _kill_aside(outdated)
    return worker, how


def release_worker(worker: Any) -> None:
    """Return a worker to its pool; end it if it has left the pool meanwhile."""
    if worker is None:
        return
    with runtime._lock:
        worker.in_use = False
        pooled = any(worker in pool for pool in runtime._workers.values())
    if not pooled:
        _kill_aside([worker])


def kill_workers(workers: Any) -> None:
    """End the idle workers among these. A busy one is ended when it is released."""
    _kill_workers([one for one in workers if one is not None and not one.in_use])


def invoke(worker: Any, *arguments: Any, **named: Any) -> Any:
    """Run an invocation. A worker that fails outside the function's code is marked idle, so that it can be ended."""
    try:
        return _invoke(worker, *arguments, **named)
    except Exception:
        worker.in_use = False
        raise


def read_stderr(worker: Any) -> None:
    """Read the output of a worker's process, in its own thread, until the process exits; then mark the end."""
    lines, written = worker._stderr_queue, worker._proc.stderr
    for line in written:
        lines.put(line.rstrip("\n"))
    lines.put(_END_OF_LOG)


def log_of_invocation(worker: Any) -> str:
    """Return the log of the invocation that has just responded or died."""
    lines = []
    deadline = time.monotonic() + _LONGEST_WAIT_FOR_A_LOG
    while True:
        try:
            line = worker._stderr_queue.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        lines.append(line.removesuffix(_END_OF_LOG))
        if line.endswith(_END_OF_LOG):
            break
    return "\n".join(lines).rstrip("\n")


def _kill_aside(workers: list[Any]) -> None:
    """End idle workers in a thread, so that the current invocation does not wait for it."""
    if idle := [one for one in workers if not one.in_use]:
        threading.Thread(target=_kill_workers, args=(idle,), daemon=True).start()


def change() -> None:
    """Patch the workers and their pool. Call this before any other module of MiniStack imports their functions."""
    assert _ANSWER in runtime._PYTHON_WORKER_SCRIPT
    runtime.acquire_worker = acquire_worker
    runtime.release_worker = release_worker
    runtime.kill_workers = kill_workers
    runtime.Worker.invoke = invoke
    runtime.Worker._read_stderr = read_stderr
    runtime.Worker._drain_stderr = runtime.Worker._drain_stderr_bounded = log_of_invocation
    runtime._PYTHON_WORKER_SCRIPT = runtime._PYTHON_WORKER_SCRIPT.replace(_ANSWER, _MARK + _ANSWER)


if __name__ == "__main__":
    change()
    from ministack.app import main

    main()
