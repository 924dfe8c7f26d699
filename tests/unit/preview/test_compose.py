"""A preview of a sample or of a row is the message that the whole pipeline posts for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.compiler import compile_templates
from cli.compiler.render_samples import NOW
from cli.preview.compose import Previews
from handler.errors import SourceError
from handler.model import Message, SqlLookup
from handler.outcome import Suppressed
from tests.kit import FakeApi, FakeDatabase
from tests.sample_run import run

COMPILATION = compile_templates(Path("templates"))
RUNS = [*run(COMPILATION)]
NOTIFICATIONS = {one.notification.name: one.notification for one in COMPILATION.templates}
OF_SAMPLE = {id(sample): one.notification for one in COMPILATION.templates for sample in one.samples}
PREVIEWS = {stage.name: Previews(stage) for stage in COMPILATION.stages}


def posted(message: Message) -> tuple[Any, ...]:
    """What Slack gets of a message."""
    return message.channel, message.destination, message.text, message.blocks, message.thread, message.update


@pytest.mark.parametrize("ran", RUNS, ids=lambda ran: f"{ran.stage}-{ran.sample.event}-{ran.sample.name}")
def test_a_sample_is_previewed_as_it_is_posted(ran) -> None:
    preview = PREVIEWS[ran.stage].of_sample(OF_SAMPLE[id(ran.sample)], ran.sample)
    assert preview.error is None
    assert [*map(posted, preview.messages)] == [*map(posted, ran.messages)]
    if not ran.messages:
        [outcome] = ran.outcomes
        assert isinstance(outcome.end, Suppressed)
        assert (preview.rule, preview.where) == (outcome.end.rule, outcome.end.detail)


def test_a_row_is_previewed_with_what_was_found() -> None:
    notification = NOTIFICATIONS["order.payment_failed"]
    [sample] = next(one.samples for one in COMPILATION.templates if one.notification is notification)
    of_sql = {one.sql: sample.answers[one.name] for one in notification.lookups if isinstance(one, SqlLookup)}
    database = FakeDatabase(lambda sql, _: rows if isinstance(rows := of_sql[sql], list) else [rows])
    api = FakeApi(lambda path: sample.answers["customer"])
    preview = PREVIEWS["production"].of_row(notification, sample.id, database, api, now=lambda: NOW)
    as_sample = PREVIEWS["production"].of_sample(notification, sample)
    assert preview.name == "id 1043"
    assert preview.messages == as_sample.messages
    assert preview.answers == sample.answers


def test_a_row_that_cannot_be_read_is_an_error_with_what_was_found_before() -> None:
    notification = NOTIFICATIONS["order.payment_failed"]

    def missing(sql: str, _: object) -> list[Any]:
        raise SourceError("QUERY_INVALID", "no such column")

    preview = PREVIEWS["production"].of_row(notification, 1, FakeDatabase(missing), FakeApi(lambda path: None))
    assert preview.messages == ()
    assert preview.error is not None
    assert preview.error.code == "QUERY_INVALID"
    assert preview.answers == {"order": None}


def test_an_id_of_the_wrong_form_is_refused_as_the_function_does() -> None:
    notification = NOTIFICATIONS["order.created"]
    nobody: Any = FakeApi(lambda path: None)
    preview = PREVIEWS["production"].of_row(notification, "abc", FakeDatabase(lambda sql, _: []), nobody)
    assert preview.error is not None
    assert preview.error.code == "EVENT_ID_INVALID"
