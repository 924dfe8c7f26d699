"""The content of a message, read from a request's arguments and checked against Slack's limits.

The numbers are those of docs.slack.dev/reference/methods/chat.postMessage, unless a comment says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from cli.slack_rules.blocks import block_problems, count_characters, count_tables
from cli.slack_rules.message import BLOCKS_CHARACTERS, TABLES, Method
from cli.slack_rules.schema import array, nullable, record, string
from lab.slack.answer import RefusedError
from lab.slack.arguments import parse_json

MARKDOWN_TEXT_CHARACTERS: Final = 12_000
ATTACHMENTS: Final = 100
# Slack does not publish this number.
METADATA_CHARACTERS: Final = 8_000

TEXT: Final = nullable(string(least=0))
METADATA: Final = record({"event_type": string(), "event_payload": record(more=True)})
ATTACHMENT_LIST: Final = array(record(more=True), least=0)


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a message. None means that the request did not have it, so that an update leaves it as it was."""

    text: str | None = None
    blocks: list[dict[str, Any]] | None = None
    attachments: list[dict[str, Any]] | None = None
    metadata: dict[str, Any] | None = None


def read_content(arguments: Mapping[str, Any], method: Method) -> Content:
    """Read and check the content of a message. Raises RefusedError with Slack's error word."""
    blocks = _decoded(arguments, "blocks", list, "invalid_blocks_format")
    attachments = _decoded(arguments, "attachments", list, "invalid_attachments")
    metadata = _decoded(arguments, "metadata", dict, "invalid_metadata_format")
    text = _text(arguments, method)
    _check_blocks(blocks or [])
    _check_attachments(attachments or [])
    _check_metadata(metadata or {})
    return Content(text, blocks, attachments, metadata)


def require_something(content: Content) -> None:
    """Raise RefusedError if a message has no content."""
    if not ((content.text or "").strip() or content.blocks or content.attachments):
        raise RefusedError("no_text")


def _decoded(arguments: Mapping[str, Any], name: str, kind: type, word: str) -> Any:
    """Return an argument that is JSON, or a JSON string, as in a form."""
    value = arguments.get(name)
    if isinstance(value, str):
        try:
            value = parse_json(value) if value else None
        except ValueError:
            raise RefusedError(word) from None
    if value is not None and not isinstance(value, kind):
        raise RefusedError(word)
    return value


def _text(arguments: Mapping[str, Any], method: Method) -> str | None:
    text, markdown = arguments.get("text"), arguments.get("markdown_text")
    if problems := [*TEXT(text, "/text"), *TEXT(markdown, "/markdown_text")]:
        raise RefusedError("invalid_arguments", problems)
    if markdown is not None and (text or arguments.get("blocks")):
        raise RefusedError("markdown_text_conflict")
    if len(text or "") > method.text_characters or len(markdown or "") > MARKDOWN_TEXT_CHARACTERS:
        raise RefusedError("msg_too_long")
    return text if markdown is None else markdown


def _check_blocks(blocks: list[Any]) -> None:
    if problems := block_problems(blocks):
        raise RefusedError("invalid_blocks", problems)
    if count_tables(blocks) > TABLES:
        # Slack reports this under attachments, whatever the message has.
        raise RefusedError("invalid_attachments", ["only_one_table_allowed"])
    if count_characters(blocks) > BLOCKS_CHARACTERS:
        raise RefusedError("msg_blocks_too_long")


def _check_attachments(attachments: list[Any]) -> None:
    if len(attachments) > ATTACHMENTS:
        raise RefusedError("too_many_attachments")
    problems = list(ATTACHMENT_LIST(attachments, "/attachments")) or list(
        chain.from_iterable(
            block_problems(each["blocks"], f"/attachments/{index}/blocks")
            for index, each in enumerate(attachments)
            if "blocks" in each
        )
    )
    if problems:
        raise RefusedError("invalid_attachments", problems)


def _check_metadata(metadata: dict[str, Any]) -> None:
    if not metadata:
        return
    if problems := list(METADATA(metadata, "/metadata")):
        raise RefusedError("invalid_metadata_schema", problems)
    if len(json.dumps(metadata, ensure_ascii=False)) > METADATA_CHARACTERS:
        raise RefusedError("metadata_too_large")
