"""`@name`, `#channel` and `@{{ value }}`, which notify nobody and link nowhere: every text is sent as it stands."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from cli.compiler import markup
from cli.compiler.slack_markup.brackets import CHANNEL_ID, aliases, mention, outside_quotes
from cli.compiler.slack_markup.texts import EXPRESSION, Remark, Text, expression, joined
from cli.language import later, say

_BEFORE: Final = r"(?<![A-Za-z0-9_.@＠/&=])[@＠]"
# An ASCII name; else letters of one script, so that the さん of @田中さん is not part of it.
_NAME: Final = (
    r"[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9_](?![A-Za-z0-9_/])"
    r"|[\u3041-\u3096]+|[\u30a1-\u30fa\u30fc]+|[\u3005\u4e00-\u9fff]+|(?:(?![\u3005-\u9fff])[^\W\da-zA-Z_])+"
)
PERSON: Final = re.compile(rf"{_BEFORE}((?:here|channel|everyone)(?![A-Za-z0-9_])|{_NAME})")
CHANNEL: Final = re.compile(r"(?<![\w&#/.=])#([a-z][a-z0-9_-]*[a-z0-9])(?![\w-])")
GROUP: Final = re.compile(rf"{_BEFORE}(here|channel|everyone)(?![A-Za-z0-9_])")

PERSON_OF_ROW: Final = re.compile(rf"(?<!{EXPRESSION}){_BEFORE}({EXPRESSION}+)")
CHANNEL_OF_ROW: Final = re.compile(rf"(?<![\w&#/.={EXPRESSION}])#({EXPRESSION}+)")

_BRACES: Final = re.compile(r"\A\{\{[-+]?\s*|\s*[-+]?\}\}\Z")
_LAST_FILTER: Final = re.compile(r"\|\s*(\w+)\s*(?:\([^()]*\))?$")
_MENTIONS: Final = frozenset({"mention", "mention_person"})
_AMOUNTS: Final = frozenset({"money", "number", "round", "abs", "plural", "date", "datetime", "time"})  # 3 @ 5.00
_OF_CHANNEL: Final = re.compile(r"(?:\w+\.)*\w*(?:channel|room)\w*", re.IGNORECASE)
_PEOPLE: Final = later("list under `people` in _stages/ whom each value means")
_COLOUR: Final = re.compile(r"[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8}")


class _Value(NamedTuple):
    """The expression after a sign, its code and its last filter, and the `rest` of a run of expressions."""

    sign: str
    shown: str
    code: str
    filter: str
    rest: str

    @classmethod
    def of(cls, match: re.Match[str], text: Text) -> _Value:
        shown = expression(text.source, match.start(1))
        code = _BRACES.sub("", shown)
        last = _LAST_FILTER.search(code)
        return cls(match[0][0], shown, code, last[1] if last else "", text.written(match, 1)[len(shown) :])

    @property
    def mention(self) -> str:
        return f"{{{{ {self.code if self.filter else markup.bracketed(self.code)} | mention_person }}}}"

    @property
    def notifies_nobody(self) -> str:
        written = f"{self.sign}{self.shown}"
        return say("`{written}` notifies nobody: Slack knows people by their ids alone", written=written)


def person(match: re.Match[str], text: Text) -> Remark:
    """Report a mention of a person, a group or the channel in plain letters."""
    written = text.written(match)
    return Remark("MARKUP_MENTION", _notifies_nobody(written), mention(match[1]), aliases(match[1]))


def person_in_plain(match: re.Match[str], text: Text) -> Remark:
    """Report a mention where none is possible. A person's name stays as text."""
    right = mention(match[1])
    message = _notifies_nobody(text.written(match))
    note = say("for a mention write {right} in `text` or a `section`", right=right)
    return Remark("MARKUP_MENTION", message, "" if right.startswith("<!") else match[1], note)


def person_in_value(match: re.Match[str], text: Text) -> Remark:
    """Report a mention in an escaped text."""
    note = joined(outside_quotes(mention(match[1])), aliases(match[1]))
    return Remark("MARKUP_MENTION", _notifies_nobody(text.written(match)), None, note)


def person_of_row(match: re.Match[str], text: Text) -> Remark | None:
    """An @ before a value. A price for one piece (`3 @{{ order.price | money }}`) is no person."""
    value = _Value.of(match, text)
    if value.filter in _AMOUNTS:
        return None
    if value.filter in _MENTIONS:
        written, name = value.shown, value.filter
        message = say("`@` before {written} is shown too: {name} writes its own", written=written, name=name)
        return Remark("MARKUP_MENTION", message, f"{value.shown}{value.rest}")
    return Remark("MARKUP_MENTION", value.notifies_nobody, f"{value.mention}{value.rest}", say(_PEOPLE))


def person_of_row_in_plain(match: re.Match[str], text: Text) -> Remark | None:
    """The same in a place that knows no mentions; the value stays."""
    value = _Value.of(match, text)
    if value.filter in _AMOUNTS | _MENTIONS:
        return None
    note = say("for a mention write {right} in `text` or a `section`", right=value.mention)
    return Remark("MARKUP_MENTION", value.notifies_nobody, f"{value.shown}{value.rest}", note)


def channel_of_row(match: re.Match[str], text: Text) -> Remark | None:
    """A # before the name of a channel. Before any other value it is the sign of a number."""
    value = _Value.of(match, text)
    if not _OF_CHANNEL.fullmatch(value.code):
        return None
    right = f"{{% if {value.code} == 'orders' %}}<#C0123456789>{{% else %}}{value.shown}{{% endif %}}"
    note = say("leave the # out, or write the id of each channel: {code}", code=right)
    return Remark("MARKUP_MENTION", _no_link(f"#{value.shown}"), None, note)


def channel(match: re.Match[str], text: Text) -> Remark | None:
    """Report a channel in plain letters. A colour (#fff) is not a channel."""
    if _COLOUR.fullmatch(match[1]):
        return None
    return Remark("MARKUP_MENTION", _no_link(text.written(match)), "<#C0123456789>", say(CHANNEL_ID))


def _notifies_nobody(written: str) -> str:
    return say("`{written}` notifies nobody: Slack reads it as plain letters", written=written)


def _no_link(written: str) -> str:
    return say("`{written}` is no link to the channel: Slack reads it as plain letters", written=written)
