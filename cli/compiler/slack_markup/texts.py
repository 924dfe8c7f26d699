"""An author's text in which expressions, and parts that are already checked, are masked without moving offsets."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, NamedTuple

from cli.language import say

# How Slack reads a text. `url` is an address or a thread's key, which can only have wrong placeholders; `label` is the
# label of a field, which is bold anyway; `value` is a text that is escaped like a value, such as a quoted text in an
# expression, or a label of _labels.yaml.
Reading = Literal["mrkdwn", "plain", "markdown", "url", "label", "value"]

# In a masked text, these stand for an expression, for `{% %}` and `{# #}`, and for what a rule has handled. They are
# private-use characters, so that no rule takes them for letters.
EXPRESSION: Final = "\ue000"
BRANCH: Final = "\ue001"
DONE: Final = "\ue002"

_STRING: Final = r"'(?>(?:[^'\\]|\\.)*)'|\"(?>(?:[^\"\\]|\\.)*)\""
_CODE: Final = re.compile(
    rf"(?P<shown>\{{\{{(?>(?:{_STRING}|(?!\}}\}}).)*)\}}\}})|\{{%(?>(?:{_STRING}|(?!%\}}).)*)%\}}|\{{\#.*?\#\}}",
    re.DOTALL,
)
_WHOLE: Final = re.compile(rf"(?:{_CODE.pattern})|```.*?```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a placeholder of another template language may mean here.

    `columns` has the columns of each lookup's row, if its SELECT names them; `unsure` the lookups that may be missing.
    """

    known: tuple[str, ...] = ()
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Text:
    """A text and a masked copy of it. Both have the same length, so an offset is valid in both."""

    source: str
    masked: str
    names: Names = Names()

    def written(self, match: re.Match[str], group: int | str = 0) -> str:
        """Return what the author wrote in a group of a match; empty if the group did not match."""
        start, end = match.span(group)
        return self.source[start:end] if start >= 0 else ""

    def done(self, spans: Iterable[tuple[int, int]]) -> Text:
        """Return the text with these parts hidden from later rules. The spans are in order."""
        pieces, at = [], 0
        for start, end in spans:
            pieces += [self.masked[at:start], re.sub(r"[^\n]", DONE, self.masked[start:end])]
            at = end
        return replace(self, masked="".join((*pieces, self.masked[at:])))


class Remark(NamedTuple):
    """What is wrong with a part of a text.

    `right` replaces the part; None if only the sentence `note` can say what to write. With `right`, `note` follows it.
    """

    code: str
    message: str
    right: str | None = None
    note: str = ""


# A rule's result for a text that is right; later rules skip it.
FINE: Final = Remark("", "")


class Rule(NamedTuple):
    """A pattern for the masked text. `judge` returns what is wrong, or FINE, or None if the rule does not apply."""

    name: str
    pattern: re.Pattern[str]
    judge: Callable[[re.Match[str], Text], Remark | None]


class Found(NamedTuple):
    """A remark of a rule, with its offsets in the source."""

    start: int
    end: int
    rule: str
    remark: Remark


def joined(*sentences: str) -> str:
    """Join the sentences of a fix that are not empty."""
    return say("; ").join(filter(None, sentences))


def literally(written: str) -> str:
    """Say that Slack shows these characters literally, because the place is plain text."""
    return say("Slack shows `{written}` literally, because this place is plain text", written=written)


def read(source: str, names: Names) -> Text:
    """Return a source with its expressions and tags masked."""
    return Text(source, _CODE.sub(_mask, source), names)


def expression(source: str, at: int) -> str:
    """Return the `{{ }}` that begins there, braces and all; empty where none does."""
    match = _CODE.match(source, at)
    return match["shown"] or "" if match else ""


def strings(source: str) -> Iterator[tuple[int, str]]:
    """Yield each quoted text in a `{{ }}` of a source, with its offset."""
    for region in _CODE.finditer(source):
        for match in re.finditer(_STRING, region["shown"] or "", re.DOTALL):
            yield region.start() + match.start() + 1, match[0][1:-1]


def wholes(source: str) -> list[tuple[int, int]]:
    """Return the spans of a source's expressions and code blocks, which must not be split."""
    return [match.span() for match in _WHOLE.finditer(source)]


def lines(source: str, start: int, end: int, whole: Sequence[tuple[int, int]]) -> str:
    """Return the lines that contain a part of a source, extended to all of each `whole` span that they touch."""
    for first, last in whole[max(bisect_left(whole, (start,)) - 1, 0) :]:
        if first >= end:
            break
        if start < last:
            start, end = min(start, first), max(end, last)
    start = source.rfind("\n", 0, start) + 1
    after = source.find("\n", end)
    return source[start:] if after < 0 else source[start:after]


def find(text: Text, rules: Iterable[Rule]) -> Iterator[Found]:
    """Apply the rules in order. Later rules do not see what an earlier one has handled."""
    for rule in rules:
        done, at = [], 0
        while match := rule.pattern.search(text.masked, at):
            remark = rule.judge(match, text)
            if remark is None:
                at = match.start() + 1
                continue
            if remark is not FINE:
                yield Found(match.start(), match.end(), rule.name, remark)
            done.append(match.span())
            at = match.end()
        text = text.done(done)


def _mask(match: re.Match[str]) -> str:
    return (EXPRESSION if match["shown"] else BRANCH) * len(match[0])
