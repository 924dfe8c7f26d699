"""Checks the markup in an author's texts: mistakes in Slack's mrkdwn, and Markdown, HTML or foreign placeholders.

    texts        a text with its expressions masked, and how rules are applied to it
    rules        which rules apply in mrkdwn, plain text, a `markdown` block, a label, or an escaped text
    markdown, brackets, people, placeholders, emphasis      the rules

Slack accepts all of these and shows the characters, so the mistake would only be seen in the channel. A finding is an
error if the message misses its purpose (it notifies nobody, leads nowhere, lacks its value), else a warning.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from cli.compiler import shape
from cli.compiler.findings import Place, Report
from cli.compiler.nodes import Scalar
from cli.compiler.slack_markup import quoted
from cli.compiler.slack_markup.rules import RULES
from cli.compiler.slack_markup.texts import Found, Names, Reading, Remark, Text, find, joined, lines, read, wholes
from cli.language import say

__all__ = ["Names", "Reading", "check"]

_MAX_ROUNDS: Final = 6  # corrections of one line: markup inside markup, and spaces around it
_MAX_REPAIRS: Final = 100  # corrections in one round; more than anybody needs, and it bounds the time


def check(reading: Reading, node: Scalar, names: Names, report: Report, *, is_key: bool = False) -> None:
    """Report each mistake in a text of the file, once per line and rule, with the corrected line."""
    source = node.text.rstrip("\n")
    whole = wholes(source)
    reported = set()
    for one in _all(source, reading, names):
        line = source.count("\n", 0, one.start) + 1
        if (line, one.rule) in reported:
            continue
        reported.add((line, one.rule))
        fix = one.remark.note
        if one.remark.right is not None:
            right = _corrected(lines(source, one.start, one.end, whole), reading, names)
            fix = _fix(node, right, one.remark, is_key=is_key)
        report.add(_place(node, source, one), one.remark.code, one.remark.message, fix)


def _all(source: str, reading: Reading, names: Names) -> Iterator[Found]:
    """Yield the mistakes in a text, and in those quoted texts of its expressions that are shown."""
    yield from find(read(source, names), RULES[reading])
    rules = RULES["plain" if reading == "plain" else "value"]
    yield from quoted.currencies(source)
    for at, written in quoted.shown(source):
        for one in find(Text(written, written, names), rules):
            yield one._replace(start=one.start + at, end=one.end + at)


def _corrected(text: str, reading: Reading, names: Names) -> str:
    """Return lines with every mistake corrected."""
    for _ in range(_MAX_ROUNDS):
        repairs = _repairs(text, reading, names)
        if not repairs:
            break
        for repair in sorted(repairs, key=lambda found: found.start, reverse=True):
            text = _joined(text[: repair.start], str(repair.remark.right), text[repair.end :])
    return text


def _repairs(text: str, reading: Reading, names: Names) -> list[Found]:
    """Return the mistakes that have a replacement. If parts overlap, only the first is returned."""
    taken: list[Found] = []
    for found in _all(text, reading, names):
        overlaps = any(found.end > other.start and found.start < other.end for other in taken)
        if found.remark.right is not None and not overlaps:
            taken.append(found)
        if len(taken) == _MAX_REPAIRS:
            break
    return taken


def _joined(before: str, right: str, after: str) -> str:
    """Replace a part of a text. If the replacement is empty or a line break, a space beside it is removed, too."""
    if right == "\n":
        return f"{before.rstrip(' ')}\n{after.lstrip(' ')}"
    if not right and after[:1] in ("", " ", "\n"):
        before = before.removesuffix(" ")
    if not right and before[-1:] in ("", "\n"):
        after = after.removeprefix(" ")
    return f"{before}{right}{after}"


def _fix(node: Scalar, right: str, remark: Remark, *, is_key: bool) -> str:
    if not right.strip():
        return remark.note or say("leave it out")
    if is_key:
        written = say("write the label {label}", label=json.dumps(right, ensure_ascii=False))
    elif "\n" in right and node.style not in ("literal", "folded"):
        written = say("write {code}", code=json.dumps(right, ensure_ascii=False))
    else:
        written = shape.rewritten(node, right)
    return joined(written, remark.note)


def _place(node: Scalar, source: str, found: Found) -> Place:
    """Return the position of a mistake; only its line, if YAML escapes hide the column."""
    text = source[found.start : found.end]
    before = source.count(text, 0, found.start) if text else 0
    return node.find(text, before + 1) or node.place_of(source.count("\n", 0, found.start) + 1)
