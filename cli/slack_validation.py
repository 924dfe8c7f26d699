"""Asks Slack itself to check the messages of the samples, with the method `blocks.validate`, which posts nothing.

https://docs.slack.dev/reference/methods/blocks.validate
"""

from __future__ import annotations

import json
import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from cli.compiler import Compilation, Finding, files, render_samples, slack_check
from cli.compiler.answers import answering
from cli.compiler.findings import Report
from cli.compiler.nodes import Node
from cli.language import say
from cli.slack_rules import Problem
from cli.slack_rules.schema import UNMATCHED
from handler.adapters.http.connection import ExchangeError
from handler.adapters.http.exchange import Answer, Deadline, Exchange, Limits
from handler.block_kit.limits import MAX_BLOCKS
from handler.errors import NotifierError
from handler.templating import Templates

TOKEN: Final = "SLACK_BOT_TOKEN"  # noqa: S105 - the name of the variable
ADDRESS: Final = "NOTIFIER_SLACK_API"
_SLACK: Final = "https://slack.com/api/"
_METHOD: Final = "blocks.validate"
_REFUSED: Final = frozenset({"invalid_blocks", "invalid_message"})
_LOGIN: Final = frozenset(
    {"not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"}
)
# The most messages that are checked, and the most seconds of rate-limit waits for all of them together.
MOST_CALLS: Final = 200
PATIENCE: Final = 120.0
_LIMITS: Final = Limits(connect=5.0, total=15.0, size=1 << 20)
_TOO_MANY: Final = 429


class SlackUnansweredError(Exception):
    """Slack did not check the messages. The text says why, and what to do."""


class Rendered(NamedTuple):
    """The blocks of a sample, each with the template's node that makes it."""

    blocks: tuple[Mapping[str, Any], ...]
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Validated:
    """Slack's findings. `unasked` counts messages that were not checked, because Slack asked to wait too long."""

    findings: tuple[Finding, ...]
    unasked: int = 0


def rendered(compilation: Compilation) -> tuple[Rendered, ...]:
    """Return the messages of the samples of templates without errors, without duplicates."""
    found: dict[str, Rendered] = {}
    for template, stage in compilation.rehearsed():
        templates = Templates(locale=template.notification.locale(stage.locale))
        for sample in template.samples:
            try:
                context = render_samples.enriched(template, sample, stage, answering(sample.answers, templates))
                made = [*slack_check.rendered(template, context, templates)]
            except NotifierError:  # `when` prevents rendering, or other findings say what is wrong
                continue
            pairs = [(block, node) for node, blocks in made for block in blocks][:MAX_BLOCKS]
            if pairs:
                key = json.dumps([template.notification.name, [block for block, _ in pairs]])
                found[key] = Rendered(tuple(block for block, _ in pairs), tuple(node for _, node in pairs))
    return tuple(found.values())


def validate(messages: Sequence[Rendered], ask: Callable[[Rendered], Sequence[Mapping[str, Any]] | None]) -> Validated:
    """Check each message, until `ask` returns None. Raises SlackUnansweredError."""
    report = Report()
    for number, message in enumerate(messages):
        errors = ask(message) if number < MOST_CALLS else None
        if errors is None:
            return Validated(report.findings(), len(messages) - number)
        for problem, node in _located(errors, message):
            found = slack_check.located(problem, node)
            report.add(found.place, found.code, found.message, found.fix, found.edit)
    return Validated(report.findings())


def _located(errors: Sequence[Mapping[str, Any]], message: Rendered) -> Iterator[tuple[Problem, Node]]:
    """Yield Slack's errors with the node of their block. An error that names no block is put at the first one."""
    for error in errors:
        words = files.printable(str(error.get("message") or error.get("code") or "?"))
        if words == UNMATCHED and len(errors) > 1:
            continue
        number, *inner = [*_pointer(str(error.get("pointer") or "")), ""]
        at = int(number) if number.isdecimal() and int(number) < len(message.nodes) else 0
        yield Problem(words, "/".join(["", "blocks", str(at), *inner[:-1]])), message.nodes[at]


def _pointer(text: str) -> list[str]:
    """Return the steps of a JSON pointer, starting with the number of the block."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:]]
    return steps[1:] if steps[:1] == ["blocks"] else steps


class Validator:
    """Calls Slack, with the token of the environment if there is one."""

    def __init__(
        self,
        environment: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises SlackUnansweredError if the API's URL is neither https nor on this machine."""
        self._address = _address(environment.get(ADDRESS) or _SLACK)
        self._token = environment.get(TOKEN, "").strip()
        self._clock, self._sleep = clock, sleep
        self._until = clock() + PATIENCE
        self._exchange = Exchange(ssl.create_default_context(), _LIMITS, connections=1)

    def __call__(self, message: Rendered) -> Sequence[Mapping[str, Any]] | None:
        """Return Slack's errors; None if it asks to wait too long. Raises SlackUnansweredError."""
        while True:
            answer = self._send({"blocks": json.dumps([*message.blocks])})
            if answer.status != _TOO_MANY:
                return self._errors(answer)
            wait = _seconds(answer.headers.get("Retry-After", ""))
            if self._clock() + wait > self._until:
                return None
            self._sleep(wait)

    def _send(self, arguments: Mapping[str, str]) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            return self._exchange.send(
                "POST", self._address + _METHOD, headers, urlencode(arguments).encode(),
                deadline=Deadline.after(_LIMITS.total),
            )  # fmt: skip
        except ExchangeError as error:
            sentence = say(
                "Slack ({host}) cannot be reached: {cause}. Everything else was checked.",
                host=urlsplit(self._address).hostname,
                cause=error.detail,
            )
            raise SlackUnansweredError(sentence) from None

    def _errors(self, answer: Answer) -> Sequence[Mapping[str, Any]]:
        try:
            document = json.loads(answer.body)
            taken = document["ok"] is True
        except (ValueError, KeyError, TypeError):
            raise SlackUnansweredError(
                say("Slack answered with HTTP status {status}, and no JSON.", status=answer.status)
            ) from None
        if taken:
            return ()
        word = str(document.get("error"))
        errors = document.get("errors")
        if word in _REFUSED and isinstance(errors, list):
            return [one if isinstance(one, dict) else {"message": str(one)} for one in errors]
        raise SlackUnansweredError(self._why(word))

    def _why(self, word: str) -> str:
        shown = files.printable(word)[:80]
        if word not in _LOGIN:
            return say("Slack did not check the messages: {word}.", word=shown)
        if self._token:
            return say("Slack refuses the token in {variable}: {word}.", variable=TOKEN, word=shown)
        return say("Slack asks for a token ({word}): set {variable} to that of your app.", variable=TOKEN, word=shown)


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() and len(text) < 6 else 1.0


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")):
        return text.rstrip("/") + "/"
    raise SlackUnansweredError(say("{variable} is an address that begins with https://", variable=ADDRESS))
