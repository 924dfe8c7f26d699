"""A notice says what is wrong in one language, and which command sends the events again."""

from __future__ import annotations

import re
import shlex

import pytest

from cli.commands.replay import replay
from cli.operations.dead_letters import DeadLetter
from cli.operations.selection import Selection
from handler.errors import CODES, NotifierError, SourceError, TemplateError
from handler.model import Event, Locale
from handler.stages.broken_template import JAPANESE_MEANINGS, place_of, problem_digest, replay_command, writer
from handler.stages.footers import previous_version
from handler.templating import Templates
from handler.templating.diagnosis import DiagnosedError, Diagnosis
from tests.kit import NOW, notification, raising

ENGLISH, JAPANESE = Templates(), Templates(locale=Locale("Asia/Tokyo", "ja"))
EVENT = Event("order.created", 1042, "e1")
PLACE = "order.created.yaml:12 sql"
# Errors with these codes are about an event or about Slack, never about a template.
ELSEWHERE = ("EVENT_", "BATCH_", "SLACK_")
OF_TEMPLATES = sorted(code for code, meaning in CODES.items() if not meaning.retry and not code.startswith(ELSEWHERE))


def notice(problem: NotifierError, templates: Templates, more: int = 0) -> str:
    return writer(EVENT, "order.created", problem, templates)("1042", more, NOW.timestamp())


def test_each_code_of_a_template_has_a_japanese_meaning() -> None:
    assert sorted(JAPANESE_MEANINGS) == OF_TEMPLATES


@pytest.mark.parametrize("code", OF_TEMPLATES)
@pytest.mark.parametrize("more", [0, 199])
def test_a_japanese_notice_has_no_english_sentence(code: str, more: int) -> None:
    problem = SourceError(code, f"{PLACE}: the server said that something is wrong")
    text = notice(problem, JAPANESE, more)
    assert PLACE in text
    assert JAPANESE_MEANINGS[code] in text
    for known in (
        PLACE,
        replay_command("order.created", code),
        code,
        "order.created.yaml",
        "order.created",
        ":warning:",
    ):
        text = text.replace(known, "")
    assert set(re.findall("[A-Za-z]+", text)) <= {"SQL", "SELECT", "API", "JSON", "KiB", "URL", "Slack", "bind", "null"}


def test_the_footer_about_a_broken_version_is_in_japanese_too() -> None:
    problem = DiagnosedError(Diagnosis("name_unknown", "nothing"), "order.created.yaml:5 text")
    assert previous_version("order.created", problem, JAPANESE) == (
        "order.created.yaml に問題があります: TEMPLATE_UNDEFINED（存在しない名前が式にあります）、"
        "order.created.yaml:5 text。直前の版で表示しています"
    )


@pytest.mark.parametrize("code", OF_TEMPLATES)
def test_an_english_notice_says_what_where_and_what_to_do(code: str) -> None:
    text = notice(SourceError(code, f"{PLACE}: the reason"), ENGLISH)
    assert text.startswith(f":warning: order.created 1042 could not be shown: {code}: {PLACE}: the reason. ")
    assert CODES[code].remedy[1:] in text
    assert "The event is parked. Correct order.created.yaml and deploy it." in text
    assert "The events are parked." in notice(SourceError(code), ENGLISH, 1)


def test_a_backtick_in_an_id_or_a_detail_does_not_touch_the_command() -> None:
    text = writer(EVENT, "order.created", SourceError("QUERY_FORBIDDEN", "near `x"), ENGLISH)("`1042", 0, 0.0)
    assert re.findall("`[^`]*`", text) == ["`notifier replay --type order.created --code QUERY_FORBIDDEN --send`"]


def test_no_template_is_rendered_to_write_a_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notices of several channels are written in several threads at once, and Templates are for one."""
    write = writer(EVENT, "order.created", SourceError("QUERY_INVALID", PLACE), JAPANESE)
    monkeypatch.setattr(Templates, "_within_budget", raising(AssertionError("a template was rendered")))
    assert "（21:00 以降、ほかに 5 件）" in write("1042", 5, NOW.timestamp())


@pytest.mark.parametrize("code", OF_TEMPLATES)
def test_the_command_is_one_that_replay_takes_and_selects_the_parked_events(code: str) -> None:
    [command] = re.findall("`(notifier replay[^`]*)`", notice(SourceError(code), ENGLISH))
    program, verb, *arguments = shlex.split(command)
    assert (program, verb) == ("notifier", replay.name)
    options = replay.make_context("replay", arguments).params
    assert options["send"]
    selection = Selection(options["codes"], options["types"])
    letter = DeadLetter("m1", "", "function", ["{}"], 0.0, 0.0, code=code, type="order.created")
    assert selection.picks(letter)


def test_a_place_is_in_the_template_and_never_what_a_server_said() -> None:
    assert place_of(SourceError("QUERY_INVALID", f"{PLACE}: error 1054"), "order.created") == PLACE
    assert place_of(SourceError("QUERY_INVALID", "error 1054: x"), "order.created") == "order.created.yaml"
    assert place_of(TemplateError("TEMPLATE_URL"), "order.created") == "order.created.yaml"


def test_a_digest_is_the_same_in_every_process_and_whatever_the_detail() -> None:
    one, other = (SourceError("TOO_MANY_ROWS", f"{PLACE}: more than {count}") for count in (1, 100))
    found = {problem_digest(problem, notification(), "C1") for problem in (one, other)}
    assert found == {problem_digest(one, notification(), "C1")}
    assert len(found.pop()) == 64


@pytest.mark.parametrize(
    ("problem", "text", "destination"),
    [
        (SourceError("QUERY_INVALID", PLACE), "", "C1"),
        (SourceError("TOO_MANY_ROWS", "order.created.yaml:13 sql: x"), "", "C1"),
        (SourceError("TOO_MANY_ROWS", f"{PLACE}: x"), "other text", "C1"),
        (SourceError("TOO_MANY_ROWS", f"{PLACE}: x"), "", "C2"),
        (DiagnosedError(Diagnosis("size_invalid"), PLACE, "TOO_MANY_ROWS"), "", "C1"),
    ],
)
def test_another_code_place_kind_content_or_channel_is_another_notice(
    problem: NotifierError, text: str, destination: str
) -> None:
    first = problem_digest(SourceError("TOO_MANY_ROWS", f"{PLACE}: x"), notification(), "C1")
    assert problem_digest(problem, notification(text) if text else notification(), destination) != first
