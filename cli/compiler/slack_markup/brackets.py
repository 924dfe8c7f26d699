"""Checks what is between `<` and `>`: Slack's links, mentions and dates, and what people mistake for them.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Final

from cli.compiler import markup
from cli.compiler.slack_markup import placeholders
from cli.compiler.slack_markup.texts import BRANCH, DONE, EXPRESSION, FINE, Remark, Text, joined, literally
from cli.language import later, say

BETWEEN: Final = re.compile(r"<([^<>\n]+)>")
UNCLOSED: Final = re.compile(rf"<((?:https?://|mailto:|www\.)[^<>\n{DONE}]*+)(?!>)")
TAG_PAIR: Final = re.compile(r"<(b|strong|i|em|s|del|strike|code|u|p|span|h[1-6]|li)>([^<>\n]*)</\1>", re.IGNORECASE)
ANCHOR: Final = re.compile(r"<a\s+href=[\"']([^\"'<>\n]*)[\"'][^<>\n]*>([^<>\n]*)</a>", re.IGNORECASE)
ENTITY: Final = re.compile(r"&(?:lt|gt|amp);")

_GROUPS: Final = ("here", "channel", "everyone")
# Other names for "the whole channel".
_EVERYBODY: Final = {"all": "channel", "group": "channel", "team": "channel", "online": "here", "active": "here"}
_SIGNS: Final = {"b": "*", "strong": "*", "i": "_", "em": "_", "s": "~", "del": "~", "strike": "~", "code": "`"}
_TAGS: Final = frozenset({*_SIGNS, "a", "u", "p", "br", "hr", "ul", "ol", "li", "div", "span", "pre", "table", "img"})
_ENTITIES: Final = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_RIGHT: Final = re.compile(
    r"@[UW][A-Z0-9]{2,}(?:\|.*)?|\#[CGD][A-Z0-9]{2,}(?:\|.*)?|!(?:here|channel|everyone|group)(?:\|.*)?"
    r"|!subteam\^S[A-Z0-9]{2,}(?:\|.*)?|!date\^\d+\^[^|]+\|.+"
)
NO_LINKS: Final = later("a link belongs in `text`, a `section` or `buttons`")
CHANNEL_ID: Final = later("the id is in the channel's details in Slack")
_ALIASES: Final = later("the alias stands under `mentions` in _stages/")


def mention(name: str) -> str:
    """Return how to mention the person or group with this name."""
    alias = re.sub(r"[^a-z0-9_-]", "", name.lower()).lstrip("_-")
    return f"<!{name.lower()}>" if name.lower() in _GROUPS else f"{{{{ '{alias or 'oncall'}' | mention }}}}"


def aliases(name: str) -> str:
    """Return the hint that follows such a mention in a fix."""
    return "" if name.lower() in _GROUPS else say(_ALIASES)


def outside_quotes(code: str) -> str:
    """Say that an expression must be outside the quotes of a text."""
    return say("write {code} outside the quotes", code=code)


def judge(match: re.Match[str], text: Text) -> Remark | None:
    """Check a `<...>`. One with an expression is right here: the language reports it."""
    masked, inside = match[1], text.written(match, 1)
    if EXPRESSION in masked or BRANCH in masked or _RIGHT.fullmatch(inside):
        return FINE
    target, bar, label = inside.partition("|")
    if inside.startswith("!--"):
        return Remark("MARKUP_MARKDOWN", _no_html(inside), "")
    if inside.startswith("!date"):
        message = say("`<{inside}>` is no date: Slack needs seconds, a format and, behind |, a text", inside=inside)
        return Remark("MARKUP_BRACKETS", message, None, say("write {{ order.at | datetime }}, or another time"))
    if inside.startswith(("@", "!", "#")):
        return _name(inside)
    if _SCHEME.fullmatch(target):
        return _with_placeholders(inside, text)
    if bar and _SCHEME.fullmatch(label.strip()):
        return _broken(inside, f"<{label.strip()}|{target.strip()}>", say("the address stands before the |"))
    if target.startswith("www."):
        return _broken(inside, f"<https://{inside}>", say("an address begins with https://"))
    if re.fullmatch(r"[\w.+-]+@[\w-]+\.[\w.-]+", target):
        return _broken(inside, f"<mailto:{target}|{label or target}>", say("an e-mail address begins with mailto:"))
    if right := placeholders.instead(inside.strip(), text.names):
        return placeholders.remark(f"<{inside}>", right)
    return _tag(inside)


def unclosed(match: re.Match[str], text: Text) -> Remark | None:
    """Report a link without a closing `>`."""
    inside = text.written(match, 1)
    if EXPRESSION in match[1] or BRANCH in match[1]:
        return None
    address, bar, label = inside.partition("|")
    if bar:
        right = f"<{address.rstrip()}|{label.strip()}>"
    else:
        end = re.search(r"[\s、。）」]|$", inside)
        at = end.start() if end else len(inside)
        right = f"<{inside[:at]}>{inside[at:]}"
    message = say("`<{inside}` has no > at its end, so Slack makes no link", inside=inside)
    return Remark("MARKUP_BRACKETS", message, right)


def tag_pair(match: re.Match[str], text: Text) -> Remark:
    """Report HTML tags around a text."""
    name, inner = match[1].lower(), text.written(match, 2)
    sign = "*" if re.fullmatch("h[1-6]", name) else _SIGNS.get(name, "")
    return Remark("MARKUP_MARKDOWN", _no_html(name), f"{sign}{inner.strip()}{sign}")


def anchor(match: re.Match[str], text: Text) -> Remark | None:
    """Report an HTML link."""
    if EXPRESSION in match[0] or BRANCH in match[0]:
        return FINE
    return Remark("MARKUP_MARKDOWN", _no_html("a"), f"<{text.written(match, 1)}|{text.written(match, 2)}>")


def plain_tag_pair(match: re.Match[str], text: Text) -> Remark:
    """Report HTML tags in plain text."""
    return Remark("MARKUP_PLAIN", _no_html(match[1].lower()), text.written(match, 2).strip())


def plain_anchor(match: re.Match[str], text: Text) -> Remark:
    """Report an HTML link in plain text."""
    return Remark("MARKUP_PLAIN", _no_html("a"), text.written(match, 2), say(NO_LINKS))


def in_plain(match: re.Match[str], text: Text) -> Remark | None:
    """Report Slack's markup in plain text, where it is shown literally."""
    inside = text.written(match, 1)
    target, _, label = inside.partition("|")
    if _RIGHT.fullmatch(inside) or target.startswith(("@", "!", "#")):
        message = say(
            "Slack shows `<{inside}>` literally and notifies nobody, because this place is plain text", inside=inside
        )
        return Remark("MARKUP_PLAIN", message, label, say("a mention belongs in `text` or a `section`"))
    if _SCHEME.fullmatch(target):
        return Remark("MARKUP_PLAIN", literally(f"<{inside}>"), label or target, say(NO_LINKS))
    if right := placeholders.instead(inside.strip(), text.names):
        return placeholders.remark(f"<{inside}>", right)
    return _tag(inside, plain=True)


def entity(match: re.Match[str], _text: Text) -> Remark:
    """Report an escaped character where nothing needs escapes."""
    message = say("Slack shows `{written}` literally, because plain text needs no escapes", written=match[0])
    return Remark("MARKUP_PLAIN", message, _ENTITIES[match[0]])


def in_value(match: re.Match[str], text: Text) -> Remark | None:
    """Report markup in a text that is escaped like a value: a quoted text in an expression, a label, a prefix."""
    inside = text.written(match, 1)
    target, _, label = inside.partition("|")
    if not _RIGHT.fullmatch(inside) and not _SCHEME.fullmatch(target) and not inside.startswith(("@", "!", "#")):
        return None
    message = say(
        "`<{inside}>` is shown as it stands: a text in an expression, a label or a prefix is escaped", inside=inside
    )
    return Remark("MARKUP_BRACKETS", message, None, _filtered(target, label))


def of_markdown(match: re.Match[str], text: Text) -> Remark | None:
    """Report a link in mrkdwn's form in a `markdown` block."""
    target, bar, label = text.written(match, 1).partition("|")
    if not bar or not _SCHEME.fullmatch(target):
        return FINE
    written = text.written(match)
    message = say("`{written}` is no link in a `markdown` block, which takes Markdown", written=written)
    return Remark("MARKUP_BRACKETS", message, f"[{label}]({target})")


def each(judged: Callable[[re.Match[str], Text], Remark | None]) -> Callable[[re.Match[str], Text], Remark | None]:
    """Return the check, except for a `<` before a space: `3 < 5 > 2` is right."""
    return lambda match, text: None if match[1][0].isspace() else judged(match, text)


def _name(inside: str) -> Remark:
    sign, name = inside[0], inside[1:].partition("|")[0]
    if sign == "#":
        message = say("`<{inside}>` is no link to a channel: Slack knows it by its id alone", inside=inside)
        return Remark("MARKUP_BRACKETS", message, "<#C0123456789>", say(CHANNEL_ID))
    if sign == "@" and re.fullmatch(r"S[A-Z0-9]{7,}", name):
        return _broken(inside, f"<!subteam^{name}>", say("a user group is mentioned by !subteam^"))
    word = name.removeprefix("subteam^").removeprefix("subteam").strip()
    if sign == "!" and not name.startswith("subteam"):
        close = get_close_matches(word.lower(), _GROUPS, n=1)
        group = _EVERYBODY.get(word.lower()) or (close[0] if close else "")
        if group:
            return _broken(inside, f"<!{group}>", say("Slack knows here, channel and everyone"))
    if sign == "@" and word.lower() in _GROUPS:
        return _broken(inside, f"<!{word.lower()}>", say("the channel's people are mentioned by !"))
    message = say("`<{inside}>` notifies nobody: Slack knows people and groups by their ids alone", inside=inside)
    return Remark("MARKUP_BRACKETS", message, mention(word), aliases(word))


def _broken(inside: str, right: str, why: str) -> Remark:
    return Remark("MARKUP_BRACKETS", say("Slack cannot read `<{inside}>`: {why}", inside=inside, why=why), right)


def _no_html(tag: str) -> str:
    return say("Slack reads no HTML: `<{tag}>`", tag=tag)


def _with_placeholders(inside: str, text: Text) -> Remark:
    """Check a link for placeholders. An expression cannot replace one there."""
    expanded = placeholders.expanded(inside, text.names)
    if expanded == inside:
        return FINE
    target, _, label = expanded.partition("|")
    shown = f"({markup.joined(label)})" if label else ""
    return placeholders.remark(f"<{inside}>", f"{{{{ {markup.bracketed(markup.joined(target))} | link{shown} }}}}")


def _tag(inside: str, *, plain: bool = False) -> Remark | None:
    name = re.match(r"/?([A-Za-z][A-Za-z0-9]*)(?=[\s/]|$)", inside)
    if not name or name[1].lower() not in _TAGS or (inside != name[0] and not re.search(r"=|/$", inside)):
        return None
    message = _no_html(inside)
    if plain:
        return Remark("MARKUP_PLAIN", message, "")
    return Remark("MARKUP_MARKDOWN", message, "\n" if name[1].lower() == "br" else "")


def _filtered(target: str, label: str) -> str:
    if target.startswith(("@", "!", "#")):
        return joined(outside_quotes("{{ 'oncall' | mention }}"), say(_ALIASES))
    return outside_quotes(f"{{{{ '{target}' | link('{label or target}') }}}}")
