"""Checks bold, italic and strikethrough: where Slack formats a text between two signs, and where it shows the signs.

Slack formats `*bold*` only between spaces, line ends or ordinary punctuation. Its documentation does not say which
characters count, so this follows what authors of mrkdwn tools found by experiment: letters of any script prevent it,
and so does full-width punctuation. Spaces on both sides always work; reports about a zero-width space differ.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from typing import Final

from cli.compiler.slack_markup.texts import BRANCH, DONE, EXPRESSION, FINE, Remark, Text, literally
from cli.language import say

# A text of one line between two signs. Two signs side by side do not count.
SPAN: Final = re.compile(r"(?<!\*)\*(?!\*)[^*\n]+\*(?!\*)|(?<!_)_(?!_)[^_\n]+_(?!_)|(?<!~)~(?!~)[^~\n]+~(?!~)")
# Bold that starts in one line and ends in the next.
BROKEN: Final = re.compile(r"(?<![\w*])\*(?=[^\s*\d])([^*\n]*)\n([^*\n]*[^\s*])\*(?![\w*])")

_JOINING: Final = re.compile(r"[/\\=@{}]|\w[(\[]|\.[A-Za-z]")  # part of a path, a URL, a formula or a file name
_WORD: Final = 80  # the most characters of a path or formula that are looked at on each side


class _Side(Enum):
    """What is beside a sign."""

    FREE = "a blank, a line end, or punctuation"
    UNKNOWN = "a value"
    LETTER = "a letter or digit"
    WIDE = "full-width punctuation"


def judge(match: re.Match[str], text: Text) -> Remark | None:
    """Return FINE if Slack formats the text, a remark if it shows the signs, None if they mean something else."""
    sign, inner = match[0][0], match[0][1:-1]
    if not any(one.isalnum() or one in (EXPRESSION, DONE) for one in inner):
        return None
    if inner[0].isspace() or inner[-1].isspace():
        return _with_blanks(match, text) if sign == "*" and _is_loose(match) else None
    before, after = _side(match.string[: match.start()][-1:]), _side(match.string[match.end() :][:1])
    if {before, after} <= {_Side.FREE, _Side.UNKNOWN}:
        return FINE
    if not (_is_touching if sign == "*" else _is_glued)(match, before, after):
        return None
    written = text.written(match)
    message = say(
        "Slack shows `{written}` literally, because a letter or full-width punctuation is right beside it",
        written=written,
    )
    return Remark("MARKUP_BOUNDARY", message, f"{_blank(before)}{written}{_blank(after)}")


def broken(match: re.Match[str], text: Text) -> Remark:
    """Report bold over two lines."""
    first, second = text.written(match, 1), text.written(match, 2)
    right = f"*{first.rstrip()}*\n*{second.lstrip()}*"
    message = say("Slack shows `{written}` literally, because bold ends with its line", written=f"*{first}")
    return Remark("MARKUP_BOUNDARY", message, right)


def shown(match: re.Match[str], text: Text) -> Remark | None:
    """Report signs in plain text, where Slack never formats."""
    if judge(match, text) is None or _is_code(match):
        return None
    inner = text.written(match)[1:-1].strip()
    if match[0][0] == "~" and any(one.isdigit() for one in inner):
        return None  # a range: ~10:00~
    return Remark("MARKUP_PLAIN", literally(text.written(match)), inner)


def of_markdown(match: re.Match[str], text: Text) -> Remark | None:
    """Report mrkdwn's bold in a `markdown` block, where it means italic."""
    if match[0][0] != "*" or judge(match, text) is not FINE or _is_code(match):
        return None
    written, inner = text.written(match), text.written(match)[1:-1]
    message = say(
        "`{written}` is italic in a `markdown` block, where bold is **{inner}** and italic _{inner}_",
        written=written,
        inner=inner,
    )
    return Remark("MARKUP_MARKDOWN", message, f"**{inner}**")


def _side(character: str) -> _Side:
    if character in (EXPRESSION, BRANCH) and character:
        return _Side.UNKNOWN
    if character.isalnum():
        return _Side.LETTER
    if character and unicodedata.east_asian_width(character) in "WF" and unicodedata.category(character)[0] == "P":
        return _Side.WIDE
    return _Side.FREE


def _blank(side: _Side) -> str:
    return " " if side in (_Side.LETTER, _Side.WIDE) else ""


def _is_touching(match: re.Match[str], before: _Side, after: _Side) -> bool:
    """Return whether stars mean bold, as opposed to a footnote (*1), a product (2*3*4), a glob or code."""
    inner = match[0][1:-1]
    left, right = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    if inner[0].isdigit() and right.isdigit():
        return False
    if left.isdigit() and re.fullmatch(r"[\d.,]+", inner):
        return False
    if _Side.UNKNOWN in (before, after) and set(inner) == {EXPRESSION}:
        return False
    return not _is_code(match)


def _is_glued(match: re.Match[str], before: _Side, after: _Side) -> bool:
    """Return whether `_` or `~` is markup: it is not in snake_case, 売上_2024_確定 and 9:00~18:00."""
    sign, inner = match[0][0], match[0][1:-1]
    beside = match.string[: match.start()][-1:] + match.string[match.end() :][:1]
    if {before, after} != {_Side.FREE, _Side.LETTER} or any(one.isalnum() and one.isascii() for one in beside):
        return False
    if sign == "~" and (after is not _Side.LETTER or re.search(r"[\d\s]", inner)):
        return False
    return not _is_code(match)


def _is_code(match: re.Match[str]) -> bool:
    """Return whether the ASCII characters around the signs form a path, a formula or similar."""
    before = match.string[max(match.start() - _WORD, 0) : match.start()]
    after = match.string[match.end() : match.end() + _WORD]
    around = re.findall(r"[!-~]*$", before)[0] + re.findall(r"^[!-~]*", after)[0]
    return bool(_JOINING.search(around) or (match[0].isascii() and _JOINING.search(match[0])))


def _is_loose(match: re.Match[str]) -> bool:
    """Return whether stars with spaces inside mean bold, as opposed to a product (2 * 3 * 4), a list or a footnote."""
    before, inner, after = match.string[: match.start()], match[0][1:-1], match.string[match.end() :]
    line, rest = before.rpartition("\n")[2], after.partition("\n")[0]
    opening = not line or line[-1].isspace() or line[-1] in "([:「【（"
    closing = not rest or rest[0].isspace()
    if not opening or not closing or not any(one.isalpha() or one == EXPRESSION for one in inner):
        return False
    if not inner[0].isspace():  # *bold *
        return inner[0].isalpha() or inner[0] == EXPRESSION
    operand = _is_operand(line.rstrip()[-1:])
    if not inner[-1].isspace():  # * bold*, and not a list item
        return bool(line.strip()) and not operand
    return not operand and not _is_operand(rest.lstrip()[:1])


def _is_operand(character: str) -> bool:
    return character.isalnum() or (bool(character) and character in f")]*{EXPRESSION}{DONE}")


def _with_blanks(match: re.Match[str], text: Text) -> Remark:
    written = text.written(match)
    message = say("Slack shows `{written}` literally, because a blank is inside the stars", written=written)
    return Remark("MARKUP_BOUNDARY", message, f"*{written[1:-1].strip()}*")
