"""Filters that make Slack's mrkdwn. Only they turn a value into a link, a mention, code or a quote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from handler.frozen import frozen
from handler.templating.budget import MAX_TEXT
from handler.templating.text import Mrkdwn, Quote, mrkdwn, on_one_line, show

# Kept in an address. Everything else is percent-encoded: spaces, `<`, `>`, `|`, quotes, letters beyond ASCII.
_URL_SIGNS: Final = "%:/?#[]@!$&'()*+,;=~"
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
_MAILBOX: Final = re.compile(r"[A-Za-z0-9.!#$'*+/=?_~-]+@[A-Za-z0-9.-]+")
# Slack's limit for an address, https://docs.slack.dev/reference/block-kit/block-elements/button-element
_MAX_URL: Final = 3_000

# What an alias can stand for: a person, a user group, or the people of the channel.
# https://docs.slack.dev/messaging/formatting-message-text#special-mentions
_PERSON: Final = re.compile("[UW][A-Z0-9]{2,}")
_GROUP: Final = re.compile("S[A-Z0-9]{2,}")
_SPECIAL: Final = frozenset({"here", "channel", "everyone"})


def link(address: Any, label: Any = None) -> str | Mrkdwn:
    """A link to a web address (http, https) or a mailbox (mailto); without a label it shows the address.

    {{ 'https://shop.example.org/orders/17' | link('A-17') }} -> <https://shop.example.org/orders/17|A-17>
    {{ ('https://shop.example.org/?q=' ~ 'a b|c') | link('<find>') }} -> <https://shop.example.org/?q=a%20b%7Cc|&lt;find&gt;>
    {{ 'javascript:alert(1)' | link('Open') }} -> Open (javascript:alert(1))

    Any other address is shown as text behind the label, so that a bad one in a row does not stop the message.
    """
    written = _line(address)
    shown = _line(label) or written
    url = quote(written, safe=_URL_SIGNS)
    if not _is_safe(url):
        return shown if written in ("", shown) else f"{shown} ({written})"
    return Mrkdwn(f"<{mrkdwn(url)}|{mrkdwn(shown)}>", shown)


def code(value: Any) -> str | Mrkdwn:
    """The text in Slack's typewriter letters, on one line; a backtick in it becomes an apostrophe.

    {{ 'TEA-1' | code }} -> `TEA-1`
    {{ 'a`b <c>' | code }} -> `a'b &lt;c&gt;`
    """
    text = _line(value).replace("`", "'")
    return Mrkdwn(f"`{mrkdwn(text)}`", text) if text else ""


def quote_lines(value: Any) -> str | Mrkdwn:
    """A text of several lines as a quote: each line behind a `>`. It stands at the beginning of a line.

    {{ 'never arrived' | quote }} -> > never arrived
    {{ ' a <b>  ' | quote }} -> >  a &lt;b&gt;

    In every other place of a text the line breaks of a value are spaces.
    """
    text = (value if isinstance(value, str) else show(value)).rstrip()
    if not text:
        return ""
    quoted = Quote.of(text)
    return quoted if len(quoted.markup) <= MAX_TEXT else quoted.shortened(MAX_TEXT)


@frozen
class Mentions:
    """Whom a stage's aliases mention: `ids` maps an alias to a person's or a group's id, or here, channel, everyone."""

    ids: Mapping[str, str]

    def mention(self, alias: Any) -> str | Mrkdwn:
        """Mention whom the stage lists under this alias; one that is not listed is shown as text, and wakes nobody.

        {{ 'oncall' | mention }} -> <!subteam^S024BE7LD>
        {{ 'ada' | mention }} -> <@U024BE7LH>
        {{ 'all' | mention }} -> <!here>
        {{ (rows | first).sku | mention }} -> TEA-1
        """
        text = show(alias)
        target = self.ids.get(text, "")
        if target in _SPECIAL:
            return Mrkdwn(f"<!{target}>", f"@{text}")
        written = _of_id(target)
        return Mrkdwn(written, f"@{text}") if written else text


@frozen
class People:
    """Whom a value of a row mentions: `ids` maps such a value to the id of a person or a group."""

    ids: Mapping[str, str]

    def mention_person(self, value: Any) -> str | Mrkdwn:
        """Mention whom the stage lists for this value; any other value is shown as text, and wakes nobody.

        {{ 'ada@example.org' | mention_person }} -> <@U024BE7LH>
        {{ 17 | mention_person }} -> <!subteam^S024BE7LD>
        {{ 'bob@example.org' | mention_person }} -> bob@example.org
        """
        text = show(value)
        written = _of_id(self.ids.get(text, ""))
        return Mrkdwn(written, text) if written else text


def _of_id(target: str) -> str:
    """The mention of a person or a group; empty for anything else."""
    if _PERSON.fullmatch(target):
        return f"<@{target}>"
    return f"<!subteam^{target}>" if _GROUP.fullmatch(target) else ""


def _line(value: Any) -> str:
    """The text of a value on one line, because a line break ends links and code in Slack."""
    return " ".join(show(on_one_line(value)).split())


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets without an IPv6 address
        return False
    if len(url) > _MAX_URL:
        return False
    if parts.scheme == "mailto":
        return not parts.netloc and _MAILBOX.fullmatch(parts.path) is not None
    # No name before the host: https://bank.example@elsewhere.example goes elsewhere.
    return parts.scheme in ("http", "https") and _HOST.fullmatch(parts.netloc) is not None
