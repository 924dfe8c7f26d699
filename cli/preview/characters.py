"""Characters as Slack shows them: emoji for their names, and no control characters for the terminal."""

from __future__ import annotations

import re
from typing import Final

from rich.emoji import Emoji

NAME: Final = r":[a-z0-9_+'-]+(?:::skin-tone-[2-6])?:"

# Control characters except the line break, and direction marks, which would move the text beside them.
_OBEYED: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_NAMES: Final = re.compile(NAME)
_FLAG: Final = re.compile(r"flag-([a-z]{2})")
_TONE: Final = re.compile(r"::?skin-tone-\d")
_ENTITIES: Final = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_ENTITY: Final = re.compile("|".join(_ENTITIES))


def safe(text: str) -> str:
    """Return a text without control characters; a tab becomes a space."""
    return _OBEYED.sub(lambda found: " " if found[0] == "\t" else "", text.replace("\r\n", "\n"))


def typed(text: str) -> str:
    """Return a mrkdwn text with its three escapes decoded."""
    return _ENTITY.sub(lambda found: _ENTITIES[found[0]], text)


def with_emoji(text: str) -> str:
    """Return a text with emoji in place of names such as :tea:. Unknown names stay."""
    return _NAMES.sub(lambda found: emoji(found[0][1:-1]), text)


def emoji(name: str) -> str:
    """Return the emoji with this name in Slack, else the name between colons."""
    plain = _TONE.sub("", name)
    if country := _FLAG.fullmatch(plain):
        return "".join(chr(0x1F1E6 + ord(letter) - ord("a")) for letter in country[1])
    # Slack's large_green_circle is Unicode's green circle.
    for known in (plain, plain.removeprefix("large_"), plain.replace("-", "_")):
        if (sign := Emoji.replace(f":{known}:")) != f":{known}:":
            return sign
    return f":{name}:"
