"""`notifier preview --serve`: serves the page while somebody edits the templates."""

from __future__ import annotations

import errno
import queue
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from cli.compiler import Memory, compile_templates
from cli.language import say
from cli.page.document import MISSING, bundled
from cli.page.server import Ask, BusyError, PageServer, Shown
from cli.preview import rows
from cli.preview.connections import Connections
from cli.preview.gallery import Gallery, committed
from cli.preview.revision import Head
from cli.snapshot import Snapshot, snapshot

LOOK_SECONDS: Final = 0.2
ANSWER_SECONDS: Final = 60.0
PORT: Final = 8800


def serve(folder: Path, port: int | None, connections: Connections | None) -> None:
    """Serve the page until Ctrl-C. Raises click.ClickException if the port is taken, or the page was not built.

    Templates are compiled and rendered in this thread only: their time limit works only in the main thread.
    """
    if not bundled():
        raise click.ClickException(say(MISSING))
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts a command with & with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    shown, questions = Shown(), _Questions()
    with suppress(KeyboardInterrupt), _listening(port, shown, questions.ask if connections else None) as server:
        click.echo(say("Open {url} and edit a file in {folder}. Ctrl-C ends it.", url=server.url, folder=folder))
        _follow(folder, Gallery(folder, committed(folder)), shown, questions, partial(rows.made, folder, connections))


def _follow(folder: Path, gallery: Gallery, shown: Shown, questions: _Questions, answering: Ask) -> NoReturn:
    """Show each edit and each commit, and answer questions in between."""
    seen: Snapshot | None = None
    checked: Memory = {}
    head = Head(folder)
    while True:
        now = snapshot(folder)
        if is_committed := head.has_moved():
            gallery.compare_with(committed(folder))
        if is_committed or now != seen:
            shown.show(gallery.items(compile_templates(folder, checked)))
        seen = now
        questions.answer(answering)


class _Questions:
    """Passes questions, one at a time, from any thread to the thread that calls `answer`."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._asked: queue.SimpleQueue[tuple[Any, Future[Any]]] = queue.SimpleQueue()

    def ask(self, question: Any) -> Any:
        """Return the answer to a question. Raises BusyError if another one is still being answered."""
        if not self._asking.acquire(timeout=ANSWER_SECONDS):
            raise BusyError
        try:
            answer: Future[Any] = Future()
            self._asked.put((question, answer))
            return answer.result(ANSWER_SECONDS)
        except TimeoutError:
            raise BusyError from None
        finally:
            self._asking.release()

    def answer(self, answering: Ask) -> None:
        """Answer the next question, if one comes within LOOK_SECONDS."""
        try:
            question, answer = self._asked.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            return
        try:
            answer.set_result(answering(question))
        except ValueError as error:
            answer.set_exception(error)


@contextmanager
def _listening(port: int | None, shown: Shown, ask: Ask | None) -> Iterator[PageServer]:
    server = _bound(port, shown, ask)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def _bound(port: int | None, shown: Shown, ask: Ask | None) -> PageServer:
    """Return the server on this port. Without a port: on the default one, or if that is taken, on any free one."""
    try:
        return PageServer(PORT if port is None else port, shown, ask)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        if port is None:
            return PageServer(0, shown, ask)
        raise click.ClickException(
            say("Port {port} is taken or not yours. Choose another one, or leave --port out.", port=port)
        ) from None
