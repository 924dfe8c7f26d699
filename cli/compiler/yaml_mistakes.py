"""Explains common YAML mistakes in plain sentences, each with the corrected line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ruamel.yaml.error import MarkedYAMLError

from cli.compiler import crontab
from cli.language import later, say


@dataclass(frozen=True, slots=True)
class Slip:
    """What is wrong with a line, and what to write instead. `line` and `column` count from 1."""

    line: int
    column: int
    message: str
    fix: str = ""


# ruamel's message -> what it means -> whether quotes around the value fix it.
_SENTENCES: Final[tuple[tuple[str, str, bool], ...]] = (
    ("mapping values are not allowed", later("`: ` inside a value makes YAML read it as another key"), True),
    ("cannot start any token", later("a value cannot start with this sign"), True),
    ("expected a comment or a line break", later("`|` and `>` stand alone; their text starts on the next line"), True),
    ("alphabetic or numeric character", later("`*` and `&` at the start of a value mean something else in YAML"), True),
    ("sequence entries are not allowed", later("`- ` starts a list, which cannot stand on this line"), True),
    ("while scanning a quoted scalar", later("a quote is opened here and never closed"), False),
    ("while scanning a double-quoted scalar", later("a backslash in double quotes starts an escape"), False),
    ("while scanning a simple key", later("this line is neither `key: value` nor part of the value above"), False),
    ("while parsing a flow", later("a bracket or brace is not closed, or a comma is missing"), False),
)
_TAB: Final = later("a tab stands here; YAML is indented with blanks")
_INDENTATION: Final = (later("this line does not line up with the lines above"), False)
_INDENT: Final = later("indent it like the other keys of its level")
_AFTER_COMMENT: Final = (
    later("the comment above ended its value, or this line is not indented like the keys of its level"),
    False,
)
_TRAILING: Final = (later("text follows a value that is closed already"), True)
_DEFAULT: Final = (later("this cannot be read as YAML"), False)
# `text:Hello` and `text：Hello`: a key, a colon that YAML does not accept, and the value.
_JOINED: Final = re.compile(r"\s*(?:- +)?(?P<key>\w+)(?P<colon>:(?! |//)|：\s*)(?P<value>\S.*)")
_BLOCK: Final = re.compile(r"\s*(?:- +)?(?P<key>\w[\w -]*):\s*[|>][-+]?\s*")
_DASH: Final = re.compile(r"\s*-(?P<item>\w.*)")
_BEFORE_COLON: Final = re.compile(r"\s*(?:- +)?\w+")
_CURLY: Final = re.compile(r"[“”„‘’](?P<inner>[^“”„‘’]*)[“”‘’]")
# `  key: value` and `  - key: value`, up to the value.
_BEFORE_VALUE: Final = re.compile(r"\s*+(?>(?:- ++)*)(?:(?:[\w. -]++|\"[^\"]*+\"|'[^']*+'):\s++)?")


def explain(error: MarkedYAMLError, lines: list[str]) -> Slip:
    """Say in plain words what ruamel's error means, and how to fix it."""
    said = f"{error.problem} {error.context or ''}"
    opened_at = re.search("quoted scalar|simple key|parsing a flow", said) and error.context_mark
    mark = opened_at or error.problem_mark or error.context_mark
    line = min(mark.line, len(lines) - 1)
    column = mark.column if mark.line == line else 0
    if "while scanning a simple key" in said and (joined := _JOINED.fullmatch(lines[line])):
        return Slip(line + 1, column + 1, *_joined(joined))
    if "'\\t'" in said:
        return Slip(line + 1, column + 1, say(_TAB), say("write blanks instead of the tab, two for each level"))
    if "while parsing a block" in said and (dash := _DASH.fullmatch(lines[line - 1])):
        fix = say("write {code}", code=f"- {dash['item']}")
        return Slip(line, 1, say("a blank is missing after the `-`"), fix)
    if "quoted scalar" not in said and (text := _unindented_text(lines, line)):
        return text
    if "mapping values" in said and not _BEFORE_COLON.sub("", lines[line][:column]):
        return _after_a_slip(lines, line)
    sentence, quotes_help = _sentence(said, lines, line, column)
    indent = say(_INDENT) if sentence in (_INDENTATION[0], _AFTER_COMMENT[0]) else ""
    return Slip(line + 1, column + 1, say(sentence), quoted(lines[line]) if quotes_help else indent)


def _unindented_text(lines: list[str], line: int) -> Slip | None:
    """Report a key with `|` or `>` whose text is not indented more than the key."""
    above = lines[line - 1] if line else ""
    match = _BLOCK.fullmatch(above)
    if not match or not lines[line].strip() or _indent(lines[line]) > _indent(above):
        return None
    message = say("the text of `{key}` is not indented more than `{key}`", key=match["key"])
    fix = say("indent `{key}` like the other keys of its level, and its text by two blanks more", key=match["key"])
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
    """Report a correct line that YAML has joined to the line above."""
    if joined := _JOINED.fullmatch(lines[line - 1]):
        return Slip(line, 1, *_joined(joined))
    column = len(lines[line]) - len(lines[line].lstrip())
    fix = say("indent it like the key above, or write no value there")
    return Slip(line + 1, column + 1, say(_INDENTATION[0]), fix)


def _joined(match: re.Match[str]) -> tuple[str, str]:
    full_width = match["colon"] != ":"
    message = say("a full-width `：` is no `:` to YAML") if full_width else say("a blank is missing after the `:`")
    return message, say("write {code}", code=f"{match['key']}: {match['value'].strip()}")


def in_key(word: str, known: Iterable[str]) -> tuple[str, str] | None:
    """Return what is wrong with a key that starts with a known key, and the fix; None for other mistakes."""
    match = _JOINED.fullmatch(word)
    if match and match["key"] in known:
        return _joined(match)
    if word != word.strip() and word.strip() in known:
        message = say("a full-width or no-break blank stands before the key")
        return message, say("write {key}: after ordinary blanks", key=word.strip())
    return None


def between_curly_quotes(text: str) -> str:
    """Return the text between curly quotes, as word processors and phones write them; empty if there are none."""
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
        return say("write {code}", code=crontab.instead(expression))
    mark = '"' if '"' not in value and "\\" not in value else "'"
    value = value.replace(mark, mark * 2) if mark == "'" else value
    return say("write {code}", code=f"{before.strip()} {mark}{value}{mark}")
