"""Finds Markdown in mrkdwn and in plain text, where Slack shows its signs: bold, links, headings, rules, tables."""

from __future__ import annotations

import html
import re
from typing import Final

from cli.compiler import markup
from cli.compiler.slack_markup import placeholders
from cli.compiler.slack_markup.brackets import NO_LINKS
from cli.compiler.slack_markup.texts import BRANCH, DONE, EXPRESSION, FINE, Remark, Text, literally
from cli.language import later, say

LINK: Final = re.compile(
    r"(!?)\[([^\[\]\n]*)\]\(\s*([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)(?:\s+[\"'][^\"'\n]*[\"'])?\s*\)"
)
HEADING: Final = re.compile(r"^[ \t]*+(\#{1,6})[ \t]++(\S[^\n]*)$", re.MULTILINE)
RULE: Final = re.compile(r"^[ \t]*+(?:-{3}|\*{3}|_{3}|(?:[*-] ){2}[*-])[ \t]*$", re.MULTILINE)
TABLE: Final = re.compile(
    r"^[ \t]*+\|?[ \t]*+:?-{3,}+:?[ \t]*+(?>(?:\|[ \t]*+:?-{3,}+:?[ \t]*+)+)\|?[ \t]*+$", re.MULTILINE
)
THREE: Final = re.compile(r"\*{3}([^\s*](?:[^*\n]*[^\s*])?)\*{3}|_{3}([^\s_](?:[^_\n]*[^\s_])?)_{3}")
TWO: Final = re.compile(
    r"(?<!\*)\*\*(?=[^\s*])((?:[^*\n]|(?<!\*)\*(?!\*))*?[^\s*])\*\*(?!\*)|(?<!_)__(?=[^\s_])((?:[^_\n]|_(?!_))*?[^\s_])__(?!_)"
    r"|(?<!~)~~(?=[^\s~])([^~\n]*?[^\s~])~~(?!~)"
)
FENCE: Final = re.compile(r"```(?:([A-Za-z+#]+)[ \t]*\n)?((?:(?!```).)*)```", re.DOTALL)
OPEN_FENCE: Final = re.compile(r"```([^\n]*)")
ENTITY: Final = re.compile(r"&(?!lt;|gt;|amp;)(?:[a-z]+|#\d+);")
SPAN: Final = re.compile(r"`[^`\n]+`")

# Language names that people write after ``` for syntax colours.
_LANGUAGES: Final = frozenset({
    "bash", "c", "console", "cpp", "css", "diff", "go", "html", "http", "ini", "java", "javascript", "js",
    "json", "jsonc", "jsx", "kotlin", "log", "mysql", "php", "plaintext", "powershell", "py", "python", "ruby",
    "rust", "sh", "shell", "sql", "swift", "text", "toml", "ts", "tsx", "txt", "typescript", "xml", "yaml",
    "yml",
})  # fmt: skip
_LINK: Final = later("Slack shows `{written}` literally, because mrkdwn writes links in another way")
_IMAGE: Final = later("Slack shows `{written}` literally, because mrkdwn writes images in another way")
_BOLD: Final = later("Slack shows `{written}` literally: bold takes one * on each side")
_STRUCK: Final = later("Slack shows `{written}` literally: struck text takes one ~ on each side")
# Python's double-underscore names, which look like Markdown's bold.
_DUNDERS: Final = re.compile(r"__(?:init|name|main|file|all|doc|dict|str|repr|call|enter|exit|new|del|version|class)__")
_ADDRESS: Final = re.compile(
    rf"[a-z][a-z0-9+.-]*://.*|mailto:.*|www\..*|/.*|#.*|{EXPRESSION}.*", re.IGNORECASE | re.DOTALL
)


def link(match: re.Match[str], text: Text) -> Remark | None:
    """Report a link or an image: `[text](address)`."""
    if not _ADDRESS.fullmatch(match[3]):
        return None
    sign, label, address = (placeholders.expanded(text.written(match, number), text.names) for number in (1, 2, 3))
    message = say(_IMAGE if sign else _LINK, written=text.written(match))
    if BRANCH in match[0] or DONE in match[3]:
        return Remark("MARKUP_MARKDOWN", message, None, say("write {code}", code="{{ address | link('label') }}"))
    if address.startswith("www."):
        address = f"https://{address}"
    note = say("an `image` block shows a picture") if sign else ""
    if EXPRESSION in match[0] or "{{" in address + label:
        shown = f"({markup.joined(label)})" if label else ""
        right = f"{{{{ {markup.bracketed(markup.joined(address))} | link{shown} }}}}"
        return Remark("MARKUP_MARKDOWN", message, right, note)
    if not re.match(r"[a-z][a-z0-9+.-]*:", address, re.IGNORECASE):
        return Remark("MARKUP_MARKDOWN", message, label, say("a link needs an address with https://"))
    return Remark("MARKUP_MARKDOWN", message, f"<{address}|{label}>" if label else f"<{address}>", note)


def plain_link(match: re.Match[str], text: Text) -> Remark | None:
    """Report a link in plain text, which has none."""
    if not _ADDRESS.fullmatch(match[3]):
        return None
    label = text.written(match, 2) or text.written(match, 3)
    return Remark("MARKUP_PLAIN", literally(text.written(match)), label, say(NO_LINKS))


def heading(match: re.Match[str], text: Text) -> Remark | None:
    """Report a heading: `# Title`. Not a heading: `# of items: 3`, `# 5` and `# {{ order.number }}`."""
    if len(match[1]) == 1 and re.match(rf"of\b|\d|{EXPRESSION}+$", match[2]):
        return None
    title = _title(match, text)
    message = say(
        "Slack shows the `{signs}` before `{title}`, because mrkdwn has no headings", signs=match[1], title=title
    )
    bare = title.replace("*", "").replace("__", "")
    return Remark("MARKUP_MARKDOWN", message, f"*{bare}*", say("a `header` block is larger"))


def plain_heading(match: re.Match[str], text: Text) -> Remark | None:
    """Report a heading in plain text."""
    if heading(match, text) is None:
        return None
    title = _title(match, text)
    message = say(
        "Slack shows the `{signs}` before `{title}`, because this place is plain text", signs=match[1], title=title
    )
    return Remark("MARKUP_PLAIN", message, title)


def _title(match: re.Match[str], text: Text) -> str:
    """Return a heading's text, without closing signs: `## Title ##`."""
    return text.written(match, 2).rstrip("# \t")


def rule(match: re.Match[str], text: Text) -> Remark:
    """Report a horizontal rule."""
    message = say("Slack shows `{written}` literally, and draws no line", written=text.written(match).strip())
    return Remark("MARKUP_MARKDOWN", message, "", say("leave the line out; the block `divider` draws a line"))


def table(_match: re.Match[str], _text: Text) -> Remark:
    """Report the line below the header of a table."""
    message = say("Slack shows the characters of the table, because mrkdwn has no tables")
    return Remark("MARKUP_MARKDOWN", message, "", say("leave the line out; the block `table` shows a table"))


def three(match: re.Match[str], text: Text) -> Remark:
    """Report bold and italic at once."""
    inner = text.written(match, 1) or text.written(match, 2)
    message = say("Slack shows `{written}` literally, because that is Markdown", written=text.written(match))
    return Remark("MARKUP_MARKDOWN", message, f"*_{inner}_*")


def two(match: re.Match[str], text: Text) -> Remark | None:
    """Report Markdown's bold and strikethrough. A power (2**3**4) and a Python name are neither."""
    sign = match[0][0]
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    beside = before.isascii() and before.isalnum(), after.isascii() and after.isalnum()
    if any(beside) and (sign != "*" or all(beside)):
        return None
    if _DUNDERS.fullmatch(text.written(match)) or (sign == "_" and (before in (".", "/") or after in (".", "("))):
        return None
    right = "*" if sign == "_" else sign
    inner = next(text.written(match, number) for number in (1, 2, 3) if match[number])
    message = say(_STRUCK if sign == "~" else _BOLD, written=text.written(match))
    return Remark("MARKUP_MARKDOWN", message, f"{right}{inner}{right}")


def plain_two(match: re.Match[str], text: Text) -> Remark | None:
    """Report bold and strikethrough in plain text."""
    found = two(match, text)
    if found is None or found.right is None:
        return None
    return Remark("MARKUP_PLAIN", literally(text.written(match)), found.right[1:-1])


def fence(match: re.Match[str], text: Text) -> Remark:
    """Report the language name of a code block: Slack shows it as the first line."""
    word = match[1] or ""
    if word.lower() not in _LANGUAGES:
        return FINE
    message = say("Slack shows `{word}` as the first line of the code, because mrkdwn has no languages", word=word)
    return Remark("MARKUP_MARKDOWN", message, f"```\n{text.written(match, 2)}```")


def open_fence(match: re.Match[str], text: Text) -> Remark | None:
    """Report a ``` without a second one: Slack shows it, or formats all that follows as code."""
    if BRANCH in text.masked:
        return None
    rest = text.written(match, 1)
    right = f"```{rest.rstrip()}```" if rest.strip() else ""
    return Remark("MARKUP_BOUNDARY", say("a ``` stands alone: code begins and ends with it"), right)


def entity(match: re.Match[str], _text: Text) -> Remark | None:
    """Report an HTML entity that mrkdwn does not have."""
    sign = html.unescape(match[0])
    message = say("Slack shows `{written}` literally", written=match[0])
    return Remark("MARKUP_MARKDOWN", message, sign) if sign != match[0] else None


def span(_match: re.Match[str], _text: Text) -> Remark:
    """Skip inline code, in which nothing is formatted."""
    return FINE


def plain_span(match: re.Match[str], text: Text) -> Remark:
    """Report inline code in plain text."""
    code = text.written(match)[1:-1]
    message = say("Slack shows the backticks of `{code}`, because this place is plain text", code=code)
    return Remark("MARKUP_PLAIN", message, code)
