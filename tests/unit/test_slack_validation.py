"""`notifier lint --slack` against the stand-in, and against servers that answer otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import slack_validation
from cli.commands.lint import lint
from cli.compiler import compile_templates
from cli.slack_validation import ADDRESS, TOKEN, Rendered, Validator, rendered, validate
from lab.slack import Config, Control, running_slack
from lab.slack.config import TOKEN as LAB_TOKEN

ROOT = Path(__file__).resolve().parents[2]
STAGE = "channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\n"
TEMPLATE = """\
id: integer
channel: orders
lookups:
  items: {sql: "SELECT sku FROM items WHERE order_id = :id", expect: many}
text: Order {{ id }}
blocks:
  - header: Order {{ id }}
  - for: item in items
    section: "{{ item.sku }}"
  - type: actions
    elements:
      - type: button
        text: {type: plain_text, text: Open}
        url: https://example.org/{{ id }}
samples:
  two: {id: 1, lookups: {items: [{sku: a}, {sku: b}]}}
  the same: {id: 1, lookups: {items: [{sku: a}, {sku: b}]}}
"""
SECRET = "xoxb-secret-token"
# A pointer into the blocks that Slack is sent, and the line of the template that it is about.
POINTERS = {
    "/0/text/text": 7,
    "/blocks/0/text": 7,
    "/1/text": 8,
    "/2/text": 8,
    "/3/elements/0/text/text": 13,
    "/blocks/3/elements/0/url": 14,
    "/3/elements/0/style": 12,
    "/9/text": 7,
    "": 7,
    "/": 7,
    "nonsense": 7,
}


@pytest.fixture(scope="module")
def slack() -> Iterator[str]:
    with running_slack(Config()) as url:
        yield url


@pytest.fixture
def control(slack: str) -> Iterator[Control]:
    control = Control(slack)
    control.reset()
    yield control
    control.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "_stages").mkdir()
    (tmp_path / "_stages/production.yaml").write_text(STAGE)
    (tmp_path / "order.created.yaml").write_text(TEMPLATE)
    return tmp_path


def linted(folder: Path, **environment: str) -> Result:
    return CliRunner().invoke(lint, [str(folder), "--slack"], env={TOKEN: "", ADDRESS: "", **environment})


def test_messages_that_slack_takes_have_no_finding(folder: Path, slack: str, control: Control) -> None:
    answer = linted(folder, **{TOKEN: LAB_TOKEN, ADDRESS: f"{slack}/api/"})
    assert (answer.exit_code, answer.output) == (0, "1 template, 1 stage: no findings\n")
    assert [one["path"] for one in control.requests()] == [
        "/api/blocks.validate"
    ]  # equal messages are asked about once
    assert control.messages() == []


def test_the_templates_of_the_shop_are_taken(slack: str, control: Control) -> None:
    answer = linted(ROOT / "templates", **{TOKEN: LAB_TOKEN, ADDRESS: f"{slack}/api"})
    assert answer.exit_code == 0
    assert len(control.requests()) > 10


def test_what_the_stand_in_refuses_is_found_as_lint_finds_it(folder: Path, slack: str, control: Control) -> None:
    """Lint knows the same rules, so it is asked about blocks that it would not let pass."""
    [message] = rendered(compile_templates(folder))
    blocks = json.loads(json.dumps([*message.blocks]))
    blocks[3]["elements"][0]["style"] = "loud"
    ask = Validator({TOKEN: LAB_TOKEN, ADDRESS: f"{slack}/api/"})
    found = validate([message._replace(blocks=tuple(blocks))], ask)
    assert [(one.line, one.code) for one in found.findings] == [(12, "SLACK_REFUSES")]
    assert "`elements[0].style`" in found.findings[0].message


@pytest.mark.parametrize(("pointer", "line"), POINTERS.items())
def test_a_pointer_leads_to_the_line(folder: Path, pointer: str, line: int) -> None:
    messages = rendered(compile_templates(folder))
    error = {"code": "failed_constraint", "message": "it\x1b[2J is wrong", "pointer": pointer}
    found = validate(messages, lambda _: [error]).findings
    assert [(one.line, one.code) for one in found] == [(line, "SLACK_REFUSES")]
    assert "\x1b" not in found[0].message


@pytest.mark.parametrize("errors", [[{}], [{"pointer": None}], [{"message": 5, "pointer": {"x": 1}}]])
def test_an_error_of_another_form_stands_at_the_first_block(folder: Path, errors: list[dict[str, Any]]) -> None:
    assert [one.line for one in validate(rendered(compile_templates(folder)), lambda _: errors).findings] == [7]


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("", "Slack asks for a token (not_authed): set SLACK_BOT_TOKEN"),
        (SECRET, "Slack refuses the token in SLACK_BOT_TOKEN: invalid_auth"),
    ],
)
def test_a_token_is_asked_for_and_never_shown(folder: Path, slack: str, token: str, says: str) -> None:
    answer = linted(folder, **{TOKEN: token, ADDRESS: f"{slack}/api/"})
    assert answer.exit_code == 1
    assert says in answer.stderr
    assert "no findings" in answer.stdout
    assert SECRET not in answer.output


@pytest.mark.parametrize(
    "address", ["http://slack.example.org/api/", "ftp://slack.com", "slack.com", "http://127.0.0.1.x"]
)
def test_a_token_is_sent_over_https_alone(folder: Path, address: str) -> None:
    answer = linted(folder, **{TOKEN: SECRET, ADDRESS: address})
    assert (answer.exit_code, SECRET in answer.output) == (1, False)
    assert "https://" in answer.stderr


def test_without_a_network_the_rest_is_said(folder: Path) -> None:
    answer = linted(folder, **{TOKEN: SECRET, ADDRESS: "http://127.0.0.1:9/api/"})
    assert (answer.exit_code, SECRET in answer.output) == (1, False)
    assert "Slack (127.0.0.1) cannot be reached" in answer.stderr


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)


def limited(control: Control, seconds: int, times: int) -> None:
    control.order("limited", method="blocks.validate", times=times, retry_after=str(seconds))


def asking(slack: str, clock: Clock) -> Validator:
    return Validator({TOKEN: LAB_TOKEN, ADDRESS: f"{slack}/api/"}, lambda: clock.now, clock.sleep)


def test_it_waits_as_long_as_slack_asks(folder: Path, slack: str, control: Control) -> None:
    limited(control, 7, 2)
    clock = Clock()
    found = validate(rendered(compile_templates(folder)), asking(slack, clock))
    assert (found.findings, found.unasked, clock.slept) == ((), 0, [7, 7])


def test_it_does_not_wait_for_ever(folder: Path, slack: str, control: Control) -> None:
    limited(control, 50, 100)
    clock = Clock()
    messages = rendered(compile_templates(folder))
    found = validate([*messages, *messages], asking(slack, clock))
    assert (found.unasked, clock.slept) == (2, [50, 50])


def test_not_more_than_so_many_messages_are_asked_about() -> None:
    asked: list[Rendered] = []

    def ask(message: Rendered) -> list[Mapping[str, Any]]:
        asked.append(message)
        return []

    many = [Rendered((), ())] * (slack_validation.MOST_CALLS + 3)
    assert validate(many, ask).unasked == 3
    assert len(asked) == slack_validation.MOST_CALLS
