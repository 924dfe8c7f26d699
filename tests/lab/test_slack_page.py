"""What the page is told, asks for and is sent, without a browser."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import urllib3

from cli.page import document
from lab.page import board
from lab.processes import wait_until
from lab.slack import Control

PARKED = {
    "kind": "parked",
    "message": "p",
    "records": 1,
    "event": "e",
    "type": "a",
    "id": 1,
    "code": "C",
    "meaning": "m",
    "remedy": "r",
}
READ = ("stream", "messages", "requests", "faults", "questions")
CHANGED = ("reset", "faults", "facts", "advance", "ask", "messages/C1/1.1/lock")
WHAT = {"code": "C", "severity": "error", "message": "m", "fix": "", "edit": ""}
FINDING = {"kind": "finding", "file": "a.yaml", "line": 1, **WHAT}


class Stream:
    """What the page reads, put together as it does."""

    def __init__(self, url: str) -> None:
        self.response = urllib3.request("GET", f"{url}/_control/stream", preload_content=False, timeout=5.0)
        self.items: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        line = self.response.readline()
        assert self.response.readline() == b"\n"
        change = json.loads(line.removeprefix(b"data: "))
        self.items |= change["set"]
        for key in change["gone"]:
            del self.items[key]
        return {key.partition(":")[0]: item for key, item in change["set"].items()}


@pytest.fixture
def stream(url: str, control: Control) -> Any:
    stream = Stream(url)
    yield stream
    stream.response.close()
    stream.response.release_conn()


def test_a_stream_begins_with_everything_and_goes_on_with_changes(stream: Stream, control: Control) -> None:
    assert set(stream.read()) == {"channel"}
    control.tell(PARKED)
    assert stream.read() == {"parked": PARKED}
    control.reset()
    assert stream.read() == {}
    assert not any(item["kind"] == "parked" for item in stream.items.values())


def test_replacing_findings_leaves_other_facts(stream: Stream, control: Control) -> None:
    control.tell(PARKED, FINDING, FINDING)
    control.replace("finding", [FINDING])
    control.replace("finding", [])
    while not any(item["kind"] == "parked" for item in stream.items.values()):
        stream.read()
    while any(item["kind"] == "finding" for item in stream.items.values()):
        stream.read()
    assert PARKED in stream.items.values()


@pytest.mark.parametrize(
    ("facts", "named"),
    [
        ({}, "an array of facts"),
        ([7], "/0/kind must be one of: delivery, silent, parked, finding"),
        ([PARKED, {"kind": "odd"}], "/1/kind"),
        ([{"kind": []}], "/0/kind"),
        ([{**PARKED, "more": 1}], "/0 must be an object with exactly: code, event, id, kind"),
        ([{**PARKED, "id": None}], "/0/id must be a text or a whole number"),
        ([{**PARKED, "id": True}], "/0/id must be"),
    ],
)
def test_facts_that_cannot_be_shown_are_refused(url: str, control: Control, facts: object, named: str) -> None:
    answer = urllib3.request("POST", f"{url}/_control/facts", json=facts)
    assert answer.status == 400
    assert named in answer.json()["error"]


def test_notifications_are_shown_until_others_are(stream: Stream, control: Control) -> None:
    stream.read()
    one = {"kind": "notification", "name": "a.b", "description": "d"}
    control.exhibit({"notification:a.b": one})
    while one not in stream.items.values():
        stream.read()
    control.tell(PARKED)
    while PARKED not in stream.items.values():
        stream.read()
    control.exhibit({})
    while one in stream.items.values():
        stream.read()


def test_notifications_may_be_many_and_each_has_its_kind(control: Control) -> None:
    control.exhibit({"notification:a.b": {"kind": "notification", "description": "x" * 1_200_000}})
    with pytest.raises(ValueError, match="each with its kind"):
        control.exhibit({"notification:a.b": {}})


@pytest.mark.parametrize("kind", ["odd", "parked"])
def test_only_facts_of_the_kind_take_its_place(control: Control, kind: str) -> None:
    with pytest.raises(ValueError, match="the kind in the address"):
        control.replace(kind, [FINDING])


def ask(url: str, question: Any, **headers: str) -> Any:
    return urllib3.request("POST", f"{url}/_control/ask", json=question, headers=headers or None)


def test_a_question_waits_for_its_answer(url: str, control: Control) -> None:
    with ThreadPoolExecutor() as threads:
        asked = [threads.submit(ask, url, {"story": name}) for name in ("a", "b")]
        found = wait_until(lambda: len(control.questions()) == 2 and control.questions(), "two questions", 5.0)
        answers = {"a": {"answer": ["x" * 1_200_000]}, "b": {"error": "why"}}
        for one in found:
            control.answer(one["number"], answers[one["question"]["story"]])
        assert control.questions() == []
        control.answer(found[0]["number"], {"answer": "too late"})
        first, second = (one.result() for one in asked)
    assert (first.status, first.json()) == (200, ["x" * 1_200_000])
    assert (second.status, second.json()) == (400, {"error": "why"})


def test_a_question_that_nobody_answers_ends(url: str, control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "ANSWER_SECONDS", 0.05)
    assert ask(url, {"story": "a"}).status == 503
    assert control.questions() == []


def test_a_reset_ends_all_questions(url: str, control: Control) -> None:
    with ThreadPoolExecutor() as threads:
        asked = threads.submit(ask, url, {"story": "a"})
        wait_until(control.questions, "a question", 5.0)
        control.reset()
        assert asked.result().status == 400


@pytest.mark.parametrize(
    ("headers", "question", "status"),
    [
        ({"Content-Type": "text/plain"}, {"story": "a"}, 403),
        ({"Content-Type": "application/json"}, ["story"], 400),
    ],
)
def test_only_the_page_itself_asks(url: str, headers: dict[str, str], question: Any, status: int) -> None:
    assert ask(url, question, **headers).status == status


# What another site makes a browser ask, with what it adds: what it reads by a name that leads here, and what it sends.
REBOUND = {"Host": "evil.example"}
FOREIGN = [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"}]
ASKED = [
    *(("GET", path) for path in ("/", "/page/app.js", *(f"/_control/{one}" for one in READ))),
    *(("POST", path) for path in ("/api/chat.postMessage", *(f"/_control/{one}" for one in CHANGED))),
]


@pytest.mark.parametrize("headers", [REBOUND, *FOREIGN], ids=str)
@pytest.mark.parametrize(("method", "path"), ASKED)
def test_another_site_reads_and_changes_nothing(
    url: str, control: Control, method: str, path: str, headers: dict[str, str]
) -> None:
    control.tell(PARKED)
    form = {"Content-Type": "text/plain", **headers}
    answer = urllib3.request(method, f"{url}{path}", headers=form, body=b"[]" if method == "POST" else None)
    assert answer.status == 403
    stream = Stream(url)
    assert "parked" in stream.read()  # nothing was reset
    stream.response.close()


def test_the_tools_and_the_page_itself_are_let_in(url: str, control: Control) -> None:
    for headers in ({}, {"Origin": url}, {"Host": "localhost:9", "Origin": "http://localhost:9"}, {"Host": "[::1]"}):
        assert urllib3.request("GET", f"{url}/_control/messages", headers=headers).status == 200


def test_the_page_lets_nothing_in_from_elsewhere(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in document.ASSETS:
        (tmp_path / name).write_text("")
    monkeypatch.setattr(document, "BUNDLE", tmp_path)
    for path in ("/", "/page/app.js"):
        answer = urllib3.request("GET", f"{url}{path}")
        assert answer.status == 200
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; ")
        assert "unsafe" not in policy
    assert urllib3.request("GET", f"{url}/page/../board.py").status == 404


def test_a_page_that_is_not_bundled_says_how(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(document, "BUNDLE", tmp_path)
    for path, status in (("/", 503), ("/page/app.js", 404)):
        answer = urllib3.request("GET", f"{url}{path}")
        assert (answer.status, b"make page" in answer.data) == (status, True)
