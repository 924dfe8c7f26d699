"""The version of a template before its last change comes out of a real git repository, and out of nothing else."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import compiler, previous_versions
from cli.compiler.findings import OF_SLACK, RULES
from cli.edits import Edits
from cli.main import main
from cli.previous_versions import with_previous
from handler.catalog import load, read
from lab import hot
from lab.aws import Aws

STAGE = "channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\n"
FILE = "order.created.yaml"
TEMPLATE = """\
id: integer
channel: orders
text: {text}
samples: {{one: {{id: 1}}}}
"""
GONE = TEMPLATE.format(text="'{{ vars.gone }}'")  # good in its day, but the stage has no such variable any more

# What Slack shows as written or refuses, by the code of lint: the function renders it.
RENDERED = {
    "MARKUP_BRACKETS": TEMPLATE.format(text="'one <!chanel>'"),
    "MARKUP_BRACES": TEMPLATE.format(text="'one {id}'"),
    "SLACK_REFUSES": TEMPLATE.format(text="one") + "blocks: [{type: image, image_url: 'https://example.org/a.png'}]\n",
}

Commit = Callable[..., None]


def text(words: str) -> str:
    return TEMPLATE.format(text=words)


def git(folder: Path, *arguments: str) -> None:
    name = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", folder, *name, *arguments], check=True, capture_output=True)


@pytest.fixture(autouse=True)
def no_git_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook that runs the tests would name its own repository."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The templates of a repository without commits, in a folder of it."""
    templates = tmp_path / "app" / "templates"
    (templates / "_stages").mkdir(parents=True)
    (templates / "_stages" / "production.yaml").write_text(STAGE)
    git(tmp_path / "app", "init", "-q")
    return templates


@pytest.fixture
def commit(folder: Path) -> Commit:
    """Commit versions of a file, oldest first."""

    def versions(*contents: str, file: str = FILE) -> None:
        for content in contents:
            (folder / file).write_text(content)
            git(folder, "add", "-A")
            git(folder, "commit", "-q", "-m", "one", "--allow-empty")

    return versions


def before(folder: Path) -> dict[str, str | None]:
    """The text of the previous version of each template of a folder."""
    compilation = compiler.compile_templates(folder)
    assert not compilation.errors
    document: dict[str, Any] = with_previous(compilation, folder).catalog
    found = [one for several in read(document, "production").notifications.values() for one in several]
    assert [one.previous.previous for one in found if one.previous] == [None] * sum(bool(one.previous) for one in found)
    return {one.name: one.previous.text.source if one.previous else None for one in found}


@pytest.mark.parametrize(
    ("committed", "now", "expected"),
    [
        ([text("one")], text("one"), None),
        ([text("one"), text("two")], text("two"), "one"),
        ([text("one"), text("two")], text("three"), "two"),
        ([text("one")], text("edited"), "one"),
        ([text("one"), text("two"), text("one")], text("one"), "two"),
        # What cannot be used is skipped: a broken file, one that needs what is gone, one for another event.
        ([text("one"), "id: [", text("two")], text("two"), "one"),
        ([text("one"), GONE, text("two")], text("two"), "one"),
        ([text("one"), "event: order.paid\n" + text("other"), text("two")], text("two"), "one"),
        # A comment or a sample is no other message.
        ([text("one"), text("two") + "# mended\n", text("two")], text("two"), "one"),
        ([text("one"), text("two").replace("id: 1", "id: 2"), text("two")], text("two"), "one"),
        # As far back as five versions.
        ([text("one"), *["id: ["] * 3, text("two")], text("two"), "one"),
        ([text("one"), "id: [", "id: {", "id: [", "id: {", text("two")], text("two"), None),
    ],
)
def test_the_version_before_the_last_change_that_still_compiles(
    folder: Path, commit: Commit, committed: list[str], now: str, expected: str | None
) -> None:
    commit(*committed)
    (folder / FILE).write_text(now)
    assert before(folder) == {"order.created": expected}


@pytest.mark.parametrize("code", sorted(code for code in OF_SLACK if RULES[code].severity == "error"))
def test_an_earlier_version_only_has_to_render(folder: Path, commit: Commit, code: str) -> None:
    (folder / FILE).write_text(RENDERED[code])
    assert {one.code for one in compiler.compile_templates(folder).findings} == {code}
    commit(RENDERED[code], text("two"))
    earlier = before(folder)["order.created"]
    assert earlier
    assert earlier.startswith("one")


def test_its_places_name_the_commit(folder: Path, commit: Commit) -> None:
    commit(text("one"), text("two"))
    catalog = with_previous(compiler.compile_templates(folder), folder).catalog
    short = subprocess.run(
        ["git", "-C", folder, "log", "--format=%h", "--reverse"], check=True, capture_output=True, text=True
    ).stdout.split()[0]
    assert catalog["notifications"][0]["previous"]["text"]["where"] == f"{FILE}@{short}:3 text"


def test_a_file_that_was_removed_meanwhile_keeps_its_history(folder: Path, commit: Commit) -> None:
    commit(text("one"))
    (folder / FILE).unlink()
    git(folder, "commit", "-qam", "gone")
    commit(text("two"))
    assert before(folder) == {"order.created": "one"}


def test_a_clone_without_history_has_none(folder: Path, commit: Commit, tmp_path: Path) -> None:
    commit(text("one"), text("two"))
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{tmp_path}/app", "shallow")
    assert before(tmp_path / "shallow" / "templates") == {"order.created": None}
    git(tmp_path / "shallow", "fetch", "-q", "--unshallow")
    assert before(tmp_path / "shallow" / "templates") == {"order.created": "one"}


def test_what_is_no_checkout_has_none(folder: Path, commit: Commit, tmp_path: Path) -> None:
    (folder / FILE).write_text(text("one"))
    assert before(folder) == {"order.created": None}  # nothing is committed
    folder.rename(tmp_path / "copy")
    assert before(tmp_path / "copy") == {"order.created": None}


def test_without_git_there_is_none(folder: Path, commit: Commit, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(text("one"), text("two"))
    monkeypatch.setenv("PATH", str(folder))
    assert before(folder) == {"order.created": None}


def test_a_git_that_hangs_is_not_waited_for(
    folder: Path, commit: Commit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(text("one"), text("two"))
    commit(text("three"), text("four"), file="order.paid.yaml")
    called = tmp_path / "called"
    hanging = tmp_path / "bin" / "git"
    hanging.parent.mkdir()
    hanging.write_text(f"#!/bin/sh\necho >> {called}\nexec sleep 60\n")
    hanging.chmod(0o755)
    monkeypatch.setenv("PATH", str(hanging.parent), prepend=":")
    monkeypatch.setattr(previous_versions, "GIT_SECONDS", 0.2)
    assert before(folder) == {"order.created": None, "order.paid": None}
    assert called.read_text() == "\n"  # once, and not once for each file


def test_an_edit_during_the_demo_falls_back_on_what_is_committed(
    folder: Path, commit: Commit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(text("one"))
    monkeypatch.setattr(hot, "update", lambda *_: None)
    edits = Edits(Aws("http://127.0.0.1:1", tmp_path / "log"), "function", tmp_path, folder)
    (folder / FILE).write_text(text("edited"))
    assert edits.look()
    (one,) = load(tmp_path / "catalog.json", "production").route("order.created")
    assert one.previous
    assert (one.text.source, one.previous.text.source) == ("edited", "one")


def test_a_bundle_has_it_and_says_how_many(folder: Path, commit: Commit, tmp_path: Path) -> None:
    commit(text("one"), text("two"))
    commit(text("three"), file="order.paid.yaml")
    answer = CliRunner().invoke(main, ["bundle", str(tmp_path / "out"), "--templates", str(folder)])
    assert answer.exit_code == 0
    assert answer.output.startswith("2 templates, 1 of them with an earlier version to fall back on\n")
    (one,) = load(tmp_path / "out" / "catalog.json", "production").route("order.created")
    assert one.previous
    assert one.previous.text.source == "one"
