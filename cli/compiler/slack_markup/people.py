"""`@name` and `#channel` in plain letters, which notify nobody and link nowhere: every text is sent as it stands."""

from __future__ import annotations

import re
from typing import Final

from cli.compiler.slack_markup.brackets import CHANNEL_ID, aliases, mention, outside_quotes
from cli.compiler.slack_markup.texts import Remark, Text, joined
from cli.language import say

_BEFORE: Final = r"(?<![A-Za-z0-9_.@＠/&=])[@＠]"
# A name in ASCII; else letters of one script, so that the さん of @田中さん is no part of it.
_NAME: Final = (
    r"[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9_](?![A-Za-z0-9_/])"
    r"|[\u3041-\u3096]+|[\u30a1-\u30fa\u30fc]+|[\u3005\u4e00-\u9fff]+|(?:(?![\u3005-\u9fff])[^\W\da-zA-Z_])+"
)
PERSON: Final = re.compile(rf"{_BEFORE}((?:here|channel|everyone)(?![A-Za-z0-9_])|{_NAME})")
CHANNEL: Final = re.compile(r"(?<![\w&#/.=])#([a-z][a-z0-9_-]*[a-z0-9])(?![\w-])")
GROUP: Final = re.compile(rf"{_BEFORE}(here|channel|everyone)(?![A-Za-z0-9_])")

_COLOUR: Final = re.compile(r"[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8}")


def person(match: re.Match[str], text: Text) -> Remark:
    """A mention of a person, a group or the channel in plain letters."""
    written = text.written(match)
    return Remark("MARKUP_MENTION", _notifies_nobody(written), mention(match[1]), aliases(match[1]))


def person_in_plain(match: re.Match[str], text: Text) -> Remark:
    """The same in a place that knows no mentions; a person's name stays."""
    right = mention(match[1])
    message = _notifies_nobody(text.written(match))
    note = say("for a mention write {right} in `text` or a `section`", right=right)
    return Remark("MARKUP_MENTION", message, "" if right.startswith("<!") else match[1], note)


def person_in_value(match: re.Match[str], text: Text) -> Remark:
    """The same in a text that is escaped."""
    note = joined(outside_quotes(mention(match[1])), aliases(match[1]))
    return Remark("MARKUP_MENTION", _notifies_nobody(text.written(match)), None, note)


def channel(match: re.Match[str], text: Text) -> Remark | None:
    """A channel in plain letters. A colour (#fff) is none."""
    if _COLOUR.fullmatch(match[1]):
        return None
    written = text.written(match)
    message = say("`{written}` is no link to the channel: Slack reads it as plain letters", written=written)
    return Remark("MARKUP_MENTION", message, "<#C0123456789>", say(CHANNEL_ID))


def _notifies_nobody(written: str) -> str:
    return say("`{written}` notifies nobody: Slack reads it as plain letters", written=written)
