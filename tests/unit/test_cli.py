"""The commands explain themselves, and misuse gets an answer that helps."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import running
from cli.main import VERBS, main
from handler.catalog import load


def run(*arguments: str, **environment: str):
    return CliRunner().invoke(main, arguments, env=environment)


@pytest.mark.parametrize("command", [(), *((name,) for name in main.commands)])
def test_every_command_has_help(command: tuple[str, ...]) -> None:
    answer = run(*command, "--help")
    assert answer.exit_code == 0
    assert len(answer.output.splitlines()) > 5


# What takes long to import, or reaches what a command has no use for.
HEAVY = ("boto3", "botocore", "handler", "jinja2", "lab", "pymysql", "rich", "ruamel", "slack_sdk", "sqlglot")
IMPORTED = """
import sys
from click import ClickException
from cli.main import VERBS, main
try:
    main(sys.argv[1:], standalone_mode=False)
except ClickException:
    pass
print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "without"),
    [
        (["--help"], HEAVY),
        (["emit", "--help"], HEAVY),
        (["emit", "order.created", "1042"], ("jinja2", "lab", "rich", "sqlglot")),
        (["sql", "SELECT id FROM orders"], ("boto3", "lab", "pymysql", "slack_sdk")),
        (["list"], ("boto3", "lab", "pymysql", "slack_sdk")),
        (["new", "--help"], HEAVY),
        (["new", "a.b", "--table", "t", "--channel", "orders"], ("boto3", "lab", "pymysql", "slack_sdk")),
        (["sample", "--help"], HEAVY),
        (["sample", "order.created", "1"], ("boto3", "lab", "slack_sdk")),
        (["lint", "templates"], ("boto3", "lab", "pymysql", "slack_sdk")),
        (["test", "--help"], HEAVY),
        (["test", "order.created"], ("boto3", "lab", "pymysql", "slack_sdk")),
        (["preview", "--id", "1"], ("boto3", "jinja2", "lab", "pymysql", "slack_sdk", "sqlglot")),
        (["preview", "order.created"], ("boto3", "lab", "pymysql", "slack_sdk")),
    ],
)
def test_a_command_imports_what_it_needs(tmp_path: Path, arguments: list[str], without: tuple[str, ...]) -> None:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    assert not set(without) & set(ran.stderr.split())


def test_the_list_of_commands_says_what_each_says_of_itself() -> None:
    assert {verb: command.get_short_help_str(limit=200) for verb, command in main.commands.items()} == VERBS
    assert list(VERBS) == sorted(VERBS)


def test_a_command_that_is_misspelt_is_named() -> None:
    answer = run("emti")
    assert answer.exit_code == 2
    assert "emit" in answer.output


def test_a_bundle_is_code_and_a_catalog_that_the_function_reads(tmp_path: Path) -> None:
    assert run("bundle", str(tmp_path)).exit_code == 0
    assert (tmp_path / "handler/app.py").exists()
    assert not list(tmp_path.rglob("__pycache__"))
    assert {path.name for path in tmp_path.iterdir()} == {"handler", "catalog.json"}
    assert load(tmp_path / "catalog.json", "production").route("order.created")


def test_a_bundle_is_not_made_of_templates_with_mistakes(tmp_path: Path) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "order.created.yaml").write_text("id: integer\ntext: hello\n")
    answer = run("bundle", str(tmp_path / "out"), "--templates", str(templates))
    assert answer.exit_code == 1
    assert "order.created.yaml" in answer.output
    assert not (tmp_path / "out").exists()


def test_types_are_what_a_filter_policy_takes() -> None:
    types = run("types").output.strip().split(",")
    assert {"order.created", "order.shipped", "ticket.opened"} <= set(types)
    assert len(types) == len(set(types))  # two templates may be for one event


def test_emit_without_a_demo_says_what_to_do(tmp_path: Path) -> None:
    answer = run("emit", "order.created", "1042", XDG_STATE_HOME=str(tmp_path))
    assert answer.exit_code == 2
    assert "notifier demo" in answer.output


@pytest.mark.parametrize(("data", "says"), [("{", "not JSON"), ("[1]", "write an object")])
def test_emit_explains_bad_data(data: str, says: str) -> None:
    answer = run("emit", "order.created", "1042", "--data", data)
    assert answer.exit_code == 2
    assert says in answer.output


TOPIC = "arn:aws:sns:eu-west-1:1:t"


class FakeSns:
    """SNS that takes everything."""

    published: list[dict[str, Any]]

    def __init__(self) -> None:
        self.published = []

    def publish(self, **asked: Any) -> dict[str, str]:
        self.published.append(json.loads(asked["Message"]))
        return {"MessageId": "m-1"}


@pytest.mark.parametrize(
    ("event_type", "event_id", "warning"),
    [
        ("order.created", "1042", ""),
        ("order.creatd", "1042", "there is no template for order.creatd; nearest: order.created"),
        ("order.created", "T-1042", "order.created: the id is not of type integer"),
        ("order.created", "99999999999999999999", "order.created: the id is not of type integer"),
        ("special", "AB7", ""),
        ("number", "0042", ""),
        ("number", "42", "number: the id is not text that matches [0-9]{4}"),
        ("special", "ab7", "special: the id is not text that matches [A-Z]{2}[0-9]"),
        ("special", "7", "special: the id is not text that matches [A-Z]{2}[0-9]"),
        ("broken", "7", "there is no template for broken; "),
    ],
)
def test_emit_warns_of_what_no_template_takes_and_publishes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, event_type: str, event_id: str, warning: str
) -> None:
    sns = FakeSns()
    monkeypatch.setattr("cli.operations.stack.Account.client", lambda *_: sns)
    (tmp_path / "templates/_stages").mkdir(parents=True)
    for name, content in {
        "order.created": "id: integer\n",
        "other": 'event: special\nid: {pattern: "[A-Z]{2}[0-9]"}\ntext: "{{ broken"\n',
        "number": 'id: {pattern: "[0-9]{4}"}\n',
        "broken": "id: [\n",
    }.items():
        (tmp_path / f"templates/{name}.yaml").write_text(content)
    monkeypatch.chdir(tmp_path)
    answer = run("emit", event_type, event_id, "--topic", TOPIC)
    assert answer.exit_code == 0
    assert [str(one["id"]) for one in sns.published] == [event_id]
    assert answer.stderr.startswith(f"Warning: {warning}") if warning else answer.stderr == ""


def test_emit_says_which_data_a_template_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.operations.stack.Account.client", lambda *_: FakeSns())
    (tmp_path / "templates/_stages").mkdir(parents=True)
    content = "id: integer\nchannel: orders\ntext: '{{ data.by }}'\nsamples: {a: {id: 1, data: {by: Ines}}}\n"
    (tmp_path / "templates/fee.waived.yaml").write_text(content)
    monkeypatch.chdir(tmp_path)
    answer = run("emit", "fee.waived", "1", "--topic", TOPIC)
    command = """notifier emit fee.waived 1 --topic arn:aws:sns:eu-west-1:1:t --data '{"by": "Ines"}'"""
    assert answer.stderr == f"Warning: the template reads the event's `data`. Write: {command}\n"
    assert run("emit", "fee.waived", "1", "--topic", TOPIC, "--data", '{"by": "Bo"}').stderr == ""


@pytest.mark.parametrize(("answer", "published"), [("y", 1), ("n", 0)])
def test_a_person_is_asked_before_emit_publishes_what_no_template_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, published: int
) -> None:
    sns = FakeSns()
    monkeypatch.setattr("cli.operations.stack.Account.client", lambda *_: sns)
    monkeypatch.setattr("cli.commands.emit._at_a_terminal", lambda: True)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/a.b.yaml").write_text("id: integer\n")
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(main, ["emit", "a.c", "1", "--topic", TOPIC], input=f"{answer}\n")
    assert len(sns.published) == published
    assert said.exit_code == 1 - published


def test_emit_explains_a_topic_that_is_none(tmp_path: Path) -> None:
    answer = run("emit", "order.created", "1", "--topic", "notifier", XDG_STATE_HOME=str(tmp_path))
    assert answer.exit_code == 2
    assert "write the topic's ARN" in answer.output


def test_emit_is_silent_where_there_are_no_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.operations.stack.Account.client", lambda *_: FakeSns())
    monkeypatch.chdir(tmp_path)
    answer = run("emit", "order.creatd", "1", "--topic", TOPIC)
    assert (answer.exit_code, answer.stderr) == (0, "")


@pytest.mark.parametrize(
    ("select", "login", "is_told"),
    [
        ("UPDATE orders SET status = 'paid'", "/demo/application.cnf", True),
        ("  insert INTO orders VALUES (1)", "/demo/application.cnf", True),
        ("UPDATE orders SET status = 'paid'", "", False),  # somebody's own database
        ("SELEC id FROM orders", "/demo/application.cnf", False),
    ],
)
def test_sql_says_how_the_rows_of_the_demo_are_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, select: str, login: str, is_told: bool
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for name in running.NAMING:
        monkeypatch.delenv(name, raising=False)
    with running.announced("arn:topic", {}, login=login):
        answer = run("sql", select)
    assert answer.exit_code == 1
    assert ('.venv/bin/python -m lab.application /demo/application.cnf "…"' in answer.output) == is_told


def test_a_running_demo_is_found_and_a_dead_one_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert running.read() is None
    with running.announced("arn:topic", {"AWS_REGION": "us-east-1"}):
        found = running.read()
        assert found == running.Running(os.getpid(), "arn:topic", {"AWS_REGION": "us-east-1"})
        (file,) = tmp_path.rglob("*.json")
    assert not file.exists()
    file.write_text(json.dumps({"pid": 2**22 + 1, "topic": "t", "environment": {}}))
    assert running.read() is None
    file.write_text("{")
    assert running.read() is None


def test_a_demo_that_is_stopped_while_it_checks_the_templates_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("cli.compiler.compile_templates", stopped)
    answer = run("demo", "--once")
    assert (answer.exit_code, "Stopped" in answer.output) == (130, True)
