"""The lines of a message say all of it: another message has other lines, and no value looks like a line of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.preview.message_lines import escaped, lines
from handler.model import Message
from tests.unit.slack_rules import corpus

MESSAGE = Message("order.created", "orders", "C0", "A text")
BLOCKS = {name: blocks for name, blocks in corpus.ACCEPTED.items() if blocks}

LABELLED = {"type": "mrkdwn", "text": "*Customer*\nAda", "verbatim": True}
LINK = {
    "type": "button",
    "action_id": "open-1",
    "text": {"type": "plain_text", "text": "Open order"},
    "url": "https://example.org/1",
}
SHORT: list[tuple[list[dict[str, Any]], list[str]]] = [
    ([{"type": "divider"}], ["divider"]),
    ([{"type": "header", "text": corpus.plain("Paid")}], ["header: Paid"]),
    ([{"type": "section", "text": corpus.mrkdwn("*a*\n\nb")}], ["section:", "  | *a*", "  |", "  | b"]),
    ([{"type": "section", "fields": [LABELLED]}], ["fields:", "  Customer: Ada"]),
    ([{"type": "context", "elements": [corpus.mrkdwn("a: b")]}], ["context: a: b"]),
    (
        [{"type": "context", "elements": [corpus.mrkdwn("a: b"), corpus.mrkdwn("(c)")]}],
        ["context:", "  - a: b", "  - (c)"],
    ),
    ([{"type": "actions", "elements": [LINK]}], ["buttons:", "  [Open order] https://example.org/1"]),
    (
        [{"type": "actions", "elements": [{**LINK, "url": ""}]}],
        [
            "actions:",
            "  elements:",
            "    -",
            "      type: button",
            "      action_id: open-1",
            "      text (plain_text): Open order",
            '      url: ""',
        ],
    ),
    ([{"type": "markdown", "text": "1. a\n2. b"}], ["markdown:", "  | 1. a", "  | 2. b"]),
    (
        [{"type": "table", "rows": [[corpus.raw("A|B"), corpus.raw("")], [corpus.raw("1")]]}],
        ["table:", r"  | A\|B |  |", "  | 1 |"],
    ),
    (
        [{"type": "image", "image_url": "https://x", "alt_text": "5"}],
        ["image:", "  image_url: https://x", '  alt_text: "5"'],
    ),
    (
        [{"type": "actions", "elements": [{**LINK, "action_id": "refund"}]}],
        [
            "actions:",
            "  elements:",
            "    -",
            "      type: button",
            "      action_id: refund",
            "      text (plain_text): Open order",
            "      url: https://example.org/1",
        ],
    ),
]  # fmt: skip


def of(blocks: Any) -> list[str]:
    return lines(replace(MESSAGE, blocks=blocks))


@pytest.mark.parametrize(("blocks", "expected"), SHORT, ids=lambda one: str(one)[:40])
def test_a_block_reads_as_templates_write_it(blocks: list[dict[str, Any]], expected: list[str]) -> None:
    assert of(blocks) == ["channel: orders", "text: A text", *expected]


def others(value: Any) -> Iterator[Any]:
    """The same with one thing changed: each leaf, each key that is left out, each item less and twice."""
    match value:
        case dict():
            for key in value:
                yield {name: value[name] for name in value if name != key}
                yield {f"{name}_" if name == key else name: value[name] for name in value}
                yield from ({**value, key: other} for other in others(value[key]))
            yield {**value, "more": 1}
        case list():
            for number, item in enumerate(value):
                yield value[:number] + value[number + 1 :]
                yield [*value[:number], item, *value[number:]]
                yield from ([*value[:number], other, *value[number + 1 :]] for other in others(item))
        case _:
            yield from leaves(value)


def leaves(value: Any) -> Iterator[Any]:
    """What is close to a leaf, and not the same."""
    match value:
        case bool():
            yield from (not value, str(value).lower(), int(value))
        case int() | float():
            yield from (value + 1, str(value), float(value) if isinstance(value, int) else int(value), None)
        case None:
            yield from ("null", "", [], {})
        case str():
            yield from (
                f"{value}x",
                f"{value} ",
                f" {value}",
                f"{value}\n",
                f"{value}\\",
                f'"{value}"',
                f"{value}\u200b",
            )
            yield from (None, [value], {"text": value}, value[:-1])


@pytest.mark.parametrize("name", BLOCKS)
def test_whatever_changes_in_a_block_changes_the_lines(name: str) -> None:
    blocks = BLOCKS[name][:12]
    shown: dict[str, str] = {}
    for other in (blocks, *others(blocks)):
        found = of(other)
        assert all("\n" not in line and line == line.rstrip() for line in found)
        meaning = json.dumps(other, sort_keys=True)
        assert shown.setdefault("\n".join(found), meaning) == meaning


@pytest.mark.parametrize(
    "change",
    [{"channel": "payments"}, {"thread": "t-1"}, {"update": True}, {"stub": True}, {"text": "Another"}],
    ids=lambda change: next(iter(change)),
)
def test_whatever_changes_in_a_message_changes_the_lines(change: dict[str, Any]) -> None:
    assert lines(replace(MESSAGE, **change)) != lines(MESSAGE)


def test_the_id_of_a_channel_is_not_in_them() -> None:
    assert lines(replace(MESSAGE, destination="C1", read_at=1.0, mark="m")) == lines(MESSAGE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b", "a b"),
        ("山田　花子", "山田　花子"),
        ("a ", r"a\x20"),
        ("a　", r"a\u3000"),
        ("a\r", r"a\r"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\u202egnp", r"\u202egnp"),
        ("12\xa0400", r"12\xa0400"),
        (r"\n", r"\\n"),
        ("\ud800", r"\ud800"),
        ("a\ufe0f", r"a\ufe0f"),
        ("\u3164", r"\u3164"),
    ],
)
def test_what_shows_as_nothing_is_written_out(text: str, expected: str) -> None:
    assert escaped(text) == expected


FORGING = st.lists(
    st.sampled_from(["a", "|", ":", " ", "- ", "\n", '"', "\\", "(mrkdwn)", "[", "]", "*", "header: ", "{}", "\u2028"]),
    max_size=6,
).map("".join)  # fmt: skip
SMALL = st.one_of(
    st.builds(lambda text: {"type": "header", "text": corpus.plain(text)}, FORGING),
    st.builds(lambda text: {"type": "section", "text": corpus.mrkdwn(text)}, FORGING),
    st.builds(
        lambda texts: {"type": "context", "elements": [*map(corpus.mrkdwn, texts)]}, st.lists(FORGING, max_size=2)
    ),
    st.builds(lambda texts: {"type": "section", "fields": [*map(corpus.mrkdwn, texts)]}, st.lists(FORGING, max_size=2)),
    st.builds(lambda a, b: {"type": "section", "fields": [corpus.mrkdwn(f"*{a}*\n{b}"), LABELLED]}, FORGING, FORGING),
    st.builds(
        lambda a, b: {"type": "actions", "elements": [{**LINK, "text": corpus.plain(a), "url": b}]}, FORGING, FORGING
    ),
    st.builds(lambda texts: {"type": "table", "rows": [[*map(corpus.raw, texts)]]}, st.lists(FORGING, max_size=2)),
    st.builds(lambda texts: {"type": "list", "items": texts}, st.lists(FORGING, max_size=2)),
)


@given(st.lists(st.tuples(FORGING, st.lists(SMALL, max_size=2)), min_size=2, max_size=20))
def test_no_two_messages_have_the_same_lines(pairs: list[tuple[str, list[dict[str, Any]]]]) -> None:
    shown: dict[tuple[str, ...], Message] = {}
    for text, blocks in pairs:
        message = replace(MESSAGE, text=text, blocks=blocks)
        assert shown.setdefault(tuple(lines(message)), message) == message
