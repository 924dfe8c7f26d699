"""What people read at night: no line too wide, nothing to copy broken, many attempts alike told once."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from cli import language
from cli.operations import event_view, screen, timeline
from cli.operations.function_log import Line
from handler.errors import CODES
from handler.outcome import State

LINK = (
    "https://a-workspace-with-a-long-name.slack.com/archives/C0PAYMENTS/p1732263600000001?thread_ts=1732263600.000001"
)


def line(at: float, state: State, code: str = "", **fields: object) -> Line:
    known = {"identity": "8f1e6c1a-5c0d-5f0b-9d7e-2f4f0d1c9a11", "notification": "order.created", "channel": "orders"}
    return Line(at, state, code, type="order.created", id="1042", **{"age": at, **known, **fields})  # type: ignore[arg-type]


def drawn(*lines: Line, width: int = 100) -> str:
    found = timeline.merge("8f1e6c1a-5c0d-5f0b-9d7e-2f4f0d1c9a11", lines, [], now=2000)
    console = Console(file=io.StringIO(), width=screen.WHOLE)
    console.print(event_view.draw(found, {("C0PAYMENTS", "1.2"): LINK}, "blue", width))
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [100, 80])
def test_words_keep_to_the_width_and_what_is_copied_is_whole(width: int) -> None:
    shown = drawn(
        line(1, State.RETRY, "SLACK_AMBIGUOUS", due=120.0, milliseconds={"lookup": 12.0, "post": 8000.0}),
        line(
            200,
            State.PARKED,
            "TEMPLATE_UNDEFINED",
            channel="vip",
            detail="order.created.yaml:12 " + "order " * 20,
        ),
        line(300, State.DELIVERED, posted="C0PAYMENTS", ts="1.2"),
        width=width,
    )
    command = "notifier replay --stack blue --event-id 8f1e6c1a-5c0d-5f0b-9d7e-2f4f0d1c9a11 --send"
    lines = shown.splitlines()
    assert any(one.endswith(LINK) for one in lines)
    assert any(one.endswith(command) for one in lines)
    assert max(len(one.rstrip()) for one in lines if LINK not in one and command not in one) <= width


@pytest.mark.parametrize("width", [100, 80])
def test_in_japanese_every_word_is_and_keeps_to_the_width(width: int) -> None:
    code = "TEMPLATE_UNDEFINED"
    with language.speaking("ja"):
        shown = drawn(
            line(1, State.RETRY, "SLACK_AMBIGUOUS", due=120.0, milliseconds={"lookup": 12.0, "post": 8000.0}),
            line(140, State.PARKED, code, detail="order.created.yaml:12", attempt=2),
            width=width,
        )
    assert "✖ order.created → orders   保留" in shown
    assert "結果不明" in shown
    assert "読み取り 12 ms" in shown
    assert "次は" in shown
    assert f"{code}: 存在しない名前を式が使っています" in shown.replace("\n", "")
    assert "対処: 名前を直してください" in shown
    lines = [one.rstrip() for one in shown.splitlines() if "notifier replay" not in one]
    assert max(map(cell_len, lines)) <= width
    english = {"parked", "attempt", "looked", "received", "again", "unknown", "To do"}
    assert not [word for word in english if word in shown]


def test_many_attempts_alike_are_told_once() -> None:
    attempts = [line(60.0 * n, State.RETRY, "SLACK_UNAVAILABLE", attempt=n, detail="connect") for n in range(1, 21)]
    shown = drawn(*attempts, line(1300, State.DELIVERED, attempt=21))
    assert shown.count("SLACK_UNAVAILABLE") == 2
    assert "18 times more failed" in shown
    assert "attempt 20" in shown
    assert shown.count("order.created → orders") == 1


@pytest.mark.parametrize(("origin", "words"), [("", "received Thu 01 Jan"), ("poll", "found by its poll Thu 01 Jan")])
def test_it_says_who_found_the_event(origin: str, words: str) -> None:
    shown = drawn(line(200_000, State.DELIVERED, age=100.0, origin=origin))
    assert words in shown.replace("Fri 02", "Thu 01").replace("Sat 03", "Thu 01")


# The event is wrong, whatever the template says. Each other code with EVENT_ is about a template as well.
OF_A_TEMPLATE = {"EVENT_TYPE_UNKNOWN", "EVENT_ID_INVALID", "EVENT_VERSION"}


@pytest.mark.parametrize("code", CODES)
def test_a_replay_is_offered_where_it_can_help(code: str) -> None:
    shown = " ".join(drawn(line(1, State.PARKED, code)).split())
    is_wrong_itself = code.startswith(("EVENT_", "BATCH_")) and code not in OF_A_TEMPLATE
    assert ("notifier replay" in shown) is not is_wrong_itself
    assert ("a replay does not help" in shown) is is_wrong_itself
    assert ("if the template is wrong" in shown) is (code in OF_A_TEMPLATE - {"EVENT_TYPE_UNKNOWN"})
