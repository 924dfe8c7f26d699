"""What `notifier preview` says is what Slack gets: of samples in every stage, and of rows of a real replica."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.compiler import compile_templates
from cli.main import main
from cli.preview.connections import PASSWORD
from handler.adapters import tls
from handler.adapters.slack.senders import SlackBot
from handler.model import Message
from lab.api import running_api
from lab.sam import ROOT
from lab.shop import Target
from lab.slack import Control, running_slack
from lab.slack.config import TOKEN
from lab.tls import Authority
from tests.sample_run import run
from tests.unit.adapters.canary import FakeSecrets

ORDERS = "C0LABORDERS"


@pytest.fixture(scope="module")
def slack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SlackBot, Control]]:
    """The function's adapter, and the stand-in that it posts to."""
    authority = Authority.create(tmp_path_factory.mktemp("authority"))
    trust: ssl.SSLContext = tls.context(str(authority.ca))
    with running_slack(host="localhost", certificate=authority.issue("slack", "localhost")) as url:
        control = Control(url, authority.ca)
        control.configure(rate={"per_second": 0})
        yield SlackBot(FakeSecrets({"slack-token": TOKEN}), f"{url}/api/", trust), control
        control.close()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_api(tmp_path_factory.mktemp("api") / "log") as running:
        yield f"http://{running.host}:{running.port}"


def preview(*arguments: str, password: str = "") -> Result:
    command = ["preview", *arguments, "--templates", str(ROOT / "templates")]
    return CliRunner().invoke(main, command, env={PASSWORD: password} if password else {})


def previewed(*arguments: str, password: str = "") -> list[dict[str, Any]]:
    answer = preview(*arguments, "--json", password=password)
    assert answer.exit_code == 0, answer.output
    found: list[dict[str, Any]] = json.loads(answer.stdout)
    return found


def received(slack: tuple[SlackBot, Control], message: Message) -> bytes:
    """What Slack gets of a message, in bytes; all of them go to one channel, which the stand-in has."""
    bot, control = slack
    before = len(control.messages())
    receipt = bot.post(replace(message, destination=ORDERS))
    assert receipt.fallback == ""
    posted = control.messages()[before]
    return as_bytes(posted["text"], posted["blocks"] or [])


def as_bytes(text: str, blocks: list[Any]) -> bytes:
    return json.dumps([text, blocks], ensure_ascii=False).encode()


def test_slack_gets_of_each_sample_what_was_previewed(slack: tuple[SlackBot, Control]) -> None:
    documents = {(one["stage"], one["notification"], one["sample"]): one for one in previewed("--stage", "all")}
    compilation = compile_templates(ROOT / "templates")
    names = {id(sample): one.notification.name for one in compilation.templates for sample in one.samples}
    runs = [*run(compilation)]
    assert len(runs) == len(documents)
    for ran in runs:
        messages = documents[ran.stage, names[id(ran.sample)], ran.sample.name].get("messages", [])
        said = [(one["channel"], one["destination"], one["thread"], one["update"]) for one in messages]
        assert said == [(one.channel, one.destination, one.thread, one.update) for one in ran.messages]
        for one, message in zip(messages, ran.messages, strict=True):
            assert as_bytes(one["text"], one["blocks"]) == received(slack, message)


def database(reader: Target) -> str:
    return f"mysql://{reader.user}@{reader.host}:{reader.port}/{reader.schema};ca={reader.ca}"


@pytest.mark.parametrize("row_id", ["1043", "3"])
def test_slack_gets_of_a_row_what_was_previewed(
    slack: tuple[SlackBot, Control], reader: Target, api: str, row_id: str
) -> None:
    where = ["--db", database(reader), "--api", api]
    for notification in ("order.payment_failed", "order.created", "order.paid"):
        [found] = previewed(notification, "--id", row_id, "--stage", "demo", *where, password=reader.password)
        for one in found.get("messages", []):
            message = Message(found["notification"], one["channel"], one["destination"], one["text"], one["blocks"])
            assert as_bytes(one["text"], one["blocks"]) == received(slack, message)
        assert found["id"] == int(row_id)
        assert found.get("messages") or found["rule"]


def test_a_row_is_shown_over_tls_with_what_the_api_says(reader: Target, api: str) -> None:
    where = ["--db", database(reader), "--api", api]
    answer = preview("order.payment_failed", "--id", "1043", *where, password=reader.password)
    assert answer.exit_code == 0
    assert "Payment failed: T-001043" in answer.stdout
    assert "order.payment_failed · id 1043 · production" in answer.stdout


def test_each_failure_has_its_code(reader: Target, api: str, tmp_path: Path) -> None:
    right, password = database(reader), reader.password
    foreign = Authority.create(tmp_path / "other").ca
    for name, row_id, arguments, used, code in [
        ("order.created", "999999999", ["--db", right], password, "ROW_NOT_FOUND"),
        ("order.created", "1042", ["--db", right], "wrong", "DB_LOGIN"),
        ("order.created", "1042", ["--db", f"{right.partition(';')[0]};ca={foreign}"], password, "DB_TLS"),
        ("order.created", "1042", ["--db", "mysql://x@127.0.0.1:1/shop"], password, "DB_UNAVAILABLE"),
        ("order.created", "1042", ["--api", api], password, "DB_UNKNOWN"),
        ("order.created", "T-1042", ["--db", right], password, "EVENT_ID_INVALID"),
    ]:
        answer = preview(name, "--id", row_id, *arguments, password=used)
        assert answer.exit_code == 1
        assert f"{code}: order.created" in answer.stdout
        assert "fix: " in answer.stdout
        assert password not in answer.output


def test_an_api_that_is_away_is_left_out_where_the_template_says_so(reader: Target) -> None:
    answer = preview("order.payment_failed", "--id", "1043", "--db", database(reader), password=reader.password)
    assert answer.exit_code == 0, answer.output
    assert "Payment failed: T-001043" in answer.stdout
