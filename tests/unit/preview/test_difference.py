"""`notifier preview --diff`: the messages of a revision of git beside those of now."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from cli.main import main
from cli.preview.revision import checked_out
from tests.unit.preview.folders import GOOD, STAGE, written


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "Change", "--allow-empty")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose last commit has what the folder has."""
    monkeypatch.chdir(tmp_path)
    for name in [one for one in os.environ if one.startswith("GIT_")]:
        monkeypatch.delenv(name)
    found = written(tmp_path, **{"order.created.jp.yaml": None})
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    return found


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["preview", *arguments])


def lines(*arguments: str) -> list[str]:
    answer = run(*arguments)
    assert answer.exit_code == 0, answer.output
    return [line for line in answer.stdout.splitlines() if line]


def test_what_is_the_same_is_not_shown(folder: Path) -> None:
    assert lines("--diff") == ["0 messages differ from HEAD"]


def test_a_changed_message_has_both(folder: Path) -> None:
    (folder / "order.created.yaml").write_text(GOOD.replace("Order *", "A new order *"))
    assert lines("order.created", "--diff") == [
        "order.created · usual · production · #orders: message changed",
        "    channel: orders",
        "  - text: Order *T-1* of Zoë &lt;VIP&gt;",
        "  + text: A new order *T-1* of Zoë &lt;VIP&gt;",
        "    destination: C0ORDERS01",
        "1 message differs from HEAD",
    ]
    commit(folder)
    assert lines("--diff") == ["0 messages differ from HEAD"]
    assert lines("--diff", "HEAD~1")[-1] == "1 message differs from HEAD~1"


@pytest.mark.parametrize(
    ("change", "titles"),
    [
        (GOOD.replace("channel: orders", "channel: [orders, ops]"), ["usual · production · #ops: message added"]),
        (GOOD.replace("usual:", "other:"), ["other · production · #orders: new sample",
                                            "usual · production · #orders: sample removed"]),
        (GOOD.replace("!= 'T-0'", "== 'T-0'"), ["usual · production: message added",
                                                "usual · production · #orders: message removed",
                                                "silent · production · #orders: message added",
                                                "silent · production: message removed"]),
        (None, ["usual · production · #orders: sample removed", "silent · production: sample removed"]),
    ],
)  # fmt: skip
def test_messages_and_samples_come_and_go(folder: Path, change: str | None, titles: list[str]) -> None:
    for name in ("production", "staging"):
        (folder / f"_stages/{name}.yaml").write_text(STAGE.replace("}", ", ops: C0OPS00001}"))
    (folder / "other.yaml").write_text(GOOD)
    commit(folder)
    if change is None:
        (folder / "order.created.yaml").unlink()
    else:
        (folder / "order.created.yaml").write_text(change)
    found = [line for line in lines("--diff") if line.startswith("order.created ·")]
    assert found == [f"order.created · {title}" for title in titles]


def test_a_stage_is_taken_from_the_revision_too(folder: Path) -> None:
    (folder / "_stages/production.yaml").write_text(STAGE.replace("C0ORDERS01", "C0ORDERS02"))
    assert "  - destination: C0ORDERS01" in lines("--diff")
    (folder / "_stages/new.yaml").write_text(STAGE)
    assert lines("--diff", "--stage", "new") == [
        "Stage new cannot be read at HEAD.",
        "0 messages differ from HEAD",
    ]


def test_a_revision_that_does_not_compile_is_said(folder: Path) -> None:
    (folder / "order.created.yaml").write_text("id: [")
    (folder / "other.yaml").write_text(GOOD)
    commit(folder)
    (folder / "order.created.yaml").write_text(GOOD)
    (folder / "other.yaml").write_text(GOOD.replace("Order", "Other"))
    found = run("--diff")
    assert found.exit_code == 0
    assert "At HEAD: order.created.yaml:1:" in found.stdout
    assert "1 message differs from HEAD" in found.stdout


def test_errors_of_now_are_findings(folder: Path) -> None:
    (folder / "order.created.yaml").write_text("id: [")
    found = run("--diff")
    assert found.exit_code == 1
    assert "templates/order.created.yaml:1:" in found.stdout
    assert "sample removed" not in found.stdout


def test_the_checkout_stays_as_it_is(folder: Path) -> None:
    (folder / "order.created.yaml").write_text(GOOD.replace("Order", "Other"))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    run("--diff")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--diff", "nowhere"], "There is no revision nowhere."),
        (["--diff", "HEAD~9"], "There is no revision HEAD~9."),
        (["--diff", "--json"], "Choose one of --json, --diff."),
        (["order.created", "--id", "1", "--diff"], "--diff compares samples"),
        (["--diff", "HEAD", "--sample", "usuall"], "Did you mean usual?"),
    ],
)
def test_misuse_is_answered(folder: Path, arguments: list[str], says: str) -> None:
    answer = run(*arguments)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert says in answer.stderr


def test_it_works_in_a_python_whose_tar_files_have_no_filters(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("tarfile.data_filter", raising=False)
    with checked_out(folder, "HEAD") as copy:
        assert (copy / "order.created.yaml").read_bytes() == (folder / "order.created.yaml").read_bytes()


def test_an_option_is_no_revision(folder: Path) -> None:
    with pytest.raises(click.UsageError, match="There is no revision --output=x."), checked_out(folder, "--output=x"):
        pass
    assert not (folder / "x").exists()


def test_a_folder_that_the_revision_does_not_have(folder: Path) -> None:
    (folder.parent / "more/_stages").mkdir(parents=True)
    (folder.parent / "more/a.yaml").write_text(GOOD)
    answer = run("--templates", "more", "--diff")
    assert (answer.exit_code, "There is no more at revision HEAD." in answer.stderr) == (2, True)


def test_no_repository_and_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    written(tmp_path)
    assert "templates is not in a git repository." in run("--diff").stderr
    monkeypatch.setenv("PATH", "")
    answer = run("--diff")
    assert (answer.exit_code, "git is not installed" in answer.stderr) == (2, True)
