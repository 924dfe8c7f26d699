"""Reports buttons, menus and other elements that wait for an answer: the notifier posts, and receives no clicks.

Slack sends a click to the app, and shows an error triangle if no answer comes within three seconds.
https://docs.slack.dev/interactivity/handling-user-interaction
"""

from __future__ import annotations

from typing import Final

from cli.compiler.findings import Report
from cli.compiler.nodes import Mapping, Node, Scalar, Sequence
from cli.language import later, say

# Interactive elements of messages. `workflow_button` is not here: Slack handles it itself.
# https://docs.slack.dev/reference/block-kit/block-elements
_MENUS: Final = frozenset(
    f"{many}{what}_select"
    for many in ("", "multi_")
    for what in ("static", "external", "users", "conversations", "channels")
)
ELEMENTS: Final = _MENUS | {
    "button", "checkboxes", "datepicker", "datetimepicker", "feedback_buttons", "icon_button", "overflow",
    "plain_text_input", "radio_buttons", "timepicker",
}  # fmt: skip


def check(node: Node, report: Report) -> None:
    """Report each element below `node` that only sends an interaction to the app."""
    match node:
        case Sequence():
            for item in node.items:
                check(item, report)
        case Mapping():
            kind = _type(node)
            if kind in ELEMENTS and not _opens(node, kind):
                message = say("nothing answers this `{kind}`: who uses it sees an error triangle", kind=kind)
                report.add(node.place, "ACTION_UNANSWERED", message, say(_FIXES.get(kind, _LEAVE_OUT)))
            for entry in node.entries:
                check(entry.value, report)


_LEAVE_OUT: Final = later("leave it out; to lead people somewhere, write a `button` with `url: https://...`")
_FIXES: Final = {
    "button": later("add `url: https://...` for what the button opens, or leave it out"),
    "overflow": later("add `url: https://...` to each option, or leave it out"),
}


def _type(node: Mapping) -> str:
    types = (entry.value for entry in node.entries if entry.key.text == "type")
    return next((value.text for value in types if isinstance(value, Scalar)), "")


def _opens(node: Mapping, kind: str) -> bool:
    """Return whether an element opens a URL: a button with a `url`, or a menu in which each option has one."""
    if kind == "overflow":
        options = next((entry.value for entry in node.entries if entry.key.text == "options"), None)
        items = options.items if isinstance(options, Sequence) else ()
        return bool(items) and all(isinstance(item, Mapping) and _has_url(item) for item in items)
    return kind == "button" and _has_url(node)


def _has_url(node: Mapping) -> bool:
    return any(entry.key.text == "url" for entry in node.entries)
