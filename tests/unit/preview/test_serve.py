"""`notifier preview --serve`: the page follows the files until Ctrl-C, and what cannot be served is said."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.compiler import compile_templates
from cli.main import main
from cli.page import document
from cli.page.server import BusyError
from cli.preview import rows, serve
from cli.preview.connections import Connections
from cli.snapshot import snapshot
from tests.unit.preview.test_gallery import BROKEN, TEMPLATE, Shop

# The command, with a bundle that stands for the one that `make page` makes.
COMMAND = """
import sys
from pathlib import Path
from cli.page import document
document.BUNDLE = Path(sys.argv.pop(1))
from cli.main import main
main()
"""


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "dist"
    folder.mkdir()
    for name in document.ASSETS:
        (folder / name).write_text("")
    monkeypatch.setattr(document, "BUNDLE", folder)
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    folder = tmp_path / "templates"
    folder.mkdir()
    return Shop(folder)


@contextmanager
def serving(shop: Shop, bundle: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = [sys.executable, "-c", COMMAND, str(bundle), "preview", "--serve", "--templates", str(shop.folder)]
    with subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout
            said = process.stdout.readline()
            assert "Open http://127.0.0.1:" in said
            yield process, int(said.partition("127.0.0.1:")[2].partition("/")[0])
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_page_follows_an_edit_until_it_is_ended(shop: Shop, bundle: Path, number: int) -> None:
    with serving(shop, bundle, "--port", "0") as (process, port):
        with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            connection.request("GET", "/stream")
            stream = connection.getresponse()

            def text() -> str:
                while True:
                    line = stream.readline()
                    if item := line.startswith(b"data: ") and json.loads(line[6:])["set"].get("notification:a.b"):
                        return str(item["pairs"][0]["after"]["messages"][0]["text"]) + " stale" * item["stale"]

            assert text() == "Order 1"
            shop.write("a.b", TEMPLATE.replace("Order", "Edited"))
            assert text() == "Edited 1"
            shop.write("a.b", BROKEN)
            assert text() == "Edited 1 stale"
            stream.close()
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
        assert (process.returncode, output) == (0, "")


@pytest.mark.parametrize("look", [snapshot, compile_templates])
def test_a_folder_that_goes_meanwhile_is_passed_over(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, look: Callable[[Path], object]
) -> None:
    (shop.folder / "more/deeper").mkdir(parents=True)
    before, scandir = look(shop.folder), os.scandir

    def scan(path: Any) -> Any:
        if Path(path).name == "deeper":
            raise FileNotFoundError(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scan)
    assert look(shop.folder) == before


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["preview", "--serve", *arguments])


def test_a_port_that_is_taken_is_said(shop: Shop, bundle: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = run("--templates", str(shop.folder), "--port", str(port))
    assert (answer.exit_code, f"Port {port} is taken" in answer.output) == (1, True)


def test_the_usual_port_gives_way_to_a_free_one(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(serve, "PORT", taken.getsockname()[1])
        with serve._listening(None, serve.Shown(), None) as server:
            assert server.server_port != serve.PORT


def test_a_page_that_is_not_bundled_says_how(shop: Shop, bundle: Path) -> None:
    (bundle / "app.js").unlink()
    answer = run("--templates", str(shop.folder))
    assert (answer.exit_code, "make page" in answer.output) == (1, True)


@pytest.mark.parametrize("beside", [["a.b"], ["--sample", "one"], ["--id", "1"], ["--diff"], ["--builder"], ["--json"]])
def test_it_goes_with_no_choice(shop: Shop, beside: list[str]) -> None:
    answer = run("--templates", str(shop.folder), *beside)
    assert (answer.exit_code, "--serve shows all of a folder" in answer.output) == (2, True)


def test_a_port_is_for_a_page(shop: Shop) -> None:
    answer = CliRunner().invoke(main, ["preview", "--templates", str(shop.folder), "--port", "1"])
    assert (answer.exit_code, "--port is of --serve" in answer.output) == (2, True)


class NoApi:
    @contextmanager
    def invocation(self) -> Iterator[None]:
        yield


@pytest.fixture
def connections() -> Connections:
    """Those of a template that reads nothing."""

    class Database:
        def replicating(self, _: object) -> None:
            return None

    return Connections(Database(), NoApi(), "nowhere")  # type: ignore[arg-type]


def test_a_row_is_answered_in_each_stage(shop: Shop, connections: Connections) -> None:
    shop.write("_stages/staging", "channels: {orders: C0STAGING1}\nfallback: C0FALLBACK\n")
    found = rows.made(shop.folder, connections, {"notification": "a.b", "id": "7"})
    assert [(one["stage"], one["id"], one["messages"][0]["text"]) for one in found] == [
        ("production", 7, "Order 7"),
        ("staging", 7, "[staging] Order 7"),
    ]


@pytest.mark.parametrize("text", ["x", "9" * 200, "1.5", "<b>"])
def test_an_id_that_does_not_fit_is_an_error_with_what_to_do(shop: Shop, connections: Connections, text: str) -> None:
    (found,) = rows.made(shop.folder, connections, {"notification": "a.b", "id": text})
    assert found["error"]["code"].startswith("EVENT_")
    assert found["error"]["remedy"]


@pytest.mark.parametrize(
    "question",
    [None, 7, [], {}, {"notification": "a.b"}, {"notification": "a.b", "id": 1}, {"notification": [], "id": "1"}],
)
def test_another_question_is_refused(shop: Shop, connections: Connections, question: object) -> None:
    with pytest.raises(ValueError, match="ask for"):
        rows.made(shop.folder, connections, question)


@pytest.mark.parametrize("name", ["a.b", "no.such"])
def test_a_file_with_errors_makes_nothing(shop: Shop, connections: Connections, name: str) -> None:
    shop.write("a.b", BROKEN)
    with pytest.raises(ValueError, match=f"Mend the errors in {name}.yaml first"):
        rows.made(shop.folder, connections, {"notification": name, "id": "1"})


def test_one_question_is_answered_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "ANSWER_SECONDS", 0.05)
    questions = serve._Questions()
    with pytest.raises(BusyError):  # nobody answers
        questions.ask(1)
    questions = serve._Questions()
    monkeypatch.setattr(serve, "ANSWER_SECONDS", 10)
    answers: list[Any] = []
    asking = [threading.Thread(target=lambda one=one: answers.append(questions.ask(one))) for one in range(3)]
    for thread in asking:
        thread.start()
    while len(answers) < 3:
        questions.answer(lambda question: question * 2)
    for thread in asking:
        thread.join()
    assert sorted(answers) == [0, 2, 4]
