"""The commands explain themselves, and misuse gets an answer that helps."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from cli import running
from cli.main import main
from cli.show import panel
from handler.catalog import load


def run(*arguments: str, **environment: str):
    return CliRunner().invoke(main, arguments, env=environment)


@pytest.mark.parametrize("command", [(), *((name,) for name in main.commands)])
def test_every_command_has_help(command: tuple[str, ...]) -> None:
    answer = run(*command, "--help")
    assert answer.exit_code == 0
    assert len(answer.output.splitlines()) > 5


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


def test_a_message_is_shown_as_people_wrote_it() -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "A & B"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Zoë &lt;VIP&gt;*"}},
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "抹茶"}]},
    ]
    console = Console(file=io.StringIO(), width=60)
    console.print(panel({"channel_name": "orders", "ts": "1.2", "text": "fallback", "blocks": blocks}))
    console.print(panel({"channel_name": "orders", "ts": "1.3", "text": "only &amp; text", "blocks": []}))
    console.print(panel({"channel_name": "orders", "ts": "1.4", "text": "x", "thread_ts": "1.2", "edited": 1.5}))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    for part in ("#orders", "A & B", "*Zoë <VIP>*", "抹茶", "only & text", "#orders, a reply, edited"):
        assert part in shown
    assert "fallback" not in shown
