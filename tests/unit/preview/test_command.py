"""`notifier preview` as people use it: samples and rows, in a terminal and for programs, and every misuse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from cli.preview import connections
from cli.preview.connections import Connections
from handler.errors import ConfigError, SourceError
from tests.kit import FakeApi, FakeDatabase
from tests.unit.preview.folders import GOOD, written

ROOT = Path(__file__).resolve().parents[3]
BROKEN = "id: integer\nchannel: orders\ntext: '{{ '\nsamples: {a: {id: 1}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return written(tmp_path)


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["preview", *arguments], env=environment)


def documents(*arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(*arguments, "--json").stdout)
    return found


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> dict[int, dict[str, Any]]:
    """The rows that --db reaches, by id."""
    found: dict[int, dict[str, Any]] = {7: {"number": "T-7", "customer": "[red]山田\x1b[2J <b>"}}

    def answer(_sql: str, parameters: Any) -> list[dict[str, Any]]:
        if parameters["id"] == 500:
            raise SourceError("DB_UNAVAILABLE", "default (db:3306): Connection refused")
        return [found[parameters["id"]]] if parameters["id"] in found else []

    @contextmanager
    def connect(_databases: Any, _apis: Any) -> Iterator[Connections]:
        yield Connections(FakeDatabase(answer), FakeApi(lambda path: None), "db/shop")

    monkeypatch.setattr(connections, "connect", connect)
    return found


WATCHED = """
id: integer
channel: orders
when: data.new != 'lost'
poll: {every: 1m, sql: "SELECT o.id, o.status AS watched FROM orders o"}
lookups: {order: {sql: "SELECT number FROM orders WHERE id = :id"}}
text: "{{ order.number }}: {{ data.old | default('new') }} → {{ data.new }}"
samples: {a: {id: 7, data: {old: pending, new: paid}, lookups: {order: {number: T-7}}}}
"""


def test_a_row_of_a_watched_poll_needs_no_data(folder: Path, rows: Any) -> None:
    (folder / "order.status.yaml").write_text(WATCHED, "utf-8")
    rows[7] = {"number": "T-7", "watched": "paid"}
    [found] = documents("order.status", "--id", "7")
    assert (found["data"], found["messages"][0]["text"]) == ({"old": "pending", "new": "paid"}, "T-7: pending → paid")
    rows[7]["watched"] = "pending"
    assert 'data: {"old": null, "new": "pending"}. --data gives other values' in run("order.status", "--id", "7").output
    rows[7]["watched"] = "lost"
    assert "`when` does not hold" in run("order.status", "--id", "7").output


def test_an_error_for_want_of_data_has_the_command_to_paste(folder: Path, rows: Any) -> None:
    text = GOOD.replace("order.customer", "data.coupon").replace("lookups: {", "data: {coupon: TEA}, lookups: {")
    (folder / "order.created.yaml").write_text(text, "utf-8")
    answer = run("order.created", "--id", "7", "--stage", "all")
    assert (answer.exit_code, "the event's `data` has no coupon" in " ".join(answer.output.split())) == (1, True)
    command = """notifier preview order.created --stage all --id 7 --data '{"coupon": "TEA"}'"""
    assert command in answer.output
    assert "--data" not in run("order.created", "--id", "8").output  # there is no such row: no data would help
    assert run("order.created", "--id", "7", "--data", '{"coupon": "TEA"}').exit_code == 0


def test_all_samples_of_all_templates(folder: Path) -> None:
    answer = run()
    assert answer.exit_code == 0
    lines = answer.stdout.splitlines()
    assert lines[0] == "2 notifications, 4 samples, in stage production"
    assert "#orders (C0ORDERS01)" in lines
    assert "  Order T-1 of Zoë <VIP>" in lines
    assert "  order.created.jp · usual · production" in lines
    assert lines[-1] == "2 messages, 2 post nothing"


def test_what_posts_nothing_names_the_line(folder: Path) -> None:
    answer = run("order.created", "--sample", "silent")
    assert answer.exit_code == 0
    assert "  Posts nothing: `when` does not hold (order.created.yaml:6 when)" in answer.stdout


def test_one_sample_in_all_stages(folder: Path) -> None:
    found = documents("order.created", "--sample", "usual", "--stage", "all")
    assert [(one["stage"], one["messages"][0]["text"]) for one in found] == [
        ("production", "Order *T-1* of Zoë &lt;VIP&gt;"),
        ("staging", "[staging] Order *T-1* of Zoë &lt;VIP&gt;"),
    ]


def test_a_document_has_all_of_a_preview(folder: Path) -> None:
    usual, silent = documents("order.created")
    head = {"notification": "order.created", "event": "order.created", "stage": "production"}
    message = {
        "channel": "orders",
        "destination": "C0ORDERS01",
        "text": "Order *T-1* of Zoë &lt;VIP&gt;",
        "blocks": [],
        "thread": "",
        "update": False,
        "warnings": [],
    }
    assert usual == {**head, "sample": "usual", "messages": [message]}
    assert silent == {**head, "sample": "silent", "rule": "WHEN", "where": "order.created.yaml:6 when"}


def test_the_errors_of_a_template_are_findings_and_the_others_go_on(folder: Path) -> None:
    (folder / "order.paid.yaml").write_text(BROKEN)
    (folder / "order.sent.yaml").write_text("id: [")
    answer = run()
    assert answer.exit_code == 1
    assert "templates/order.paid.yaml:3:" in answer.stdout
    assert "templates/order.sent.yaml:1:" in answer.stdout
    assert "fix: " in answer.stdout
    assert answer.stdout.splitlines()[-1] == "2 messages, 2 post nothing, 2 templates have errors"
    broken = [one for one in documents() if "findings" in one]
    assert [(one["notification"], one["findings"][0]["line"]) for one in broken] == [
        ("order.paid", 3),
        ("order.sent", 1),
    ]
    alone = run("order.sent")
    assert (alone.exit_code, "0 messages, 1 template has errors" in alone.stdout) == (1, True)


def test_a_folder_without_templates_has_nothing(tmp_path: Path) -> None:
    answer = run("--templates", str(tmp_path))
    assert answer.exit_code == 0
    assert answer.stdout == "0 messages\n"
    assert run("order.created", "--templates", str(tmp_path)).exit_code == 2


# Real rows


def test_a_row_is_data(folder: Path, rows: Any) -> None:
    answer = run("order.created", "--id", "7")
    assert answer.exit_code == 0
    assert answer.stdout.splitlines() == [
        "#orders (C0ORDERS01)",
        "  Order T-7 of [red]山田[2J <b>",
        "  order.created · id 7 · production",
        "",
        "1 message",
    ]
    [found] = documents("order.created", "--id", "7")
    assert (found["id"], found["messages"][0]["channel"]) == (7, "orders")


@pytest.mark.parametrize(
    ("row_id", "says", "fix"),
    [
        ("abc", "EVENT_ID_INVALID: order.created", "send an id of the form"),
        ("9" * 5000, "EVENT_ID_INVALID: order.created", "send an id of the form"),
        ("４２", "EVENT_ID_INVALID: order.created", "send an id of the form"),
        ("8", "ROW_NOT_FOUND: order.created.yaml:4 lookups.order", "check that the id exists"),
        ("500", "DB_UNAVAILABLE: order.created.yaml:4 lookups.order: default (db:3306): Connection", "check its name"),
    ],
)
def test_a_row_that_cannot_be_shown_says_why(folder: Path, rows: Any, row_id: str, says: str, fix: str) -> None:
    answer = run("order.created", "--id", row_id)
    assert answer.exit_code == 1
    words = " ".join(answer.stdout.split())
    assert says in words
    assert f"fix: {fix}" in words
    assert "0 messages, 1 cannot be made" in words
    [found] = documents("order.created", "--id", row_id)
    assert found["error"]["code"] == says.partition(":")[0]
    assert found["error"]["remedy"].startswith(fix)


def test_the_extras_of_the_event_go_to_the_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: Any) -> None:
    text = GOOD.replace("order.customer", "data.coupon").replace("lookups: {", "data: {coupon: TEA}, lookups: {")
    written(tmp_path, **{"order.created.yaml": text})
    monkeypatch.chdir(tmp_path)
    [found] = documents("order.created", "--id", "7", "--data", '{"coupon": "<抹茶>"}')
    assert found["messages"][0]["text"] == "Order *T-7* of &lt;抹茶&gt;"


def test_a_setting_that_cannot_be_read_is_no_traceback(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: Any) -> Any:
        raise ConfigError("CONFIG_INVALID", "the CA file x cannot be read")

    monkeypatch.setattr(connections, "connect", connect)
    answer = run("order.created", "--id", "7")
    assert answer.exit_code == 1
    assert "CONFIG_INVALID: the CA file x cannot be read\n  fix: " in answer.stderr


# Links


def test_links_are_bare_in_a_pipe(folder: Path) -> None:
    answer = run("order.created", "--builder")
    assert answer.exit_code == 0
    [link] = answer.stdout.splitlines()
    address, _, blocks = link.partition("#")
    assert address == "https://app.slack.com/block-kit-builder/"
    [block] = json.loads(unquote(blocks))["blocks"]
    assert block["text"]["text"] == "Order *T-1* of Zoë &lt;VIP&gt;"


def test_a_link_that_cannot_be_is_a_note(folder: Path) -> None:
    (folder / "order.paid.yaml").write_text(GOOD.replace("number: T-1", f"number: {'x' * 3100}"))
    answer = run("order.paid", "--builder", "--sample", "usual")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "Block Kit Builder does not take it: must be less than 3001 characters" in answer.stderr
    assert "order.paid · usual" in answer.stderr


# Misuse


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["order.creatd"], "Did you mean order.created?"),
        (["order.created", "--sample", "usuall"], "There is no sample 'usuall'. Did you mean usual?"),
        (["order.created", "--sample", "zzz"], "There is no sample 'zzz'. Known: silent, usual."),
        (["order.created", "--stage", "productoin"], "Did you mean production?"),
        (["--id", "7"], "--id needs the notification"),
        (["order.created", "--data", "{}"], "Name the row with --id"),
        (["order.created", "--id", "7", "--data", "{"], "--data takes a JSON object"),
        (["order.created", "--id", "7", "--data", "[1]"], "--data takes a JSON object"),
        (["order.created", "--id", "7", "--data", "[" * 100_000], "--data takes a JSON object"),
        (["order.created", "--id", "7", "--sample", "usual"], "Choose one of --sample, --id."),
        (["order.created", "--id", "7", "--builder"], "--builder takes samples alone"),
        (["order.created", "--json", "--builder"], "Choose one of --json, --builder."),
        (["order.created", "--id", "7"], "Name a database with --db"),
        (["--templates", "nowhere"], "nowhere"),
    ],
)
def test_misuse_is_answered(folder: Path, arguments: list[str], says: str) -> None:
    answer = run(*arguments)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert says in " ".join(answer.stderr.split())


@pytest.mark.parametrize("form", ["", "--json", "--builder"])
def test_an_output_that_is_not_utf8_is_no_traceback(folder: Path, form: str) -> None:
    command = [
        sys.executable,
        "-c",
        "from cli.main import main; main()",
        "preview",
        "order.created",
        "--sample",
        "usual",
    ]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [*command, *filter(None, [form])], env=environment, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert {"": "Zo? <VIP>", "--json": r"Zo\u00eb", "--builder": "Zo%C3%AB"}[form] in ran.stdout


def test_it_speaks_japanese(folder: Path) -> None:
    answer = run("--stage", "all", NOTIFIER_LANG="ja")
    assert answer.stdout.startswith("通知 2 件、サンプル 4 件（ステージ: production, staging）")
    assert answer.stdout.endswith("メッセージ 4 件、投稿なし 4 件\n")
