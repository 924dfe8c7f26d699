"""The page in both themes and at the width of a phone."""

from __future__ import annotations

import pytest

from tests.browser.samples import FINDING, fill
from tests.plugins.browser import ORDERS, Page

PHONE = {"width": 390, "height": 844}
VIEWS = (ORDERS, "C0LABOPS", "waiting", "parked", "templates")


def background(page: Page) -> int:
    """How light the page is, 0 to 765."""
    colour = str(page.run("return getComputedStyle(document.body).backgroundColor"))
    return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))


def test_it_follows_the_theme_of_the_system(page: Page) -> None:
    page.post("Hello")
    page.open()
    assert background(page) > 600
    page.open(dark=True)
    assert background(page) < 200
    page.see(".message [data-theme=dark]")


def test_the_switch_turns_the_theme_and_is_remembered(page: Page) -> None:
    switch = page.see("button[aria-label='Dark theme']")
    assert switch.get_attribute("aria-pressed") == "false"
    switch.click()
    page.see("button[aria-pressed=true]")
    assert background(page) < 200
    page.open()
    assert background(page) < 200


@pytest.mark.parametrize(
    "size", [PHONE, {"width": 320, "height": 640}, {"width": 1180, "height": 760}], ids=lambda each: str(each["width"])
)
def test_nothing_overflows(page: Page, size: dict[str, int]) -> None:
    fill(page)
    page.post("W" * 300 + " " + "漢" * 300)
    page.control.replace("finding", [{**FINDING, "message": "x" * 300 + "漢" * 300, "fix": "y" * 300}])
    for view in VIEWS:
        page.open(view, **size)
        page.see("h1")
        page.settle()
        assert page.run("return document.documentElement.scrollWidth <= innerWidth"), view
        assert page.run("const s = document.querySelector('.scroll'); return s.scrollWidth <= s.clientWidth"), view
        assert page.run("return document.documentElement.scrollHeight <= innerHeight"), view


def test_a_phone_shows_the_channels_on_demand(page: Page) -> None:
    page.post("Hello", channel="C0LABPAYMENTS")
    page.open(**PHONE)
    menu, sidebar = page.see("button.menu"), page.driver.find_element("id", "sidebar")
    assert (menu.get_attribute("aria-expanded"), sidebar.is_displayed()) == ("false", False)
    menu.click()
    page.see("button.menu[aria-expanded=true]")
    page.see("nav a", "payments").click()
    page.see(".message", "Hello")
    assert not sidebar.is_displayed()


def test_a_phone_shows_what_there_is_to_see_before_the_menu_is_opened(page: Page) -> None:
    fill(page)
    page.open(**PHONE)
    page.see(".counts .count", "1")
    assert page.all(".counts > *") == ["1\nunread", "◷ 1", "⚑ 2"]
    page.see(".counts a.alarm").click()
    page.see(".card.parked")
    page.open()
    assert not page.driver.find_element("css selector", ".counts").is_displayed()


def test_the_form_shows_its_examples_whole_on_a_phone(page: Page) -> None:
    fill(page)  # with types to suggest, Chromium keeps room for an arrow
    inks = []
    for width in (1180, 390, 320):
        page.open(width=width, height=700)
        inputs = [page.see(f"input[name={name}]") for name in ("type", "id")]
        page.settle()
        inks.append([page.run(INK, each.screenshot_as_base64) for each in inputs])
    wide, *narrow = inks
    assert min(wide) > 20
    assert narrow == [wide, wide]


@pytest.mark.parametrize(
    ("view", "look"),
    [
        (ORDERS, {"height": 1160}),
        (ORDERS, {"height": 1160, "dark": True}),
        (ORDERS, PHONE),
        ("parked", {"height": 480}),
        ("templates", {"height": 480}),
    ],
)
def test_a_picture_of_it_is_no_blank(page: Page, view: str, look: dict[str, int]) -> None:
    fill(page)
    if view == "templates":
        page.control.replace("finding", [FINDING])
    page.open(view, **look)
    page.see(".message, .card")
    page.settle()
    colours = page.run(COLOURS, page.driver.get_screenshot_as_base64())
    assert colours > 100, "a page with text, emoji and an avatar has many colours"


# How many pixels wide what is written in a PNG of an input is.
INK = """
const image = new Image();
image.src = `data:image/png;base64,${arguments[0]}`;
return image.decode().then(() => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const inner = { left: 4, top: 8, width: image.width - 8, height: image.height - 16 };
  const { data } = context.getImageData(inner.left, inner.top, inner.width, inner.height);
  const inked = [...Array(inner.width).keys()].filter((column) =>
    [...Array(inner.height).keys()].some((row) => data[4 * (row * inner.width + column)] < 200));
  return inked.at(-1) - inked[0] + 1;
});
"""

# Counts the different colours of a PNG, with the browser's own decoder.
COLOURS = """
const image = new Image();
image.src = `data:image/png;base64,${arguments[0]}`;
return image.decode().then(() => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  return new Set(new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer)).size;
});
"""
