"""The entry point of the Lambda: process one batch, and return the records that failed."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

# What the init phase creates is never freed, and the garbage collector would take a tenth of the import.
gc.disable()

from aws_lambda_powertools import Logger, Metrics  # noqa: E402

from handler import bootstrap, init_phase, logs, telemetry  # noqa: E402
from handler.errors import bounded, named  # noqa: E402
from handler.outcome import Outcome, Repeated, State  # noqa: E402
from handler.pipeline import Pipeline  # noqa: E402
from handler.stages.parse import UNNAMED, records  # noqa: E402

if TYPE_CHECKING:
    from handler.polling.dispatch import RunReport

logger: Final = Logger(utc=True)
metrics: Final = Metrics(namespace=telemetry.NAMESPACE)
logs.set_up(logging.getLogger(logger.service))
_LOG: Final = {State.PARKED: logger.error, State.RETRY: logger.warning}


class UnfinishedError(Exception):
    """Makes Lambda invoke a directly subscribed function again, and keep the event in its queue after the last try."""


@cache
def pipeline() -> Pipeline:
    """Return this environment's pipeline. If the settings have a problem, every call raises it."""
    return bootstrap.build(os.environ, _log_discovery)


def lambda_handler(payload: dict[str, Any], context: Any) -> dict[str, Any]:
    """Notify Slack of every event in a batch.

    For a queue, the answer lists the records to deliver again (`batchItemFailures`). A topic that invokes the function
    directly takes no such answer: UnfinishedError makes Lambda try again. The function also answers the checks of
    `notifier doctor`, and the ticks of a schedule, which start the polls that are due.

    Lambda logs the text of an exception, so an error without a code is raised with only its type and its place.
    """
    try:
        return _handle(payload, context)
    except UnfinishedError:
        raise
    except Exception as error:  # noqa: BLE001 - its text may contain a value
        raise named(error).with_traceback(error.__traceback__) from None


def _handle(payload: dict[str, Any], context: Any) -> dict[str, Any]:
    logger.append_keys(request=context.aws_request_id)

    def remaining() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000

    if isinstance(payload, dict) and payload.get("notifier") == "check":
        from handler import health

        return health.run(os.environ, payload, remaining)
    wired = pipeline()
    if isinstance(payload, dict) and payload.get("notifier") == "tick":
        telemetry.measure_tick(metrics, wired.polls().tick())
        return {}
    batch = records(payload)
    requests = [record.body for record in batch if record.requests_poll]
    events = [record for record in batch if not record.requests_poll]
    outcomes = wired.run(events, remaining) if events else []
    for outcome in outcomes:
        log = logger.warning if _is_misuse(outcome) else _LOG.get(outcome.state, logger.info)
        log(outcome.state.value, extra=telemetry.delivery_line(outcome))
    telemetry.measure_deliveries(metrics, outcomes)
    if requests:  # after the events, so that they do not wait for polls
        _report(wired.polls().run(requests, remaining))
    unfinished = {outcome.record.id: outcome for outcome in outcomes if outcome.state is State.RETRY}
    if unfinished and any(isinstance(item, dict) and "Sns" in item for item in payload["Records"]):
        failures = "; ".join(f"{outcome.code}: {outcome.detail}" for outcome in unfinished.values())
        raise UnfinishedError(bounded(failures))
    # An empty identifier makes the queue send the whole batch again. Deliveries that have ended are not repeated.
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    names = ["" if record_id.startswith(UNNAMED) else record_id for record_id in unfinished]
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}


def _is_misuse(outcome: Outcome) -> bool:
    """Whether the publisher used the `event_id` of another event, so that this one is not posted."""
    return isinstance(outcome.end, Repeated) and outcome.end.identity_reused


def _report(reports: Sequence[RunReport]) -> None:
    for report in reports:
        if fields := telemetry.run_line(report):
            (logger.warning if report.failure else logger.info)("poll", extra=fields)
    telemetry.measure_runs(metrics, reports)


def _log_discovery(api: str, counts: Mapping[str, int]) -> None:
    if fields := telemetry.discovery_line(api, counts):
        logger.info("discovery", extra=fields)


try:
    init_phase.prepare(lambda: pipeline().preparations)
finally:
    gc.freeze()
    gc.enable()
