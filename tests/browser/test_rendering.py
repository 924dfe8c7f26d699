"""A message looks as in Slack, and no text in it is ever more than text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver import Chrome
from slack_sdk import WebClient

from lab.slack import Control
from tests.browser.samples import HOSTILE, PAYMENT_FAILED, STOCK, cell, escaped, mrkdwn, plain
from tests.plugins.browser import Page
from tests.unit.slack_rules.corpus import ACCEPTED

INVISIBLE = "\u2060"
LITERAL = [
    HOSTILE,
    "[x](https://evil.example) https://evil.example www.evil.example",
    "a*b*c snake_case_name **no** __no__ 3 * 4 * 5",
    "12:30:45 :nosuchemoji: 10:00:00",
    "# heading, - item, | a | b |, 1) one",
    "back\\slash \\[no\\] \\` &lt;!here&gt; &amp;lt; &#60;",
    "@here @channel @everyone <!subteam^S1> <#C1|x>",
    "注文*123*件 〜です ｛｝ ＜!channel＞ 👩‍🍳🇯🇵 e\u0301",
    "${7*7} {{ 7*7 }} %s javascript:alert(1)",
]


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(text)}


def shown(page: Page, selector: str) -> str:
    text = page.see(selector).get_property("innerText")
    return str(text).replace(INVISIBLE, "").replace("\u00a0", " ").strip("\n")


@pytest.fixture(scope="module")
def opened(driver: Chrome, standin: tuple[Control, WebClient]) -> Page:
    page = Page(driver, *standin)
    page.open()
    return page


@pytest.fixture
def settled(opened: Page) -> Iterator[Page]:
    """The page, emptied, which must have run nothing and complained of nothing at the end."""
    opened.control.reset()
    opened.see(".empty")
    opened.driver.get_log("browser")
    yield opened
    assert opened.run("return window.broken") is None
    assert [entry["message"] for entry in opened.driver.get_log("browser") if entry["level"] == "SEVERE"] == []


@pytest.mark.parametrize("text", LITERAL)
def test_a_value_is_shown_as_text_wherever_it_stands(settled: Page, text: str) -> None:
    places = {
        ".slack_blocks_to_jsx__header": {"type": "header", "text": plain(text)},
        ".slack_blocks_to_jsx__section": section(escaped(text)),
        ".slack_blocks_to_jsx__context": {"type": "context", "elements": [mrkdwn(escaped(text))]},
        ".slack_blocks_to_jsx__table td": {"type": "table", "rows": [[cell(text)]]},
        ".slack_blocks_to_jsx__button_element": {
            "type": "actions",
            "elements": [{"type": "button", "text": plain(text[:75])}],
        },
    }
    settled.post("fallback", list(places.values()))
    entities = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
    for selector, block in places.items():
        expected = text[:75] if "button" in selector else text
        if block["type"] in ("header", "actions"):  # plain text is read with its entities, as Slack reads it
            for entity, sign in entities.items():
                expected = expected.replace(entity, sign)
        assert shown(settled, selector) == expected
    assert (
        settled.all(
            ".content a, .content .slack_broadcast, .content .slack_user, .content .slack_channel, .content img"
        )
        == []
    )
    assert settled.all(".content strong:not(.slack_blocks_to_jsx__header strong), .content em") == []


@pytest.mark.parametrize("text", LITERAL)
def test_a_message_without_blocks_is_as_safe(settled: Page, text: str) -> None:
    settled.post(escaped(text))
    assert shown(settled, ".slack_blocks_to_jsx--blocks") == text
    assert settled.all(".content a, .content .slack_broadcast, .content em, .content img") == []


@pytest.mark.parametrize("sign", ["&gt;", ">"])
def test_a_line_after_the_sign_is_a_quote(settled: Page, sign: str) -> None:
    settled.post("fallback", [section(f"He said:\n{sign} never")])
    assert ">" not in settled.see(".content", "never").text


@pytest.mark.parametrize(
    ("source", "selector", "text"),
    [
        ("*bold*", "strong", "bold"),
        ("_italic_", "em", "italic"),
        ("~gone~", "del, s", "gone"),
        ("*Note: :tea:*", "strong .slack_emoji", "🍵"),
        ("`a &lt;!channel&gt;`", "code", "a <!channel>"),
        ("`2 * 3 * ~a~`", "code", "2 \u2217 3 \u2217 \u223ca\u223c"),
        ("```SELECT 1\nFROM t```", "code", "SELECT 1\nFROM t"),
        ("<https://shop.example/?a=1&amp;b=2|Order [1] &gt; *2*>", "a", "Order [1] > *2*"),
        ("<#C0LABOPS>", ".slack_channel", "#ops"),
        ("<!here>", ".slack_broadcast", "@here"),
        (":warning:", ".slack_emoji", "⚠️"),
        (":large_green_circle:", ".slack_emoji", "🟢"),
        (":flag-jp:", ".slack_emoji", "🇯🇵"),
    ],
)
def test_markup_of_slack_is_shown(settled: Page, source: str, selector: str, text: str) -> None:
    settled.post("fallback", [section(source)])
    settled.see(".message")
    assert shown(settled, f".content :is({selector})") == text


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("one\ntwo", 2),
        ("one\n\ntwo", 2),
        ("one\n\n- two\n- three", 3),
        ("one\n\n1. two\n2. three\n\nfour", 4),
        ("- one\n  - two\n  - three\n- four", 4),
        ("> one\n\ntwo", 2),
        ("# one\n\ntwo", 2),
    ],
)
def test_markdown_has_no_empty_lines(settled: Page, source: str, lines: int) -> None:
    settled.post("fallback", [{"type": "markdown", "text": source}])
    settled.see(".slack_blocks_to_jsx__markdown_block")
    height = settled.run("return document.querySelector('.slack_blocks_to_jsx__markdown_block').clientHeight")
    assert lines * 20 <= height < (lines + 1) * 22 + lines * 4


def test_no_block_that_slack_takes_is_beyond_the_page(opened: Page) -> None:
    opened.control.reset()
    opened.see(".empty")
    for blocks in ACCEPTED.values():
        opened.post("the text of the message", blocks)
    opened.post("the last message")
    opened.see(".message", "the last message")
    assert opened.all(".content pre.command") == []  # what the page could not show
    opened.driver.get_log("browser")  # its policy keeps images and videos out, and says so


def test_the_numbers_of_a_data_table_are_shown(settled: Page) -> None:
    number = {"type": "raw_number", "value": 1.5}
    rows = [[cell("Name"), cell("Pieces")], [cell("Lamp"), number], [cell("Tea"), {**number, "text": "one and a half"}]]
    settled.post("fallback", [{"type": "data_table", "caption": "Stock", "rows": rows}])
    assert settled.all(".slack_blocks_to_jsx__table td") == ["Name", "Pieces", "Lamp", "1.5", "Tea", "one and a half"]


def test_a_mention_is_called_as_templates_call_it(settled: Page) -> None:
    names = {"S0LABONCALL": "oncall", "U0LABBUYER": "buyer"}
    settled.post("<!subteam^S0LABONCALL> <@U0LABBUYER> <@U0NOBODY> `S0LABONCALL`")
    settled.see(".slack_user", "U0NOBODY")
    settled.control.replace("mention", [{"kind": "mention", "id": each, "name": names[each]} for each in names])
    settled.see(".slack_user", "@buyer")
    assert shown(settled, ".content p, .slack_blocks_to_jsx--blocks") == "@oncall @buyer @U0NOBODY S0LABONCALL"


def test_a_link_leads_where_it_says(settled: Page) -> None:
    settled.post("<https://shop.example/?a=1&amp;b=2|Order>")
    assert settled.see(".content a").get_attribute("href") == "https://shop.example/?a=1&b=2"


def test_fields_tables_and_buttons_are_there(settled: Page) -> None:
    settled.post("Payment failed", PAYMENT_FAILED)
    assert shown(settled, ".slack_blocks_to_jsx__header") == "Payment failed: T-001043"
    assert settled.all(".slack_blocks_to_jsx__section strong") == ["Customer", "Tier", "Amount", "Reason"]
    assert settled.all(".slack_blocks_to_jsx__button_element") == ["Open order", "Call customer"]
    settled.post("在庫", STOCK)
    settled.see("td", "京都玉露「かりがね」 100g")


def test_nothing_comes_from_elsewhere(page: Page) -> None:
    picture = {"type": "image", "image_url": "https://evil.example/x.png", "alt_text": "A chart"}
    page.post("With a picture", [picture, section("<https://evil.example|link>")])
    page.see(".slack_blocks_to_jsx__image")
    loaded = page.run("return performance.getEntriesByType('resource').filter(e => e.responseStatus).map(e => e.name)")
    assert loaded
    assert all(name.startswith(page.control.url) for name in loaded)
