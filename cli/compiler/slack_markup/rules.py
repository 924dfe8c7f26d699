"""The rules for each way in which Slack reads a text, in the order in which they apply. To add a rule, add a row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from cli.compiler.slack_markup import brackets, emphasis, markdown, people, placeholders
from cli.compiler.slack_markup.texts import FINE, Reading, Remark, Rule, Text
from cli.language import say

# URLs, e-mail addresses and emoji: signs inside them are not markup.
_ADDRESS: Final = re.compile(r"(?:https?|mailto|slack|tel):[^\s<>|)*\]]*[^\s<>|)*\]_~.,;:!?'\"]")
_MAILBOX: Final = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]+(?:\.[\w-]+)+")
_EMOJI: Final = re.compile(r"(?<![\w:]):[a-z0-9][a-z0-9_+'-]*:(?::skin-tone-\d:)?")
_LABEL_IN_BOLD: Final = re.compile(r"\A\*([^*\n]+)\*\Z")


def _fine(_match: re.Match[str], _text: Text) -> Remark:
    return FINE


def _bold_label(match: re.Match[str], text: Text) -> Remark:
    written = text.written(match, 1)
    message = say("the label `{written}` is bold already, so its stars are shown", written=written)
    return Remark("MARKUP_MARKDOWN", message, written)


_CODE: Final = (
    Rule("fence", markdown.FENCE, markdown.fence),
    Rule("open fence", markdown.OPEN_FENCE, markdown.open_fence),
    Rule("code", markdown.SPAN, markdown.span),
)
_OWN_SIGNS: Final = (
    Rule("address", _ADDRESS, _fine),
    Rule("mailbox", _MAILBOX, _fine),
    Rule("emoji", _EMOJI, _fine),
)
_PLACEHOLDER: Final = Rule("placeholder", placeholders.PATTERN, placeholders.judge)
_LINES: Final = (
    Rule("table", markdown.TABLE, markdown.table),
    Rule("rule", markdown.RULE, markdown.rule),
    Rule("heading", markdown.HEADING, markdown.heading),
)
_TWO: Final = (Rule("three signs", markdown.THREE, markdown.three), Rule("two signs", markdown.TWO, markdown.two))
_PEOPLE: Final = (
    Rule("person", people.PERSON, people.person),
    Rule("person of a row", people.PERSON_OF_ROW, people.person_of_row),
    Rule("channel", people.CHANNEL, people.channel),
    Rule("channel of a row", people.CHANNEL_OF_ROW, people.channel_of_row),
)
_BRACKETS: Final = (
    Rule("anchor", brackets.ANCHOR, brackets.anchor),
    Rule("html", brackets.TAG_PAIR, brackets.tag_pair),
    Rule("brackets", brackets.BETWEEN, brackets.each(brackets.judge)),
    Rule("unclosed", brackets.UNCLOSED, brackets.unclosed),
)

_MRKDWN: Final = (
    *_CODE,
    Rule("erb", placeholders.ERB, placeholders.judge),
    *_BRACKETS,
    Rule("link", markdown.LINK, markdown.link),
    _PLACEHOLDER,
    Rule("entity", markdown.ENTITY, markdown.entity),
    *_OWN_SIGNS,
    *_LINES,
    *_TWO,
    *_PEOPLE,
    Rule("emphasis", emphasis.SPAN, emphasis.judge),
    Rule("emphasis over two lines", emphasis.BROKEN, emphasis.broken),
)

RULES: Final[Mapping[Reading, tuple[Rule, ...]]] = {
    "mrkdwn": _MRKDWN,
    "label": (Rule("bold label", _LABEL_IN_BOLD, _bold_label), *_MRKDWN),
    "plain": (
        Rule("erb", placeholders.ERB, placeholders.judge),
        Rule("code", markdown.SPAN, markdown.plain_span),
        Rule("anchor", brackets.ANCHOR, brackets.plain_anchor),
        Rule("html", brackets.TAG_PAIR, brackets.plain_tag_pair),
        Rule("brackets", brackets.BETWEEN, brackets.each(brackets.in_plain)),
        Rule("entity", brackets.ENTITY, brackets.entity),
        Rule("link", markdown.LINK, markdown.plain_link),
        _PLACEHOLDER,
        *_OWN_SIGNS,
        Rule("heading", markdown.HEADING, markdown.plain_heading),
        Rule("two signs", markdown.TWO, markdown.plain_two),
        Rule("person", people.PERSON, people.person_in_plain),
        Rule("person of a row", people.PERSON_OF_ROW, people.person_of_row_in_plain),
        Rule("emphasis", emphasis.SPAN, emphasis.shown),
    ),
    "url": (Rule("erb", placeholders.ERB, placeholders.judge), _PLACEHOLDER),
    "markdown": (
        Rule("code", re.compile(r"```.*?```|~~~.*?~~~|`[^`\n]+`", re.DOTALL), _fine),
        Rule("brackets", brackets.BETWEEN, brackets.each(brackets.of_markdown)),
        Rule("link", markdown.LINK, _fine),
        *_OWN_SIGNS,
        Rule("two signs", re.compile(r"\*{2,}|_{2,}"), _fine),
        Rule("group", people.GROUP, people.person_in_plain),
        Rule("emphasis", emphasis.SPAN, emphasis.of_markdown),
    ),
    "value": (
        *_CODE,
        Rule("brackets", brackets.BETWEEN, brackets.each(brackets.in_value)),
        Rule("entity", brackets.ENTITY, brackets.entity),
        *_OWN_SIGNS,
        *_TWO,
        Rule("person", people.PERSON, people.person_in_value),
        Rule("emphasis", emphasis.SPAN, emphasis.judge),
    ),
}
