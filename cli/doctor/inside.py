"""Runs the function's own checks by invoking it, which no event can do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from cli.language import say
from cli.operations.aws_errors import asking
from cli.operations.stack import Stack
from handler.health.model import Check

RIGHT: Final = "lambda:InvokeFunction"


def ask(deployed: Stack, qualifier: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the function's answer: `checks`, `paths` or `dry_run`. If the function fails, that is the only check.

    Raises UnansweredError if it cannot be invoked.
    """
    with asking(say("ask the function"), RIGHT):
        answer = deployed.client("lambda").invoke(
            FunctionName=deployed.function,
            Qualifier=qualifier,
            Payload=json.dumps({"notifier": "check", **asked}).encode(),
        )
        body = answer["Payload"].read()
    return _document(body)


def _document(body: bytes) -> dict[str, Any]:
    """Return the answer. If there is none, as after an exception, return that as a failed check."""
    try:
        document = json.loads(body)
    except ValueError:
        document = {}
    if isinstance(document, dict) and document.keys() & {"checks", "paths", "dry_run"}:
        return document
    said = document.get("errorMessage") if isinstance(document, dict) else None
    why = said or say("its answer is none of its own")
    cause = say("it fails before it can check anything: {why}", why=why)
    remedy = say("its log has the line; an older version cannot be asked: deploy this one")
    return {"checks": [asdict(Check("function", "failed", cause=cause, remedy=remedy))]}
