"""The page over a folder of templates: what somebody who edits a message sees, and can do without a mouse."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, Keys

from cli import language
from cli.compiler import compile_templates
from cli.compiler.files import MAX_NAME
from cli.page import static
from cli.page.server import PageServer, Shown
from cli.preview.gallery import Gallery
from tests.plugins.browser import Screen
from tests.unit.preview.test_gallery import BROKEN, SILENT, STAGE, TEMPLATE, Shop

LONG = "長い名前の商品が入荷しました。" * 20
JAPANESE = f"""\
description: {LONG}
owner: 在庫チーム
id: {{pattern: "[a-z]+"}}
channel: orders
text: "{LONG} {{{{ id }}}}"
samples: {{とても長い名前のサンプル: {{id: a}}}}
"""


IMAGE = """\
blocks:
  - {type: image, image_url: "https://example.org/cup.png", alt_text: a cup, title: {type: plain_text, text: A cup}}
"""
LONGEST = f"a.{'b' * (MAX_NAME - 2)}"


class Gate:
    """A page over a shop, as it is served while somebody edits it."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.shown = Shown()
        self.asked: list[Any] = []
        self.gallery = Gallery(shop.folder, compile_templates(shop.folder))
        self.look()

    def look(self) -> None:
        self.shown.show(self.gallery.items(compile_templates(self.shop.folder)))

    def edit(self, name: str, text: str) -> None:
        self.shop.write(name, text)
        self.look()

    def answer(self, question: Any) -> Any:
        self.asked.append(question)
        if question["id"] == "0":
            raise ValueError("Mend the errors in a.b.yaml first.")
        made = {"notification": "a.b", "event": "a.b", "stage": "production", "id": question["id"]}
        if question["id"] == "404":
            return [
                {**made, "error": {"code": "ROW_NOT_FOUND", "detail": "a.b.yaml:4 lookups.x: no row", "remedy": "x"}}
            ]
        message = {"channel": "orders", "destination": "C1", "text": "A real row", "blocks": []}
        return [{**made, "messages": [{**message, "thread": "", "update": False, "warnings": []}]}]


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    folder = tmp_path / "templates"
    folder.mkdir()
    shop = Shop(folder)
    shop.write("_stages/staging", STAGE.replace("C0ORDERS01", "C0STAGING1"))
    shop.write(
        "order.paid", TEMPLATE.replace("Order", "Paid").replace("id: integer", "owner: Payments team\nid: integer")
    )
    return Gate(shop)


@pytest.fixture
def url(gate: Gate) -> Iterator[str]:
    server = PageServer(0, gate.shown, gate.answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def screen(driver: Chrome, gate: Gate, url: str) -> Iterator[Screen]:
    screen = Screen(driver, url)
    driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": url, "storageTypes": "local_storage"})
    screen.load("notification:a.b")
    yield screen
    driver.get("about:blank")  # else its stream goes on


def links(screen: Screen) -> list[str]:
    return [text.split("\n")[0] for text in screen.all("#catalogue .label")]


def press(screen: Screen, *keys: str) -> str:
    """Press keys, and return what has the focus then."""
    for key in keys:
        screen.driver.switch_to.active_element.send_keys(key)
    return str(screen.run("return document.activeElement.innerText || document.activeElement.id"))


def test_every_sample_is_shown_as_slack_shows_it(screen: Screen) -> None:
    assert screen.all(".sample h2") == ["one", "two"]
    assert ["Order 1" in text for text in screen.all(".message")] == [True, False]
    assert screen.see(".lead").text == "Somebody has ordered."
    facts = screen.see(".facts").text
    assert "#orders → C0ORDERS01" in facts
    assert screen.see(".live").text == "Live"


def test_a_browser_shows_it_in_more_tabs_than_it_has_connections(screen: Screen, gate: Gate) -> None:
    driver = screen.driver
    first = driver.current_window_handle
    try:
        for _ in range(7):
            driver.switch_to.new_window("tab")
            screen.load("notification:a.b")
        driver.switch_to.window(first)
        gate.edit("a.b", TEMPLATE.replace("Order", "Edited"))
        screen.see(".message", "Edited 1")
    finally:
        for tab in {*driver.window_handles} - {first}:
            driver.switch_to.window(tab)
            driver.close()
        driver.switch_to.window(first)


def test_another_stage_is_chosen_and_kept(screen: Screen) -> None:
    screen.see(".switch button", "staging").click()
    screen.see(".message", "[staging] Order 1")
    assert "C0STAGING1" in screen.see(".facts").text
    screen.show("notification:order.paid")
    screen.see(".message", "[staging] Paid 1")
    screen.load("notification:a.b")
    screen.see(".message", "[staging] Order 1")


def test_an_edit_stands_beside_what_was_committed(screen: Screen, gate: Gate) -> None:
    screen.run("window.loaded = 'once'")
    gate.edit("a.b", TEMPLATE.replace("Order", "New order"))
    screen.see(".message", "New order 1")
    assert screen.all(".sample[data-change=changed] .badge.changed") == ["CHANGED", "CHANGED"]
    before, after = (screen.see(".side", text) for text in ("Before", "After"))
    assert ("Order 1" in before.text, "New order 1" in after.text) == (True, True)
    assert before.rect["y"] == after.rect["y"]
    assert screen.see("a[data-change=changed]", "a.b")
    gate.edit("a.b", TEMPLATE)
    screen.see(".sample[data-change=same]")
    assert screen.all(".side") == []
    assert screen.run("return window.loaded") == "once"


def test_an_edit_keeps_scroll_selection_and_what_is_typed(screen: Screen, gate: Gate) -> None:
    many = TEMPLATE.replace(
        "{one", "{" + "".join(f"n{number}: {{id: {number + 10}}}, " for number in range(30)) + "one"
    )
    gate.edit("a.b", many)
    screen.see(".sample h2", "n29")
    screen.run("document.querySelector('.scroll').scrollTop = 900")
    screen.run("const i = document.querySelector('input[name=id]'); i.value = '77'")
    gate.edit("a.b", many.replace("Order", "Edited"))
    screen.see(".message", "Edited 1")
    assert screen.run("return document.querySelector('input[name=id]').value") == "77"
    assert screen.run("return document.querySelector('.scroll').scrollTop") > 500
    assert screen.run("return location.hash") == "#notification:a.b"
    screen.show("notification:order.paid")
    screen.see(".message", "Paid 1")
    assert screen.run("return document.querySelector('.scroll').scrollTop") == 0


def test_a_broken_file_shows_its_findings_above_its_last_good_messages(screen: Screen, gate: Gate) -> None:
    gate.edit("a.b", BROKEN)
    finding = screen.see(".finding", "a.b.yaml:4")
    assert "write {{ id }}" in finding.text
    assert screen.see(".findings .hint", "The messages below were made by the last version")
    assert finding.rect["y"] < screen.see(".message", "Order 1").rect["y"]
    assert screen.see("#catalogue a.unread .count.alarm")
    screen.show("notification:order.paid")
    screen.see(".banner", "a.b.yaml:4")
    gate.edit("a.b", TEMPLATE)
    screen.see("nav a[href='#templates']:not(.unread)")


def test_what_posts_nothing_says_why(screen: Screen, gate: Gate) -> None:
    gate.edit("a.b", SILENT)
    assert screen.see(".card.nothing").text == "Posts nothing: when does not hold (a.b.yaml:6 when)"


def test_a_real_row_is_shown_or_why_not(screen: Screen, gate: Gate) -> None:
    screen.see(".row input").send_keys("1042\n")
    screen.see(".sample.real .message", "A real row")
    for text, seen in (("404", "ROW_NOT_FOUND"), ("0", "Mend the errors")):
        field = screen.see(".row input")
        field.clear()
        field.send_keys(f"{text}\n")
        screen.see(".sample.real .card, .row [role=status]", seen)
    assert [one["id"] for one in gate.asked] == ["1042", "404", "0"]
    assert gate.asked[0]["notification"] == "a.b"


def test_the_list_is_searched_and_grouped(screen: Screen) -> None:
    assert screen.all("#catalogue h3") == ["#orders"]
    screen.see(".groups button", "By owner").click()
    screen.see("#catalogue h3", "No owner")
    assert screen.all("#catalogue h3") == ["Payments team", "No owner"]
    search = screen.see("#search")
    search.send_keys("PAY team")
    screen.see("#catalogue h3", "Payments team")
    assert links(screen) == ["order.paid"]
    search.send_keys("x")
    screen.see(".none", "Nothing matches.")


def test_the_keyboard_walks_through_the_list(screen: Screen) -> None:
    screen.see(".scroll").click()
    assert press(screen, "/") == "search"
    assert press(screen, "p", "a", "i") == "search"
    assert links(screen) == ["order.paid"]
    press(screen, Keys.ESCAPE)
    assert links(screen) == ["a.b", "order.paid"]
    assert "a.b" in press(screen, Keys.ARROW_DOWN)
    assert "order.paid" in press(screen, Keys.ARROW_DOWN)
    screen.see("h1", "order.paid")
    assert "order.paid" in press(screen, Keys.ARROW_DOWN)
    assert "a.b" in press(screen, Keys.HOME)
    assert "order.paid" in press(screen, Keys.END)
    assert press(screen, Keys.ARROW_UP, Keys.ARROW_UP) == "search"
    assert screen.run("return document.querySelectorAll('#catalogue a[tabindex=\"0\"]').length") == 1


def test_everything_has_a_name(screen: Screen, gate: Gate) -> None:
    gate.edit("a.b", TEMPLATE + IMAGE)
    screen.see(".message", "A cup")
    nameless = """return [...document.querySelectorAll('a, button, input, nav, section, article, form, [role=group]')]
        .filter(e => !['aria-label', 'aria-labelledby'].some(name => e.getAttribute(name)))
        .filter(e => !e.innerText.trim() && !e.labels?.length)
        .map(e => e.outerHTML)"""
    assert screen.run(nameless) == []


@pytest.mark.parametrize("width", [320, 360, 760, 1180])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_overflows(screen: Screen, gate: Gate, width: int, dark: bool) -> None:
    gate.edit("stock.low", JAPANESE)
    gate.edit("a.b", TEMPLATE.replace("Order", LONG + "W" * 300))
    gate.edit("order.paid", BROKEN.replace("idd", "idd" * 60))
    gate.edit(LONGEST, TEMPLATE)
    for name in ("a.b", "order.paid", "stock.low", LONGEST):
        screen.load(f"notification:{name}", width=width, height=740, dark=dark, lang="ja")
        screen.see(".sample")
        screen.settle()
        assert screen.run("return document.documentElement.scrollWidth <= innerWidth"), name
        assert screen.run("const s = document.querySelector('.scroll'); return s.scrollWidth <= s.clientWidth"), name
    if width < 720:
        screen.load("notification:a.b", width=width, height=740)
        before, after = screen.see(".side", "Before"), screen.see(".side", "After")
        assert before.rect["y"] + before.rect["height"] <= after.rect["y"]


@pytest.mark.parametrize("word", ["constructor", "__proto__", "toString"])
def test_a_word_that_every_object_has_is_a_word(screen: Screen, gate: Gate, word: str) -> None:
    items = gate.gallery.items(compile_templates(gate.shop.folder))
    for pair in items["notification:a.b"]["pairs"]:
        pair["after"] = {"error": {"code": word, "detail": word, "remedy": word}}
    gate.shown.show(items)
    screen.load("notification:a.b", lang=word)
    assert screen.see(".card .advice", word)


def test_it_speaks_japanese(screen: Screen, gate: Gate) -> None:
    gate.edit("a.b", SILENT)
    screen.load("notification:a.b", lang="ja")
    assert screen.see(".card.nothing").text == "投稿しません: when が成り立ちません（a.b.yaml:6 when）"
    assert screen.run("return document.documentElement.lang") == "ja"
    assert screen.see(".side h3").text == "変更前（コミット済み）"
    with language.speaking("ja"):
        screen.load("notification:a.b")
        assert screen.see("#notifications").text == "通知"
        screen.load("notification:a.b", lang="en")
        assert screen.see("#notifications").text == "Notifications"


def test_one_file_shows_the_same_without_a_server(driver: Chrome, gate: Gate, tmp_path: Path) -> None:
    hostile = "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 1'><!--"
    described = TEMPLATE.replace("Somebody has ordered.", f'"{hostile}"')
    gate.shop.write("a.b", described.replace("text: Order {{ id }}", f'text: "{{{{ \\"{hostile}\\" }}}}"'))
    file = tmp_path / "list.html"
    file.write_text(static.page(gate.gallery.items(compile_templates(gate.shop.folder))), "utf-8")
    screen = Screen(driver, file.as_uri())
    driver.get_log("browser")
    screen.load("notification:a.b")
    assert screen.see(".lead").text == hostile
    assert screen.see(".message", "window.broken = 1")
    screen.show("notification:order.paid")
    screen.see(".message", "Paid 1")
    assert screen.run("return window.broken") is None
    assert screen.all(".live, .row") == []
    assert [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"] == []
    loaded = screen.run("return performance.getEntriesByType('resource').map(each => each.name)")
    assert [name for name in loaded if not name.startswith("data:")] == []


WAIVED = """
id: integer
channel: orders
text: "{{ data.by }}"
samples: {a: {id: 1, data: {by: 花}}}
"""
WATCHED = """
id: integer
channel: orders
poll: {every: 5m, sql: "SELECT o.id, o.status AS watched FROM orders o"}
text: "{{ data.new }}"
samples: {a: {id: 1, data: {old: pending, new: paid}}}
"""


@pytest.mark.parametrize(
    ("name", "template", "offered"),
    [("fee.waived", WAIVED, '{"by": "花"}'), ("order.status", WATCHED, ""), ("a.b", TEMPLATE, None)],
)
def test_the_data_that_a_template_reads_are_offered(
    screen: Screen, gate: Gate, name: str, template: str, offered: str | None
) -> None:
    gate.edit(name, template)
    screen.show(f"notification:{name}")
    screen.see("h1", name)
    typed = "return document.querySelector('form.row [name=data]')?.value ?? null"
    assert screen.run(typed) == offered
    screen.see("form.row [name=id]").send_keys("7", Keys.ENTER)
    screen.see(".real .message", "A real row")
    assert (gate.asked[-1]["id"], gate.asked[-1].get("data")) == ("7", offered or None)


def test_when_a_poll_runs_is_said_in_words(screen: Screen, gate: Gate) -> None:
    gate.edit("order.status", WATCHED)
    screen.show("notification:order.status")
    assert "orders, every 5 minutes" in screen.see(".facts", "order.status").text
    assert screen.all(".trial") == []  # here nobody may change a row
