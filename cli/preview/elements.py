"""Draws interactive elements for a terminal, one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from rich.style import Style
from rich.text import Text

from cli.language import say
from cli.preview.characters import safe
from cli.preview.mrkdwn import DIM, View, inline, plain

_BUTTON: Final = Style(bold=True, reverse=True)
_BUTTONS: Final = {"primary": Style(color="green"), "danger": Style(color="red")}
Element = Mapping[str, Any]


def text_of(part: Any, view: View, style: Style = Style.null()) -> Text:  # noqa: B008 - it is a constant
    """Return a text object: mrkdwn with its markup, anything else as plain text."""
    if isinstance(part, Mapping):
        source = str(part.get("text", ""))
        return inline(source, view, style) if part.get("type") == "mrkdwn" else plain(source, style)
    return plain(str(part or ""), style)


def drawn(element: Element, view: View) -> Text:
    """Return an element as one or more lines of text."""
    kind = str(element.get("type"))
    return _DRAWN.get(kind, _menu)(element, view)


def image(element: Element, view: View) -> Text:
    """Return an image as its title and its alternative text."""
    title = text_of(element["title"], view) if element.get("title") else Text()
    alternative = say("(image: {words})", words=safe(str(element.get("alt_text", ""))))
    return Text("\n" if title else "").join([one for one in (title, Text(alternative, DIM)) if one])


def _button(element: Element, view: View) -> Text:
    look = _BUTTON + _BUTTONS.get(element.get("style", ""), Style.null())
    address = element.get("url") or (element.get("workflow") or {}).get("trigger", {}).get("url", "")
    label = Text().append("[ ", look).append_text(text_of(element.get("text"), view, look)).append(" ]", look)
    return label.append(f" {safe(str(address))}", DIM) if address else label


def _menu(element: Element, view: View) -> Text:
    """Return an input or menu with its initial value."""
    chosen = _chosen(element, view) or text_of(element.get("placeholder"), view, DIM)
    words = chosen or Text(safe(str(element.get("type"))).replace("_", " "), DIM)
    return Text("[ ").append_text(words).append(" ▾ ]")


def _chosen(element: Element, view: View) -> Text:
    found: list[Text] = []
    for key, value in element.items():
        if key.startswith("initial_"):
            found += [_option_text(one, view, key) for one in (value if isinstance(value, list) else [value])]
    return Text(", ").join(found)


def _option_text(value: Any, view: View, key: str) -> Text:
    if isinstance(value, Mapping):
        return text_of(value.get("text"), view)
    if key == "initial_date_time" and isinstance(value, int):
        return Text(f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M} UTC")
    if key.startswith(("initial_user", "initial_c")):
        named = view.mention if key.startswith("initial_user") else view.channel
        return Text(safe(named(str(value))))
    return Text(safe(str(value)))


def _choices(on: str, off: str) -> Callable[[Element, View], Text]:
    def draw(element: Element, view: View) -> Text:
        chosen = [element.get("initial_option"), *(element.get("initial_options") or [])]
        return Text("\n").join(
            Text(f"{on if option in chosen else off} ").append_text(_option(option, view))
            for option in element.get("options") or []
        )

    return draw


def _option(option: Element, view: View) -> Text:
    made = text_of(option.get("text"), view)
    if option.get("description"):
        made.append("  ").append_text(text_of(option["description"], view, DIM))
    return made.append(f" {safe(str(option['url']))}", DIM) if option.get("url") else made


def _overflow(element: Element, view: View) -> Text:
    return Text("\n").join(
        [Text("[ … ]"), *(Text("  • ").append_text(_option(one, view)) for one in _options(element))]
    )


def _options(element: Element) -> Iterator[Element]:
    yield from element.get("options") or []


def _feedback(element: Element, view: View) -> Text:
    sides = (element[key] for key in ("positive_button", "negative_button") if element.get(key))
    return Text(" ").join(_button(one, view) for one in sides)


_DRAWN: Final[dict[str, Callable[[Element, View], Text]]] = {
    "mrkdwn": text_of,
    "plain_text": text_of,
    "image": image,
    "button": _button,
    "workflow_button": _button,
    "icon_button": _button,
    "feedback_buttons": _feedback,
    "overflow": _overflow,
    "checkboxes": _choices("☑", "☐"),
    "radio_buttons": _choices("◉", "○"),
}
