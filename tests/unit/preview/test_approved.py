"""A file of approved messages says what was written into it, whatever git and editors do to it, or why it does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.preview import approved
from cli.preview.approved import Approved, UnreadableError

NAMES = [
    "in yen",
    "",
    "至急、注文なし",
    "a/b",
    "CON",
    'a "b": c',
    "a\nsample: b",
    " a ",
    "\u202eb",
    "true",
    "<<<<<<< HEAD",
]
LINES = ("channel: orders", "text:", "  | sample: b", "  |", "", "channel: b", 'text: "x"')
GOOD = Approved("production", {approved.name_of(name): LINES for name in NAMES})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = approved.path(tmp_path, "order.created")
    approved.write(file, GOOD)
    assert approved.read(file) == GOOD
    assert len(GOOD.samples) == len(NAMES)
    assert [one.name for one in file.parent.iterdir()] == ["order.created.txt"]
    assert approved.names(tmp_path) == ["order.created"]
    assert all(line == line.rstrip() for line in file.read_text("utf-8").splitlines())


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: f"\ufeff{text}",
        lambda text: f"{text}\n\n",
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("# What", "# Something else"),
    ],
    ids=["CRLF", "a byte order mark", "blank lines", "no line end", "another comment"],
)
def test_what_git_and_editors_do_to_a_file_is_no_change(tmp_path: Path, change) -> None:
    file = tmp_path / "one.txt"
    file.write_bytes(change(approved.text(GOOD)).encode())
    assert approved.read(file) == GOOD


@pytest.mark.parametrize("line", [number for number in range(len(LINES)) if LINES[number]])
def test_an_edited_line_is_a_change(line: int) -> None:
    edited = approved.text(GOOD).replace(f"  {LINES[line]}\n", f"  {LINES[line]}x\n", 1)
    assert approved.parse(edited) != GOOD


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("stage: a\n<<<<<<< HEAD\n", 2, "merge conflict"),
        ("sample: a\n  x\n=======\n", 3, "merge conflict"),
        ("sample: a\n||||||| 1a2b3c\n", 2, "merge conflict"),
        ("sample: a\n  x\n>>>>>>> branch\n", 3, "merge conflict"),
        ("stage: a\n\nsample: a\n  x\n\nsample: a\n", 6, "twice"),
        ("stage: a\ntext: x\n", 2, "no sample"),
        ("  x\n", 1, "no sample"),
        ("sample: a\n  x\n# note\n", 3, "no sample"),
        ("stage: a\nstage: b\n", 2, "no sample"),
    ],
)
def test_a_broken_file_is_named_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(UnreadableError, match=says) as caught:
        approved.parse(text)
    assert caught.value.line == line


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "bytes.txt").write_bytes(b"sample: \xff\n")
    (tmp_path / "large.txt").write_bytes(b"#" * 100)
    (tmp_path / "link.txt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.txt")
    monkeypatch.setattr(approved, "MAX_BYTES", 99)
    for name, says in {
        "folder": "not a file",
        "bytes": "UTF-8",
        "large": "1 MiB",
        "link": "not a file",
        "pipe": "not a file",
    }.items():
        with pytest.raises(UnreadableError, match=says):
            approved.read(tmp_path / f"{name}.txt")


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / approved.FOLDER / "one.txt"
    approved.write(file, GOOD)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="space"):
        approved.write(file, Approved("production", {"a": ("x",)}))
    assert approved.read(file) == GOOD
    assert [*file.parent.iterdir()] == [file]


def test_a_file_without_samples_is_removed(tmp_path: Path) -> None:
    file = tmp_path / approved.FOLDER / "one.txt"
    approved.write(file, GOOD)
    approved.write(file, Approved("production"))
    assert not file.exists()
