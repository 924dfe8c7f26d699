"""Previews as JSON, with the messages exactly as the function would post them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cli.preview import event_data, reasons
from cli.preview.compose import Preview
from cli.preview.runs import Run
from handler.model import Message


def of_preview(preview: Preview, event: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a preview as JSON values. `given` has the `sample` or the `id` that it was made from."""
    head = {"notification": preview.notification, "event": event, "stage": preview.stage, **given}
    if preview.error:
        detail = preview.error.detail
        return {
            **head,
            "error": {"code": preview.error.code, "detail": detail, "remedy": reasons.remedy(preview.error)},
        }
    if preview.rule:
        return {**head, "rule": preview.rule.value, "where": preview.where}
    return {**head, "messages": [of_message(one) for one in preview.messages]}


def of_run(run: Run) -> dict[str, Any]:
    """Return the document of a preview, with the `data` of its event, if it is about a row and has some."""
    extras = {"data": json.loads(event_data.written(run.data))} if run.data else {}
    return of_preview(run.preview, run.template.notification.event, {**run.given, **extras})


def of_message(message: Message) -> dict[str, Any]:
    """Return a message as JSON values."""
    return {
        "channel": message.channel,
        "destination": message.destination,
        "text": message.text,
        "blocks": [dict(block) for block in message.blocks],
        "thread": message.thread,
        "update": message.update,
        "warnings": list(message.warnings),
    }
