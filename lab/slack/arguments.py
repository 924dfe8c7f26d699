"""The arguments of a request, from JSON, a form, or the query string."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn
from urllib.parse import parse_qsl

from lab.slack.answer import RefusedError

DEEPEST: Final = 100  # levels of nesting; Slack publishes no number
# The arguments with the content and the address of a message. All others are options of how to treat it.
MESSAGE_ARGUMENTS: Final = frozenset(
    {"token", "channel", "ts", "thread_ts", "text", "markdown_text", "blocks", "attachments", "metadata"}
)
# docs.slack.dev/reference/methods/chat.postMessage, chat.update
PARSE: Final = ("none", "full")


def parse_json(text: str | bytes) -> Any:
    """Return the parsed JSON. Raises ValueError, also for NaN and for excessive nesting."""
    try:
        document = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    _check_depth(document)
    return document


def parse_form(body: bytes) -> dict[str, str]:
    """Return the fields of a URL-encoded form; bytes that are not UTF-8 become replacement characters."""
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def read_arguments(content_type: str, body: bytes, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the arguments of a Web API call. Raises RefusedError with Slack's word for an unreadable body."""
    if not body:
        return dict(query)
    match content_type:
        case "application/json":
            return {**query, **_json_object(body)}
        case "application/x-www-form-urlencoded":
            return {**query, **parse_form(body)}
        case "":
            raise RefusedError("missing_post_type")
        case _:
            raise RefusedError("invalid_post_type")


def read_options(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a message: `parse`, `link_names`, `unfurl_links`, ... Raises RefusedError."""
    options = {name: value for name, value in arguments.items() if name not in MESSAGE_ARGUMENTS}
    if options.get("parse", PARSE[0]) not in PARSE:
        raise RefusedError("invalid_arguments", [f"must be one of {', '.join(PARSE)} [json-pointer:/parse]"])
    return options


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = parse_json(body)
    except ValueError:
        raise RefusedError("invalid_json") from None
    if not isinstance(document, dict):
        raise RefusedError("json_not_object")
    return document


def _check_depth(document: Any) -> None:
    level = [document]
    for _ in range(DEEPEST):
        level = [child for value in level for child in _children(value)]
        if not level:
            return
    raise ValueError("nested too deeply")


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
