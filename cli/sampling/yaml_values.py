"""Writes values as YAML that cli/compiler/reader.py and cli/compiler/samples.py read as the same values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from handler.templating.unusable import Unusable

WIDTH: Final = 110  # columns, for a row on a single line
_STEP: Final = "  "
# Texts that need no quotes: they start with a letter, so they are neither a number nor a time.
_PLAIN: Final = re.compile(r"[^\W\d_](?:[\w./()+@&'。、・！？「」（）-]| (?=[\w(&]))*")
# Words that other YAML readers do not read as text.
_WORDS: Final = frozenset(["null", "true", "false", "yes", "no", "on", "off", "y", "n"])
_NUMBER: Final = re.compile(r"-?[0-9]{1,30}|-?[0-9]{1,30}\.[0-9]{0,30}|-?[0-9]{1,30}(?:\.[0-9]{1,30})?E[+-]?[0-9]{1,2}")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
# Visible characters that YAML allows unescaped: https://yaml.org/spec/1.2.2/#51-character-set
_PRINTABLE: Final = re.compile(
    "[ -~\xa1-\xac\xae-\u1fff\u2010-\u2027\u2030-\u205f\u2070-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class UnwritableError(ValueError):
    """A sample cannot hold this value. The message has its kind, never the value itself."""


def block(key: str, value: Any, indent: int) -> Iterator[str]:
    """Yield the lines of `key: value`. A short row is on one line, a longer one has a line for each column."""
    before = " " * indent
    start = f"{before}{text(key)}:"
    inside = indent + len(_STEP)
    match value:
        case str() if _is_literal(value):
            yield f"{start} |{_chomping(value)}"
            yield from (f"{before}{_STEP}{line}" if line else "" for line in value.removesuffix("\n").split("\n"))
        case dict() if value and not _fits(value, len(start)):
            yield start
            for name, one in _items(value):
                yield from block(name, one, inside)
        case list() if value and not _fits(value, len(start)):
            yield start
            for one in value:
                yield from _item(one, inside)
        case _:
            yield f"{start} {flow(value)}"


def _item(value: Any, indent: int) -> Iterator[str]:
    """Yield the lines of a list item."""
    if not isinstance(value, dict) or not value or _fits(value, indent):
        yield f"{' ' * indent}- {flow(value)}"
        return
    lines = [line for name, one in _items(value) for line in block(name, one, indent + len(_STEP))]
    yield f"{' ' * indent}- {lines[0].lstrip()}"
    yield from lines[1:]


def flow(value: Any) -> str:
    """Return a value on one line. Raises UnwritableError."""
    match value:
        case None | Unusable():
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return _number(value)
        case datetime():
            return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
        case date():
            return value.isoformat()
        case str():
            return text(value)
        case Mapping():
            return "{" + ", ".join(f"{text(key)}: {flow(one)}" for key, one in _items(value)) + "}"
        case list():
            return "[" + ", ".join(map(flow, value)) + "]"
    raise UnwritableError(type(value).__name__)


def text(value: str) -> str:
    """Return a text, in quotes if it needs them."""
    if _PLAIN.fullmatch(value) and value.casefold() not in _WORDS:
        return value
    return '"' + "".join(map(_escaped, value)) + '"'


def _items(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the entries of a document. An unusable value counts as missing, as it does for templates."""
    for key, one in value.items():
        if key == "<<":
            raise UnwritableError("key <<")
        if not isinstance(one, Unusable):
            yield key, one


def _number(value: int | Decimal) -> str:
    """Return a number such that it is read back as the same type: a Decimal always has a `.` or an `E`."""
    written = str(value)
    if isinstance(value, Decimal) and not set(written) & {".", "E"}:
        written += "."
    if not _NUMBER.fullmatch(written):
        raise UnwritableError("number")
    return written


def _fits(value: Any, indent: int) -> bool:
    """Return whether a value reads well on one line: it is short, without nested values and multi-line texts."""
    inner = [*value.values()] if isinstance(value, dict) else value
    if any(isinstance(one, dict | list) and one for one in inner) or any(_is_literal(one) for one in inner):
        return False
    return indent + len(flow(value)) < WIDTH


def _is_literal(value: Any) -> bool:
    """Return whether a text has several lines that can be written in a `|` block."""
    if not isinstance(value, str) or "\n" not in value.removesuffix("\n"):
        return False
    lines = value.removesuffix("\n").split("\n")
    return (
        bool(lines[0])
        and all(line == line.strip() and all(map(_PRINTABLE.fullmatch, line)) for line in lines)
        and bool(lines[-1])
    )


def _chomping(value: str) -> str:
    return "" if value.endswith("\n") else "-"


def _escaped(sign: str) -> str:
    if sign in _ESCAPES:
        return _ESCAPES[sign]
    if _PRINTABLE.fullmatch(sign):
        return sign
    code = ord(sign)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
