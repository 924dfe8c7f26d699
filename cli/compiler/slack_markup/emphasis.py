"""Bold, italic and struck text: where Slack formats the signs around a text, and where it shows them.

Slack formats `*bold*` only if blanks, line ends or ordinary punctuation stand around it. Its documentation does not say
which characters count, so this follows what programs that write mrkdwn have found out by trying: letters of every
script prevent it, and so does full-width punctuation. A blank on both sides works everywhere; of a zero-width space
some say that it works, and others that it prevents formatting.
https://docs.slack.dev/messaging/formatting-message-text, https://github.com/seratch/ChatGPT-in-Slack/pull/121
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from typing import Final

from cli.compiler.slack_markup.texts import BRANCH, DONE, EXPRESSION, FINE, Remark, Text, literally
from cli.language import say

# The signs around a text of one line. Where two of a sign stand side by side, it is not this one.
SPAN: Final = re.compile(r"(?<!\*)\*(?!\*)[^*\n]+\*(?!\*)|(?<!_)_(?!_)[^_\n]+_(?!_)|(?<!~)~(?!~)[^~\n]+~(?!~)")
# Bold that begins in one line and ends in the next.
BROKEN: Final = re.compile(r"(?<![\w*])\*(?=[^\s*\d])([^*\n]*)\n([^*\n]*[^\s*])\*(?![\w*])")

_JOINING: Final = re.compile(r"[/\\=@{}]|\w[(\[]|\.[A-Za-z]")  # of a path, an address, a formula or the name of a file
_WORD: Final = 80  # how far a path or a formula is followed on either side


class _Side(Enum):
    """What stands beside a sign."""

    FREE = "a blank, a line end, or punctuation"
    UNKNOWN = "a value"
    LETTER = "a letter or digit"
    WIDE = "full-width punctuation"


def judge(match: re.Match[str], text: Text) -> Remark | None:
    """FINE where Slack formats the text; a remark where it shows the signs; None where they mean something else."""
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
    """A remark about bold over two lines."""
    first, second = text.written(match, 1), text.written(match, 2)
    right = f"*{first.rstrip()}*\n*{second.lstrip()}*"
    message = say("Slack shows `{written}` literally, because bold ends with its line", written=f"*{first}")
    return Remark("MARKUP_BOUNDARY", message, right)


def shown(match: re.Match[str], text: Text) -> Remark | None:
    """A remark about the signs in plain text, where Slack never formats."""
    if judge(match, text) is None or _is_code(match):
        return None
    inner = text.written(match)[1:-1].strip()
    if match[0][0] == "~" and any(one.isdigit() for one in inner):
        return None  # a range: ~10:00~
    return Remark("MARKUP_PLAIN", literally(text.written(match)), inner)


def of_markdown(match: re.Match[str], text: Text) -> Remark | None:
    """A remark about bold in mrkdwn's form in a `markdown` block, where it is italic."""
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
    """Whether the stars are meant as bold, and not as footnotes (*1), products (2*3*4), globs or code."""
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
    """Whether `_` or `~` is meant as markup: snake_case, 売上_2024_確定 and 9:00~18:00 are not."""
    sign, inner = match[0][0], match[0][1:-1]
    beside = match.string[: match.start()][-1:] + match.string[match.end() :][:1]
    if {before, after} != {_Side.FREE, _Side.LETTER} or any(one.isalnum() and one.isascii() for one in beside):
        return False
    if sign == "~" and (after is not _Side.LETTER or re.search(r"[\d\s]", inner)):
        return False
    return not _is_code(match)


def _is_code(match: re.Match[str]) -> bool:
    """Whether the run of ASCII characters around the signs is a path, a formula or the like."""
    before = match.string[max(match.start() - _WORD, 0) : match.start()]
    after = match.string[match.end() : match.end() + _WORD]
    around = re.findall(r"[!-~]*$", before)[0] + re.findall(r"^[!-~]*", after)[0]
    return bool(_JOINING.search(around) or (match[0].isascii() and _JOINING.search(match[0])))


def _is_loose(match: re.Match[str]) -> bool:
    """Whether stars with blanks inside are meant as bold: not a product (2 * 3 * 4), a list item or a footnote."""
    before, inner, after = match.string[: match.start()], match[0][1:-1], match.string[match.end() :]
    line, rest = before.rpartition("\n")[2], after.partition("\n")[0]
    opening = not line or line[-1].isspace() or line[-1] in "([:「【（"
    closing = not rest or rest[0].isspace()
    if not opening or not closing or not any(one.isalpha() or one == EXPRESSION for one in inner):
        return False
    if not inner[0].isspace():  # *bold *
        return inner[0].isalpha() or inner[0] == EXPRESSION
    operand = _is_operand(line.rstrip()[-1:])
    if not inner[-1].isspace():  # * bold*, and not an item of a list
        return bool(line.strip()) and not operand
    return not operand and not _is_operand(rest.lstrip()[:1])


def _is_operand(character: str) -> bool:
    return character.isalnum() or (bool(character) and character in f")]*{EXPRESSION}{DONE}")


def _with_blanks(match: re.Match[str], text: Text) -> Remark:
    written = text.written(match)
    message = say("Slack shows `{written}` literally, because a blank is inside the stars", written=written)
    return Remark("MARKUP_BOUNDARY", message, f"*{written[1:-1].strip()}*")
