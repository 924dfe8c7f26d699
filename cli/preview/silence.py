"""Turns the mentions in a message into text, so that a test message notifies nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from handler.model import Message

EVERYBODY: Final = (
    "here",
    "channel",
    "everyone",
    "group",
)  # people in the channel; Slack shows these names unchanged
# https://docs.slack.dev/messaging/formatting-message-text#mentioning-users and the sections after it
_MENTION: Final = re.compile(
    rf"<(?:@(?P<person>[A-Z0-9]+)|!subteam\^(?P<team>[A-Z0-9]+)|!(?P<all>{'|'.join(EVERYBODY)}))(?:\|[^<>]*)?>"
)
_MARKUP: Final = ("mrkdwn", "markdown")
# The rich text elements that notify people, with the key of their id; and the styles that a text element may have.
# https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
_ELEMENTS: Final = {"user": "user_id", "usergroup": "usergroup_id", "broadcast": "range"}
_STYLES: Final = ("bold", "italic", "strike", "underline", "code")


@dataclass(frozen=True, slots=True)
class Silencer:
    """Replaces mentions. `names` has the alias of each id; replaced mentions are added to `found`."""

    names: Mapping[str, str]
    found: dict[str, None] = field(default_factory=dict)

    def __call__(self, message: Message) -> Message:
        """Return the message with each mention as text, such as @oncall. No mention becomes longer."""
        return replace(message, text=self._markup(message.text), blocks=[self._tree(one) for one in message.blocks])

    def _markup(self, text: str) -> str:
        return _MENTION.sub(lambda found: self._name(str(found[found.lastgroup or 0]), len(found[0])), text)

    def _tree(self, node: Any) -> Any:
        match node:
            case {"type": str(kind)} if kind in _ELEMENTS:
                return self._element(node, str(node.get(_ELEMENTS[kind], "")))
            case {"type": str(kind), "text": str(text)} if kind in _MARKUP:
                return {**node, "text": self._markup(text)}
            case Mapping():
                return {key: self._tree(value) for key, value in node.items()}
            case list() | tuple():
                return [self._tree(value) for value in node]
        return node

    def _element(self, node: Mapping[str, Any], whom: str) -> dict[str, Any]:
        style = {key: value for key, value in node.get("style", {}).items() if key in _STYLES}
        return {"type": "text", "text": self._name(whom), **({"style": style} if style else {})}

    def _name(self, mentioned: str, longest: int | None = None) -> str:
        name = f"@{self.names.get(mentioned, mentioned)}"
        if longest is not None and len(name) > longest:
            name = f"@{mentioned}"
        self.found[name] = None
        return name
