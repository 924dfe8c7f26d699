"""A message in the terminal: what Slack shows stands there, and nothing of a value takes effect."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from cli.language import speaking
from cli.preview import reasons
from cli.preview.characters import emoji
from cli.preview.compose import Preview
from cli.preview.mrkdwn import View
from cli.preview.panels import alike, shown, title
from cli.preview.terminal import Framed, content, posted
from cli.slack_rules.blocks import BLOCKS
from cli.slack_rules.elements import IN_ACTIONS, IN_INPUT
from cli.slack_rules.rich_text import INLINE
from handler.errors import SourceError
from handler.model import Message
from handler.outcome import Rule
from tests.unit.slack_rules import corpus

ESCAPES = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\")
VIEW = View({"S0123ONCALL": "oncall", "U1": "buyer"}, {"C0123ORDERS": "orders"})


def printed(*parts: Any, width: int = 60, terminal: bool = True) -> str:
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=terminal,
        highlight=False,
        color_system="truecolor" if terminal else None,
        _environ={},
    )
    console.print(*parts, sep="\n")
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def plain(*parts: Any, width: int = 60) -> str:
    return ESCAPES.sub("", printed(*parts, width=width))


def mrkdwn(text: str, view: View = VIEW) -> str:
    return printed(content(text, [], view)).rstrip("\n")


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


# mrkdwn


@pytest.mark.parametrize(
    ("source", "shows"),
    [
        ("*Zoë &lt;VIP&gt; &amp; Co*", "\x1b[1mZoë <VIP> & Co\x1b[0m"),
        ("_a_ ~b~ `c*d*`", "\x1b[3ma\x1b[0m \x1b[9mb\x1b[0m \x1b[35mc*d*\x1b[0m"),
        ("*_a_*", "\x1b[1;3ma\x1b[0m"),
        ("2*3*4, a_b_c, * b *, の*太字*は", "2*3*4, a_b_c, * b *, の*太字*は"),
        ("「*太字*」", "「*太字*」"),
        ("&amp;lt;", "&lt;"),
        (":tea: :nobody_knows: 10:30:00", "🍵 :nobody_knows: 10:30:00"),
        (":flag-jp: :large_green_circle: :+1::skin-tone-3:", "🇯🇵 🟢 👍"),
        ("<!subteam^S0123ONCALL> <@U1>", "\x1b[1;33m@oncall\x1b[0m \x1b[1;33m@buyer\x1b[0m"),
        ("<@U9|@zoe> <!here>", "\x1b[1;33m@zoe\x1b[0m \x1b[1;33m@here\x1b[0m"),
        ("<!date^1392734382^{date}|18 Feb>", "18 Feb"),
        ("<3 <!>", "<3 <!>"),
    ],
)  # fmt: skip
def test_markup_is_shown_as_slack_shows_it(source: str, shows: str) -> None:
    assert mrkdwn(source) == shows


def test_a_channel_is_named_by_its_alias() -> None:
    assert ESCAPES.sub("", mrkdwn("<#C0123ORDERS> <#C9> <#C9|general>")) == "#orders #C9 #general"


def test_a_link_is_clicked_or_stands_with_its_address() -> None:
    assert "\x1b]8;" in mrkdwn("<https://example.org|shop>")
    assert "https://example.org\x1b\\" in mrkdwn("<https://example.org|shop>")
    in_file = View(clickable=False)
    assert ESCAPES.sub("", mrkdwn("<https://a.example|shop> <https://b.example>", in_file)) == (
        "shop (https://a.example) https://b.example"
    )
    assert ESCAPES.sub("", mrkdwn("<javascript:alert(1)|shop>")) == "shop"
    assert "\x1b]8;" not in mrkdwn("<javascript:alert(1)|shop>")


def test_quotes_and_blocks_of_code_stand_apart() -> None:
    lines = ESCAPES.sub("", mrkdwn("before\n&gt; one\n> two\nafter\n```\nx = *1*\n```\nend")).splitlines()
    assert [line.rstrip() for line in lines] == ["before", "▎ one", "▎ two", "after", "  x = *1*", "end"]


def test_a_long_quote_keeps_its_bar() -> None:
    lines = ESCAPES.sub("", printed(content("> " + "抹茶" * 30, [], VIEW), width=40)).splitlines()
    assert all(line.startswith("▎ ") and cell_len(line) <= 40 for line in lines)
    assert len(lines) == 4


@pytest.mark.parametrize("name", ["tea", "rotating_light", "flag-de", "large_yellow_circle", "white_check_mark"])
def test_emoji_are_signs(name: str) -> None:
    assert not emoji(name).startswith(":")


def test_every_emoji_of_the_templates_and_guides_is_known() -> None:
    files = [*Path("templates").rglob("*.yaml"), *Path("docs").glob("**/templates.md")]
    named = {name for file in files for name in re.findall(r"(?<![\w:])(:[a-z][a-z0-9_-]+:)", file.read_text("utf-8"))}
    assert len(named) > 10
    assert {name for name in named if emoji(name[1:-1]) == name} <= {":emoji:"}


# Values


HOSTILE = "[bold red]x[/] [link=https://evil.example]y[/link] \x1b[2J\x1b]0;title\x07 \x9b31m \u202egnp \x00\x08 \\[z]"
PLACES = [
    lambda value: [{"type": "header", "text": {"type": "plain_text", "text": value}}],
    lambda value: [section(value)],
    lambda value: [section(f"```{value}```\n> {value}\n`{value}` *{value}* <https://a.example/{value}|{value}>")],
    lambda value: [{"type": "section", "fields": [{"type": "mrkdwn", "text": value}]}],
    lambda value: [{"type": "context", "elements": [{"type": "plain_text", "text": value}]}],
    lambda value: [{"type": "table", "rows": [[corpus.raw(value)], [corpus.raw(value)]]}],
    lambda value: [corpus.rich_text(corpus.line(corpus.word(value), {"type": "link", "url": value, "text": value}))],
    lambda value: [corpus.actions({**corpus.button(url=f"https://a.example/{value}"), "text": corpus.plain(value)})],
    lambda value: [corpus.image(title=corpus.plain(value)) | {"alt_text": value}],
    lambda value: [{"type": "markdown", "text": value}],
    lambda value: [corpus.video(description=corpus.plain(value)) | {"title": corpus.plain(value)}],
    lambda value: [corpus.pie(corpus.point(value))],
    lambda value: [{"type": value, "text": value}],
    lambda value: [],
]


@pytest.mark.parametrize("place", PLACES)
def test_no_value_takes_effect(place: Any) -> None:
    drawn = printed(Framed(f"#{HOSTILE}", content(HOSTILE, place(HOSTILE), VIEW)))
    left = ESCAPES.sub("", drawn)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", left)
    assert "[bold red]" in re.sub(r"[\s│▎]", " ", left)
    assert "evil.example\x1b" not in drawn


def test_a_quarter_of_a_megabyte_is_drawn() -> None:
    for sign in ("*", "_", "`", "<", "> ", ":a", "&lt;", "*_~", "x ", "茶"):
        text = sign * (256 * 1024 // len(sign))
        assert printed(content(text, [], VIEW))


# Every block and element

# There is nothing to see in these.
BLANK = {
    "rich text with an empty line",
    "section with blanks alone",
    "table with a blank cell",
    *(f"rich text with text {number}" for number, one in enumerate(corpus.INLINE) if not one.get("text", "x").strip()),
}


@pytest.mark.parametrize("width", [40, 100])
@pytest.mark.parametrize("name", [name for name, blocks in corpus.ACCEPTED.items() if blocks])
def test_everything_that_slack_takes_shows_something(name: str, width: int) -> None:
    lines = plain(Framed("#orders", content("fallback", corpus.ACCEPTED[name], VIEW)), width=width).splitlines()
    assert {cell_len(line) for line in lines} == {width}
    if name not in BLANK:
        assert re.search(r"[^\s│╭╮╰╯]", "".join(lines[1:-1]))
    assert "fallback" not in "".join(lines)


def test_every_kind_of_block_and_element_is_among_these() -> None:
    kinds = set(re.findall(r"'type': '(\w+)'", repr(corpus.ACCEPTED)))
    assert {*BLOCKS, *IN_ACTIONS, *IN_INPUT, *INLINE} - kinds == set()


def test_a_block_that_nobody_knows_is_shown_by_its_name() -> None:
    assert "(new thing) Hello" in plain(content("", [{"type": "new_thing", "text": corpus.plain("Hello")}], VIEW))


def test_a_section_has_its_text_its_fields_in_two_columns_and_its_button() -> None:
    fields = [corpus.mrkdwn(f"*{name}*\n値") for name in ("Customer", "Amount", "Tier")]
    block = {**section("Hello"), "fields": fields, "accessory": corpus.button(url="https://example.org")}
    lines = plain(content("", [block], VIEW)).splitlines()
    assert re.match(r"Customer {20,}Amount", lines[1])
    assert re.match(r"値 +値", lines[2])
    assert lines[-1].rstrip() == "[ Go ] https://example.org"


def test_a_table_is_shown_as_one() -> None:
    rich_cell = corpus.rich_text(corpus.line(corpus.word("[b]")))
    rows = [[corpus.raw(one) for one in row] for row in (("商品", "在庫"), ("有機抹茶 30g缶", "3"), ("玉露", "110"))]
    block = {"type": "table", "rows": [*rows, [rich_cell]], "column_settings": [None, {"align": "right"}]}
    lines = plain(Framed("#orders", content("", [block], VIEW))).splitlines()
    head, first, second, third = (
        next(line for line in lines if word in line) for word in ("商品", "30g", "玉露", "[b]")
    )
    assert "在庫" in head
    ends = {cell_len(line[: line.rindex(word) + len(word)]) for line, word in ((first, " 3"), (second, "110"))}
    assert len(ends) == 1  # what is aligned at the right ends there, whatever stands before it
    assert {cell_len(line) for line in (*lines, third)} == {60}


def test_choices_show_what_is_chosen() -> None:
    boxes = {"type": "checkboxes", "options": [corpus.RED, corpus.BLUE], "initial_options": [corpus.BLUE]}
    lines = plain(content("", [corpus.ask(boxes)], VIEW)).splitlines()
    assert [line.rstrip() for line in lines] == ["Why?", "☐ Red  as a rose", "☑ Blue"]


# The frame


def test_a_message_of_the_stand_in_is_shown_as_people_wrote_it() -> None:
    message = {"channel_name": "orders", "ts": "1.2", "text": "only &amp; text"}
    assert "only & text" in plain(posted(message, VIEW))
    drawn = plain(posted({**message, "blocks": [section("Hi")], "thread_ts": "1.1", "edited": 1.5}, VIEW))
    assert "#orders, a reply, edited" in drawn
    assert "only" not in drawn


def test_a_title_that_is_too_long_stands_in_the_box() -> None:
    lines = plain(Framed("#orders (C0123ORDERS), in thread order-7", content("Hi", [], VIEW)), width=40)
    assert {cell_len(line) for line in lines.splitlines()} == {40}
    assert "thread order-7" in " ".join(re.sub("[│╭╮╰╯─]", "", lines).split())


def test_a_pipe_has_no_box_and_no_escape_and_no_blank_at_an_end() -> None:
    blocks = [section("*Hi*\n> there"), {"type": "section", "fields": [corpus.mrkdwn()] * 3}, {"type": "divider"}]
    drawn = printed(Framed("#orders", content("", blocks, VIEW)), terminal=False)
    assert not re.search(r"[\x1b│╭]| $", drawn, re.MULTILINE)
    assert drawn.splitlines()[:3] == ["#orders", "  Hi", "  ▎ there"]


# A preview


def message(**changes: Any) -> Message:
    return Message(
        **{"notification": "order", "channel": "orders", "destination": "C0123ORDERS", "text": "Hi", **changes}
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "#orders (C0123ORDERS)"),
        ({"destination": "orders"}, "#orders"),
        ({"destination": ""}, "#orders"),
        ({"thread": "order-7"}, "#orders (C0123ORDERS), in thread order-7"),
        ({"thread": "a\nb"}, "#orders (C0123ORDERS), in thread a b"),
        ({"thread": "7", "update": True}, "#orders (C0123ORDERS), edits the first message of thread 7"),
        ({"thread": "7", "destination": "orders"}, "#orders, without its thread, because a webhook has none"),
        ({"stub": True}, "#orders (C0123ORDERS), edited once the row is there"),
    ],
)
def test_a_title_says_where_a_message_goes(changes: dict[str, Any], says: str) -> None:
    assert title([message(**changes)]) == says


def test_channels_that_get_the_same_share_a_panel() -> None:
    other, third = message(channel="vip", destination="C2"), message(channel="ops", text="Bye")
    assert [len(one) for one in alike([message(), third, other])] == [2, 1]
    assert title([message(), other]) == "#orders (C0123ORDERS), #vip (C2)"


def test_what_posts_nothing_says_why_and_where() -> None:
    preview = Preview("order", "production", "one", rule=Rule.WHEN, where="order.yaml:7 when")
    assert "Posts nothing: `when` does not hold (order.yaml:7 when)" in plain(*shown(preview, VIEW))
    with speaking("ja"):
        assert "投稿しません" in plain(*shown(preview, VIEW))


@pytest.mark.parametrize("rule", reasons._RULES)
def test_every_rule_is_told(rule: Rule) -> None:
    assert reasons._RULES[rule] in reasons.rule(Preview("", "", "", rule=rule))


def test_an_error_has_its_code_its_place_and_what_to_do() -> None:
    error = SourceError("API_UNKNOWN", "order.yaml:7 lookups.stock: default")
    drawn = plain(*shown(Preview("order", "production", "id 7", error=error), VIEW), width=100)
    assert "API_UNKNOWN: order.yaml:7 lookups.stock: default" in drawn
    assert "fix: give --api NAME=URI" in drawn
    assert "order · id 7 · production" in drawn
