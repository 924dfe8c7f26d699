"""Findings as GitHub shows them, and that no text of a template commands its runner."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

import pytest

from cli import github
from cli.compiler import Finding

FOLDER = PurePath("shop/templates")
# What a template may hold, and a runner must not obey: in a line of its own, or anywhere in one.
HOSTILE = [
    "::set-output name=x::y",
    "x\n::add-mask::x",
    "x\r::stop-commands::x",
    "x\r\n::warning::x",
    "50% %0A::error::x",
    "##[set-env name=PATH]x",
    "x ##[add-path]/tmp",
    "a, b: c",
    "| a | <img src=x> `b` [c](http://d) \\",
    "抹茶\n- [ ] x",
]


def finding(message: str = "it is wrong", code: str = "VALUE_INVALID", line: int = 3, fix: str = "write x") -> Finding:
    return Finding("order.created.yaml", line, 5, code, message, fix)


def unescaped(text: str) -> str:
    """A message as a runner reads it."""
    for sign, escape in (("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C"), ("%", "%25")):
        text = text.replace(escape, sign)
    return text


def test_a_finding_is_an_annotation_of_its_line() -> None:
    assert [*github.lines([finding(), finding(code="VALUE_EMPTY")], FOLDER)] == [
        "::error file=shop/templates/order.created.yaml,line=3,col=5,title=VALUE_INVALID::it is wrong%0Afix: write x",
        "::warning file=shop/templates/order.created.yaml,line=3,col=5,title=VALUE_EMPTY::it is wrong%0Afix: write x",
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_template_is_a_command(text: str) -> None:
    findings = [finding(text, line=number, fix=text) for number in range(github.SHOWN + 2)]
    lines = [*github.lines(findings, FOLDER)]
    assert len(lines) == len(findings)
    for line in lines[: github.SHOWN]:
        command = re.fullmatch(r"::error ([^:]*)::(.*)", line)
        assert command
        assert unescaped(command[2]) == f"{text}\nfix: {text}"
    for line in lines[github.SHOWN :]:
        assert not re.search(r"[\r\n]|^\s*::|##\[", line)
    assert not re.search(r"[\r\n]|^\s*::|##\[", github.harmless(text))


def test_a_file_cannot_end_its_property() -> None:
    one = Finding("a,title=x::y.yaml", 1, 1, "VALUE_INVALID", "m", "f")
    [line] = github.lines([one], PurePath())
    assert line.startswith("::error file=a%2Ctitle=x%3A%3Ay.yaml,line=1,")


def test_github_shows_ten_of_each_kind_and_the_log_has_the_others() -> None:
    findings = [finding(code=code, line=line) for line in range(1, 14) for code in ("VALUE_EMPTY", "VALUE_INVALID")]
    lines = [*github.lines(findings, FOLDER)]
    assert [sum(line.startswith(start) for line in lines) for start in ("::error", "::warning", "shop/")] == [10, 10, 6]
    assert lines[0].startswith("::error")


@pytest.mark.parametrize("text", HOSTILE)
def test_the_summary_has_a_row_for_each_finding(text: str) -> None:
    page = github.summary([finding(code="VALUE_EMPTY"), finding(text)], FOLDER, "1 template: 2 findings")
    rows = page.splitlines()[4:]
    assert len(rows) == 4
    assert "VALUE\\_INVALID" in rows[2]  # errors come first
    assert "VALUE\\_EMPTY \\(warning\\)" in rows[3]
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) == 5
        assert not re.search(r"<(?!br>)", row)


def test_a_summary_is_no_longer_than_github_takes() -> None:
    page = github.summary([finding("x" * 200, line=line) for line in range(3000)], FOLDER, "")
    assert len(page.encode()) < 1 << 20
    assert page.endswith("and 2000 more\n")
    assert "| --- |" not in github.summary([], FOLDER, "no findings")


def test_files_are_named_from_the_root_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "repository/shop/templates"
    folder.mkdir(parents=True)
    assert github.within(folder, {github.WORKSPACE: str(tmp_path / "repository")}) == FOLDER
    monkeypatch.chdir(folder.parent)
    assert github.within(Path("templates"), {github.WORKSPACE: "/elsewhere"}) == PurePath("templates")
    (tmp_path / "repository/.git").touch()  # in a worktree it is a file
    assert github.within(Path("templates"), {}) == FOLDER
