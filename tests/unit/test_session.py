"""What a running demo says of edited templates, and what it does before anything runs."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from cli.commands import demo as command
from cli.compiler import compile_templates
from cli.demo_slack import DemoSlack
from cli.edits import Edits
from cli.main import main
from cli.preview import revision
from cli.session import Session
from cli.snapshot import snapshot
from lab import hot

TEMPLATE = """\
id: integer
channel: orders
text: Order {{ id }}
samples: {one: {id: 1}}
"""
BROKEN = TEMPLATE.replace("{{ id }}", "{{ idd }}")
STAGE = "channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\nmentions: {oncall: S0ONCALL01}\n"


class Demo:
    """A demo over a folder of templates, whose cloud only remembers what it is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "templates"
        (self.folder / "_stages").mkdir(parents=True)
        self.write(**{"_stages/demo": STAGE, "a.b": TEMPLATE, "c.d": TEMPLATE})
        self.told: dict[str, list[dict[str, Any]]] = {}
        self.shown: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []
        self.answered: dict[int, Any] = {}
        slack: Any = SimpleNamespace(
            questions=lambda: self.asked,
            answer=self.answered.__setitem__,
            replace=self.told.__setitem__,
            exhibit=self.exhibit,
            configure=lambda **_: None,
        )
        cloud: Any = SimpleNamespace(slack=slack, tables=SimpleNamespace(login=None))
        answers: Any = SimpleNamespace(of=lambda question: {"answer": [question, *self.said]})
        self.said: list[str] = []
        watch: Any = SimpleNamespace(look=lambda: 0, say=lambda text, _: self.said.append(text), topic="t")
        edits = Edits(cloud, "function", folder, self.folder)
        self.session = Session(cloud, DemoSlack(slack, "demo"), watch, edits, answers)

    def exhibit(self, items: dict[str, Any]) -> None:
        self.shown = items

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / f"{name}.yaml").write_text(text)

    def look(self) -> list[str]:
        self.said.clear()
        self.session.look()
        return [*self.said]


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Demo:
    monkeypatch.setattr(hot, "update", lambda *_: None)
    monkeypatch.setattr(revision, "LOOK_SECONDS", 0.0)
    return Demo(tmp_path)


def test_what_is_in_use_is_said_once(demo: Demo) -> None:
    late = "not in use while there is an error; the last good version speaks"
    assert demo.look() == []
    demo.write(**{"a.b": TEMPLATE + "# 1\n"})
    assert demo.look() == ["a.b.yaml: in use"]
    assert demo.look() == []
    demo.write(**{"a.b": BROKEN})
    assert demo.look() == [f"a.b.yaml: {late}"]
    assert len(demo.told["finding"]) == 1
    demo.write(**{"c.d": TEMPLATE + "# 2\n"})
    assert demo.look() == [f"a.b.yaml: {late}", f"c.d.yaml: {late}"]
    demo.write(**{"a.b": TEMPLATE + "# 3\n"})
    assert demo.look() == ["a.b.yaml: in use", "c.d.yaml: in use"]
    assert demo.told["finding"] == []
    (demo.folder / "c.d.yaml").unlink()
    assert demo.look() == ["c.d.yaml: deleted, and no longer in use"]
    assert demo.look() == []


def test_what_is_asked_after_an_edit_is_answered_once_it_is_in_use(demo: Demo) -> None:
    demo.write(**{"a.b": TEMPLATE + "# 1\n"})
    demo.asked = [{"number": 7, "question": {"story": "e"}}]
    demo.look()
    assert demo.answered == {7: {"answer": [{"story": "e"}, "a.b.yaml: in use"]}}


def test_a_deleted_file_is_never_said_to_be_in_use(demo: Demo) -> None:
    demo.write(**{"a.b": BROKEN})
    demo.look()
    (demo.folder / "c.d.yaml").unlink()
    assert demo.look()[-1] == "c.d.yaml: deleted, but still in use while there is an error"
    (demo.folder / "a.b.yaml").unlink()
    demo.write(**{"e.f": TEMPLATE})
    deleted = [f"{name}.yaml: deleted, and no longer in use" for name in ("a.b", "c.d")]
    assert demo.look() == ["e.f.yaml: in use", *deleted]
    assert demo.told["finding"] == []


def test_what_was_saved_before_the_watch_began_is_an_edit_too(demo: Demo, tmp_path: Path) -> None:
    seen = snapshot(demo.folder)
    demo.write(**{"a.b": TEMPLATE + "# saved while the demo started\n"})
    edits = Edits(None, "function", tmp_path, demo.folder, seen)  # type: ignore[arg-type]
    assert edits.look()
    assert edits.edited == {"a.b.yaml"}
    assert edits.look() is None


def test_the_page_learns_what_templates_call_people(demo: Demo) -> None:
    demo.write(**{"_stages/demo": STAGE.replace("oncall", "night")})
    demo.look()
    assert demo.told["mention"] == [{"kind": "mention", "id": "S0ONCALL01", "name": "night"}]
    demo.write(**{"_stages/demo": STAGE.replace("oncall", "day"), "a.b": BROKEN})
    demo.look()
    assert demo.told["mention"][0]["name"] == "night"


def test_the_page_gets_the_notifications_as_they_are_edited(demo: Demo) -> None:
    demo.session.exhibit(compile_templates(demo.folder))
    (pair,) = demo.shown["notification:a.b"]["pairs"]
    assert pair["after"]["messages"][0]["text"] == "[demo] Order 1"
    demo.write(**{"a.b": TEMPLATE.replace("Order", "Edited")})
    demo.look()
    (pair,) = demo.shown["notification:a.b"]["pairs"]
    assert pair["after"]["messages"][0]["text"] == "[demo] Edited 1"
    demo.write(**{"a.b": BROKEN})
    demo.look()
    assert demo.shown["notification:a.b"]["pairs"] == [pair]
    assert demo.shown["notification:a.b"]["stale"]
    assert {item["kind"] for item in demo.shown.values()} == {"change", "notification", "stage"}
    assert len(demo.told["finding"]) == 1


def test_a_change_is_none_any_more_once_it_is_committed(demo: Demo) -> None:
    def commit() -> str:
        for arguments in (["init"], ["add", "--all"], ["commit", "--message=a"]):
            subprocess.run([*git, *arguments], check=True, capture_output=True)
        demo.look()
        return str(demo.shown["notification:a.b"]["change"])

    git = ["git", "-C", str(demo.folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    assert commit() == "same"
    demo.write(**{"a.b": TEMPLATE.replace("Order", "Edited")})
    demo.look()
    assert demo.shown["notification:a.b"]["change"] == "changed"
    assert commit() == "same"


@pytest.mark.parametrize("arguments", [[], ["--once"]])
def test_nothing_is_started_with_a_broken_template(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    def started(*_: object) -> None:
        pytest.fail("the cloud was started")

    demo.write(**{"a.b": BROKEN})
    monkeypatch.setattr(command, "local_cloud", started)
    answer = CliRunner().invoke(main, ["demo", *arguments, "--templates", str(demo.folder)])
    assert answer.exit_code == 1
    assert "templates/a.b.yaml:3:13: TEMPLATE_UNDEFINED" in answer.output
    assert "fix: write {{ id }}; nearest: id" in answer.output


def test_the_event_of_a_sample_has_its_data_as_a_publisher_writes_it(tmp_path: Path) -> None:
    demo = Demo(tmp_path)
    sample = "{id: 2, data: {old: null, new: paid, at: 2026-01-05T10:00:00Z, sum: 1.50}}"
    demo.write(**{"c.d": TEMPLATE.replace("{id: 1}", sample)})
    data = {"old": None, "new": "paid", "at": "2026-01-05 10:00:00+00:00", "sum": "1.50"}
    assert command.sample_events(demo.folder) == [
        {"type": "a.b", "id": 1},
        {"type": "c.d", "id": 2, "data": data},
    ]
