"""The Lambda's entry point: one batch in, its failures out."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger

from handler import bootstrap, redaction
from handler.model import Outcome, State
from handler.pipeline import Pipeline
from handler.stages.parse import records

logger: Final = Logger(utc=True)
redaction.install(logging.getLogger(logger.service), logging.getLogger())


class UnfinishedError(Exception):
    """Tells Lambda to invoke a directly subscribed function again, and in the end to keep the event."""


@cache
def pipeline() -> Pipeline:
    """Return this environment's pipeline; a mistake in the settings is raised anew at every call."""
    return bootstrap.build(os.environ, _log_discovery)


def lambda_handler(payload: dict[str, Any], context: Any) -> dict[str, Any]:
    """Notify Slack of every event in a batch.

    A queue is told which records are to come again (`batchItemFailures`). A topic that invokes the function directly
    cannot be told: then UnfinishedError makes Lambda try again.
    """
    outcomes = pipeline().run(records(payload), lambda: context.get_remaining_time_in_millis() / 1000)
    for outcome in outcomes:
        _log(outcome)
    unfinished = {outcome.record.id: outcome for outcome in outcomes if outcome.state is State.RETRY}
    if unfinished and "Sns" in payload["Records"][0]:
        raise UnfinishedError("; ".join(f"{outcome.code}: {outcome.detail}" for outcome in unfinished.values()))
    return {"batchItemFailures": [{"itemIdentifier": record_id} for record_id in unfinished]}


def _log(outcome: Outcome) -> None:
    """One line for each delivery: enough to find it by event, and no value from any row."""
    event, receipt = outcome.event, outcome.receipt
    line = {
        "code": outcome.code,
        "detail": outcome.detail,
        "record": outcome.record.id,
        "attempt": outcome.record.attempt,
        "event": {"type": event.type, "id": event.id, "event_id": event.identity} if event else None,
        "notification": outcome.notification,
        "channel": outcome.channel,
        "posted": {"channel": receipt.channel, "ts": receipt.ts} if receipt else None,
    }
    level = {State.PARKED: logger.error, State.RETRY: logger.warning}.get(outcome.state, logger.info)
    level(outcome.state.value, extra={key: value for key, value in line.items() if value})


def _log_discovery(api: str, counts: Mapping[str, int]) -> None:
    """One line for each API and invocation in which its instances were anything but known and well."""
    if counts.keys() - {"fresh"}:
        logger.info("discovery", extra={"api": api, **counts})
