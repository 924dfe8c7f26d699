"""`notifier new` without a database: what is misused, and what shows the event alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.compiler import compile_templates
from cli.language import LANGUAGES
from cli.main import main
from cli.new_template import validation
from cli.preview import approved

STAGE = "channels: {builds: C0BUILDS01, orders: C0ORDERS01}\nfallback: C0FALLBACK\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "templates"
    (found / "_stages").mkdir(parents=True)
    (found / "_stages/production.yaml").write_text(STAGE)
    return found


def run(folder: Path, name: str, *arguments: str, language: str = "en") -> Result:
    return CliRunner().invoke(main, ["--lang", language, "new", name, "--templates", str(folder), *arguments])


def files(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_template_that_shows_the_event_alone(folder: Path, language: str) -> None:
    options = ["--no-table", "--columns", "branch,author", "--channel", "builds", "--language", language]
    ran = run(folder, "build.failed", *options, language=language)
    assert ran.exit_code == 0, ran.output
    assert files(folder) == ["_approved/build.failed.txt", "_stages/production.yaml", "build.failed.yaml"]
    assert compile_templates(folder).findings == ()
    assert "{{ data.branch | default('-') }}" in (folder / "build.failed.yaml").read_text()
    assert "Build failed: 1" in (folder / "_approved/build.failed.txt").read_text()
    assert CliRunner().invoke(main, ["test", "--templates", str(folder)]).exit_code == 0
    assert "no findings" in CliRunner().invoke(main, ["lint", "--pii", str(folder)]).output


@pytest.mark.parametrize(("typed", "form"), [("17", "integer"), ("A-17", "pattern"), ("x" * 99, "pattern")])
def test_the_id_has_the_form_of_the_one_that_is_given(folder: Path, typed: str, form: str) -> None:
    ran = run(folder, "build.failed", "--no-table", "--channel", "builds", "--id", typed)
    assert ran.exit_code == 0, ran.output
    assert form in (folder / "build.failed.yaml").read_text()


@pytest.mark.parametrize(
    ("name", "arguments", "status", "said"),
    [
        ("Order.Created", [], 2, "order.created"),
        ("../x", [], 2, "not an event type"),
        ("x" * 129, [], 2, "not an event type"),
        ("a.b", [], 2, "--table, --channel"),
        ("a.b", ["--yes"], 2, "--table, --channel"),
        ("a.b", ["--no-table"], 2, "add --channel"),
        ("a.b", ["--no-table", "--table", "orders"], 2, "--no-table reads no row"),
        ("a.b", ["--no-table", "--channel", "bilds"], 2, "Did you mean builds?"),
        ("a.b", ["--no-table", "--channel", "builds", "--title", "{{ x }}"], 2, "without {{ }}"),
        ("a.b", ["--no-table", "--channel", "builds", "--title", "x" * 61], 2, "at most 60"),
        ("a.b", ["--no-table", "--channel", "builds", "--title", "**x**"], 1, "MARKUP_MARKDOWN"),
        ("a.b", ["--no-table", "--channel", "builds", "--columns", "a b"], 2, "cannot be a key"),
        ("a.b", ["--no-table", "--channel", "builds", "--columns", "password"], 2, "cannot be a key"),
        ("a.b", ["--no-table", "--channel", "builds", "--owner", "x" * 81], 1, "at most 80"),
        ("a.b", ["--table", "orders", "--channel", "orders", "--db", "postgres://x@y/z"], 2, "mysql://"),
        ("a.b", ["--table", "t", "--channel", "orders", "--db", "mysql://x@127.0.0.1:1/z"], 1, "DB_UNAVAILABLE"),
    ],
)
def test_what_is_misused_is_named_and_nothing_is_written(
    folder: Path, name: str, arguments: list[str], status: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFIER_DB_PASSWORD", "x")
    ran = run(folder, name, *arguments)
    assert (ran.exit_code, said in ran.output) == (status, True), ran.output
    assert files(folder) == ["_stages/production.yaml"]


@pytest.mark.parametrize("file", ["a.b.yaml", "_approved/a.b.txt"])
def test_a_file_that_is_there_is_never_replaced(folder: Path, file: str) -> None:
    (folder / "_approved").mkdir()
    (folder / file).write_text("mine")
    ran = run(folder, "a.b", "--no-table", "--channel", "builds")
    assert ran.exit_code == 2
    assert "is not replaced" in ran.output
    assert (folder / file).read_text() == "mine"


def test_what_cannot_be_written_as_a_whole_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> str:
        raise KeyboardInterrupt

    assert run(folder, "a.b", "--no-table", "--channel", "builds").exit_code == 0
    [template] = compile_templates(folder).templates
    for file in ("a.b.yaml", "_approved/a.b.txt"):
        (folder / file).unlink()
    (folder / "_approved/a.b.txt").mkdir()
    with pytest.raises(OSError, match="a.b.txt"):
        validation.write(folder, template, b"x", compile_templates(folder).stages)
    assert not (folder / "a.b.yaml").exists()
    monkeypatch.setattr(approved, "text", interrupted)
    assert run(folder, "c.d", "--no-table", "--channel", "builds").exit_code == 1
    assert not [*folder.glob("c.d*")]
