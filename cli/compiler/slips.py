"""The usual slips in YAML, each in a plain sentence with the corrected line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ruamel.yaml.error import MarkedYAMLError

from cli.compiler import crontab


@dataclass(frozen=True, slots=True)
class Slip:
    """What is wrong with a line, and what to write instead. `line` and `column` count from 1."""

    line: int
    column: int
    message: str
    fix: str = ""


# What ruamel says -> what it means -> whether quotes around the value are the cure.
_SENTENCES: Final[tuple[tuple[str, str, bool], ...]] = (
    ("mapping values are not allowed", "`: ` inside a value makes YAML read it as another key", True),
    ("cannot start any token", "a value cannot start with this sign", True),
    ("expected a comment or a line break", "`|` and `>` stand alone; their text starts on the next line", True),
    ("alphabetic or numeric character", "`*` and `&` at the start of a value mean something else in YAML", True),
    ("sequence entries are not allowed", "`- ` starts a list, which cannot stand on this line", True),
    ("while scanning a quoted scalar", "a quote is opened here and never closed", False),
    ("while scanning a double-quoted scalar", "a backslash in double quotes starts an escape", False),
    ("while scanning a simple key", "this line is neither `key: value` nor part of the value above", False),
    ("while parsing a flow", "a bracket or brace is not closed, or a comma is missing", False),
)
_TAB: Final = "a tab stands here; YAML is indented with blanks"
_INDENTATION: Final = ("this line does not line up with the lines above", False)
_INDENT: Final = "indent it like the other keys of its level"
_AFTER_COMMENT: Final = (
    "the comment above ended its value, or this line is not indented like the keys of its level",
    False,
)
_TRAILING: Final = ("text follows a value that is closed already", True)
_DEFAULT: Final = ("this cannot be read as YAML", False)
# `text:Hello` and `text：Hello`: a key, a colon that is none to YAML, and the value.
_JOINED: Final = re.compile(r"\s*(?:- +)?(?P<key>\w+)(?P<colon>:(?! |//)|：\s*)(?P<value>\S.*)")
_BLOCK: Final = re.compile(r"\s*(?:- +)?(?P<key>\w[\w -]*):\s*[|>][-+]?\s*")
_DASH: Final = re.compile(r"\s*-(?P<item>\w.*)")
_BEFORE_COLON: Final = re.compile(r"\s*(?:- +)?\w+")
_CURLY: Final = re.compile(r"[“”„‘’](?P<inner>[^“”„‘’]*)[“”‘’]")
# `  key: value` and `  - key: value`, up to the value.
_BEFORE_VALUE: Final = re.compile(r"\s*+(?:- ++)*+(?:(?:[\w. -]++|\"[^\"]*+\"|'[^']*+'):\s++)?")


def explain(error: MarkedYAMLError, lines: list[str]) -> Slip:
    """Say in words what ruamel's error means."""
    said = f"{error.problem} {error.context or ''}"
    opened_at = re.search("quoted scalar|simple key|parsing a flow", said) and error.context_mark
    mark = opened_at or error.problem_mark or error.context_mark
    line = min(mark.line, len(lines) - 1)
    column = mark.column if mark.line == line else 0
    if "while scanning a simple key" in said and (joined := _JOINED.fullmatch(lines[line])):
        return Slip(line + 1, column + 1, *_joined(joined))
    if "'\\t'" in said:
        return Slip(line + 1, column + 1, _TAB, "write blanks instead of the tab, two for each level")
    if "while parsing a block" in said and (dash := _DASH.fullmatch(lines[line - 1])):
        return Slip(line, 1, "a blank is missing after the `-`", f"write - {dash['item']}")
    if "quoted scalar" not in said and (text := _unindented_text(lines, line)):
        return text
    if "mapping values" in said and not _BEFORE_COLON.sub("", lines[line][:column]):
        return _after_a_slip(lines, line)
    sentence, quotes_help = _sentence(said, lines, line, column)
    fix = quoted(lines[line]) if quotes_help else _INDENT if sentence in (_INDENTATION[0], _AFTER_COMMENT[0]) else ""
    return Slip(line + 1, column + 1, sentence, fix)


def _unindented_text(lines: list[str], line: int) -> Slip | None:
    """A key with `|` or `>` whose text is not indented more than it: one of the two stands wrong."""
    above = lines[line - 1] if line else ""
    match = _BLOCK.fullmatch(above)
    if not match or not lines[line].strip() or _indent(lines[line]) > _indent(above):
        return None
    message = f"the text of `{match['key']}` is not indented more than `{match['key']}`"
    fix = f"indent `{match['key']}` like the other keys of its level, and its text by two blanks more"
    return Slip(line, _indent(above) + 1, message, fix)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _sentence(said: str, lines: list[str], line: int, column: int) -> tuple[str, bool]:
    for pattern, sentence, quotes_help in _SENTENCES:
        if re.search(pattern, said):
            return sentence, quotes_help
    if "while parsing a block" not in said:
        return _DEFAULT
    if lines[line][:column].strip(" -"):
        return _TRAILING
    return _AFTER_COMMENT if line and " #" in lines[line - 1] else _INDENTATION


def _after_a_slip(lines: list[str], line: int) -> Slip:
    """A line that is good in itself, which YAML has joined to the one above."""
    if joined := _JOINED.fullmatch(lines[line - 1]):
        return Slip(line, 1, *_joined(joined))
    column = len(lines[line]) - len(lines[line].lstrip())
    return Slip(line + 1, column + 1, _INDENTATION[0], "indent it like the key above, or write no value there")


def _joined(match: re.Match[str]) -> tuple[str, str]:
    full_width = match["colon"] != ":"
    message = "a full-width `：` is no `:` to YAML" if full_width else "a blank is missing after the `:`"
    return message, f"write {match['key']}: {match['value'].strip()}"


def in_key(word: str, known: Iterable[str]) -> tuple[str, str] | None:
    """What is wrong with a key that is a known one and more, and what to write; None if it is another mistake."""
    match = _JOINED.fullmatch(word)
    if match and match["key"] in known:
        return _joined(match)
    if word != word.strip() and word.strip() in known:
        return "a full-width or no-break blank stands before the key", f"write {word.strip()}: after ordinary blanks"
    return None


def between_curly_quotes(text: str) -> str:
    """Return what stands between curly quotes, which a word processor or a phone has written; empty if none are."""
    match = _CURLY.fullmatch(text)
    return match["inner"] if match else ""


def quoted(line: str) -> str:
    """Return the line with its value in quotes; empty if it has quotes already, or no value."""
    match = _BEFORE_VALUE.match(line)
    end = match.end() if match else 0
    before, value = line[:end], line[end:].rstrip()
    if not value or value[0] in "\"'|>" or not before.strip():
        return ""
    if before.strip() == "every:" and crontab.is_meant(expression := value.partition(" #")[0]):
        return f"write {crontab.instead(expression)}"
    mark = '"' if '"' not in value and "\\" not in value else "'"
    return f"write {before.strip()} {mark}{value.replace(mark, mark * 2) if mark == chr(39) else value}{mark}"
