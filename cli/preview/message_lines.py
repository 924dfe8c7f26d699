r"""A message as lines of readable text without loss: different messages always give different lines.

A block is written in the short form of templates if that shows all of it, else key by key:

    channel: payments
    text: :warning: Payment failed for *T-001043*
    header: Payment failed: T-001043
    fields:
      Customer: Ada Lovelace
    buttons:
      [Open order] https://admin.example.org/orders/T-001043

Texts are as sent to Slack, with markup. A text of several lines is below its key, each line after `| `. Invisible
characters, and those that change the direction of a line, are escaped as in Python (`\u202e`); so are backslashes. So
no value can look like another line, and no line ends in a space.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from unicodedata import category

from handler.model import Message

Lines = Iterator[str]
_INDENT: Final = "  "
# Invisible characters: controls, direction marks, spaces other than these two, letters without a glyph.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
_SEEN_BLANKS: Final = " \N{IDEOGRAPHIC SPACE}"
_BLANK_LETTERS: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# A text that needs no quotes: it cannot be read as another JSON value, or as the start of another kind of line.
_OTHER_VALUE: Final = re.compile(r"""true|false|null|NaN|-?(Infinity|\d[\d.eE+-]*)|\[\]|\{\}|["\s].*|""", re.DOTALL)
_OTHER_ITEM: Final = re.compile(r"\(.*|.*:.*", re.DOTALL)  # in a list: like a key, or like the type of a text
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LABELLED: Final = re.compile(r'\*([^*\n:\s"-][^*\n:]*)\*\n(.*)', re.DOTALL)
_OF_MESSAGE: Final = frozenset({"channel", "thread", "update", "stub", "text", "block", "fields", "buttons"})


def lines(message: Message) -> list[str]:
    """Return the lines of a message: its channel, its text, and its blocks. No line has a line break in it."""
    return [*_message(message)]


def escaped(text: str) -> str:
    """Return a text as one line in which every character is visible and unambiguous."""
    shown = "".join(map(_sign, text))
    return shown[:-1] + _code(shown[-1]) if shown.endswith(tuple(_SEEN_BLANKS)) else shown


def named(name: str) -> str:
    """Return a name as one unambiguous line, in quotes if it could be read as another value."""
    return f'"{_quoted(name)}"' if _OTHER_VALUE.fullmatch(name) else escaped(name)


def _message(message: Message) -> Lines:
    yield from _value("channel", message.channel)
    if message.thread:
        yield from _value("thread", message.thread)
    if message.update:
        yield from _value("update", message.update)
    if message.stub:
        yield from _value("stub", message.stub)
    yield from _value("text", message.text)
    for block in message.blocks:
        yield from _block(block)


def _block(block: Mapping[str, Any]) -> Lines:
    kind = block.get("type")
    if not isinstance(kind, str) or not _NAME.fullmatch(kind) or kind in _OF_MESSAGE:
        yield from _value("block", dict(block))
    elif short := _SHORT[kind](block) if kind in _SHORT else None:
        yield from short
    else:
        yield from _value(kind, {key: value for key, value in block.items() if key != "type"})


# The short forms. Each returns None if it cannot show all of a block.


def _divider(block: Mapping[str, Any]) -> list[str] | None:
    return ["divider"] if len(block) == 1 else None


def _header(block: Mapping[str, Any]) -> list[str] | None:
    found = _text_of(block.get("text"))
    return [*_text("header", found[1])] if found and found[0] == "plain_text" and len(block) == 2 else None


def _section(block: Mapping[str, Any]) -> list[str] | None:
    found = _mrkdwn(block.get("text"))
    if found is not None and len(block) == 2:
        return [*_text("section", found)]
    return _fields(block)


def _fields(block: Mapping[str, Any]) -> list[str] | None:
    """Return labels with values, for fields that the short form `fields` makes: a bold label, and the value below."""
    fields = block.get("fields")
    if not isinstance(fields, list) or len(block) != 2:
        return None
    found = [_LABELLED.fullmatch(_mrkdwn(field) or "") for field in fields]
    if not found or not all(found):
        return None
    labelled = (line for one in found if one for line in _text(escaped(one[1]), one[2]))
    return ["fields:", *_indented(labelled)]


def _context(block: Mapping[str, Any]) -> list[str] | None:
    elements = block.get("elements")
    if not isinstance(elements, list) or len(block) != 2:
        return None
    found = [text for element in elements if (text := _mrkdwn(element)) is not None]
    if not found or len(found) != len(elements):
        return None
    if len(found) == 1:
        return [*_text("context", found[0])]
    return ["context:", *_indented(line for text in found for line in _text("-", text))]


def _actions(block: Mapping[str, Any]) -> list[str] | None:
    """Return link buttons, as the short form `buttons` makes them."""
    elements = block.get("elements")
    if not isinstance(elements, list) or len(block) != 2:
        return None
    found = [_button(number, element) for number, element in enumerate(elements, 1)]
    return ["buttons:", *_indented(one for one in found if one)] if found and all(found) else None


def _button(number: int, element: Any) -> str:
    match element:
        case {
            "type": "button",
            "action_id": action,
            "text": {"type": "plain_text", "text": str(name)},
            "url": str(url),
        }:
            plain = (
                len(element) == 4
                and len(element["text"]) == 2
                and action == f"open-{number}"
                and "]" not in name
                and url
            )
            return f"[{escaped(name)}] {escaped(url)}" if plain else ""
    return ""


def _markdown(block: Mapping[str, Any]) -> list[str] | None:
    text = block.get("text")
    return [*_text("markdown", text)] if isinstance(text, str) and len(block) == 2 else None


def _table(block: Mapping[str, Any]) -> list[str] | None:
    """Return the rows of a table with plain-text cells, followed by the table's other keys."""
    rows = block.get("rows")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
        return None
    cells = [[_raw(cell) for cell in row] for row in rows]
    if any(cell is None for row in cells for cell in row):
        return None
    shown = (" ".join(["|", *(f"{_cell(cell or '')} |" for cell in row)]) for row in cells)
    more = {key: value for key, value in block.items() if key not in ("type", "rows")}
    return ["table:", *_indented(shown), *_indented(line for key in more for line in _value(key, more[key]))]


def _cell(text: str) -> str:
    return "".join(map(_sign, text)).replace("|", r"\|")


_SHORT: Final[dict[str, Callable[[Mapping[str, Any]], list[str] | None]]] = {
    "divider": _divider,
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "markdown": _markdown,
    "table": _table,
}


# Any JSON value, below its key or its `-`.


def _value(key: str, value: Any) -> Lines:
    key = key if key == "-" or _NAME.fullmatch(key) else f'"{_quoted(key)}"'
    text = _text_of(value)
    if isinstance(value, str):
        yield from _text(key, value, is_item=key == "-")
    elif text:
        yield from _text(f"{key} ({text[0]})", text[1])
    elif isinstance(value, dict) and value:
        yield _head(key)
        yield from _indented(line for name in value for line in _value(str(name), value[name]))
    elif isinstance(value, list) and value:
        yield _head(key)
        yield from _indented(line for one in value for line in _value("-", one))
    else:
        yield f"{_head(key)} {json.dumps(value, default=str)}"


def _text(key: str, text: str, *, is_item: bool = False) -> Lines:
    """Yield a text after its key; a text of several lines is below the key."""
    if "\n" in text:
        yield _head(key)
        yield from _indented(f"| {escaped(line)}" if line else "|" for line in text.split("\n"))
    elif is_item and _OTHER_ITEM.fullmatch(text):
        yield f'{_head(key)} "{_quoted(text)}"'
    else:
        yield f"{_head(key)} {named(text)}"


def _head(key: str) -> str:
    return key if key == "-" or key.startswith("- (") else f"{key}:"


def _quoted(text: str) -> str:
    return "".join(map(_sign, text)).replace('"', r"\"")


def _indented(found: Iterator[str]) -> Lines:
    return (_INDENT + line for line in found)


def _text_of(value: Any) -> tuple[str, str] | None:
    """Return the type and text of a text object without any other options than templates set; else None."""
    match value:
        case {"type": "plain_text" | "raw_text" as kind, "text": str(text)} if len(value) == 2:
            return kind, text
        case {"type": "mrkdwn", "text": str(text), "verbatim": True} if len(value) == 3:
            return "mrkdwn", text
    return None


def _mrkdwn(value: Any) -> str | None:
    found = _text_of(value)
    return found[1] if found and found[0] == "mrkdwn" else None


def _raw(value: Any) -> str | None:
    found = _text_of(value)
    return found[1] if found and found[0] == "raw_text" else None


def _sign(sign: str) -> str:
    if sign == "\\":
        return r"\\"
    unseen = category(sign) in _UNSEEN and sign not in _SEEN_BLANKS
    return _code(sign) if unseen or _BLANK_LETTERS.match(sign) else sign


def _code(sign: str) -> str:
    return r"\x20" if sign == " " else sign.encode("unicode_escape").decode()
