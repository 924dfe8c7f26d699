"""Log lines in JSON, one for each delivery, and metrics in CloudWatch's embedded metric format.

People and `notifier explain` read the lines; alarms use the metrics. Neither contains a value from a row.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools import Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from handler.errors import CHOSEN_WAITS
from handler.outcome import Outcome, State

if TYPE_CHECKING:
    from datetime import datetime

    from handler.polling.dispatch import RunReport, Tick

NAMESPACE: Final = "Notifier"
# The event that shows by its delivery that everything on the path to Slack works (infra/alarms.yaml).
CANARY: Final = "notifier.canary"
# The age of messages that are tried again, in seconds. `notifier balance` reads it by code (cli/operations/metrics.py).
RETRY_AGE: Final = "RetryAge"
# An event that waited by a rule, or in a paused queue, may be old at its first failure. The alarm is for events that
# failed repeatedly: within a quarter of an hour an event has nine attempts.
_FAILED_AGAIN: Final = 5
_STATES: Final = {
    State.DELIVERED: "Delivered",
    State.SUPPRESSED: "Suppressed",
    State.PARKED: "Parked",
    State.REPEATED: "Repeated",
    State.RETRY: "Retried",
}
# The metrics with an alarm in infra/, which does not use Slack to notify.
_ALARMS: Final = {
    "SLACK_CREDENTIAL": "CredentialErrors",
    "DB_LOGIN": "CredentialErrors",
    "API_DENIED": "CredentialErrors",
    "CONFIG_INVALID": "ConfigurationErrors",
    "CONFIG_UNAVAILABLE": "ConfigurationErrors",
    "CONFIG_SECRET_FORMAT": "ConfigurationErrors",
    "SLACK_CONFIG": "ConfigurationErrors",
    "CATALOG_INVALID": "ConfigurationErrors",
    "SLACK_AMBIGUOUS": "AmbiguousPosts",
    "ROW_NOT_FOUND": "MissingRows",
    "ROW_STALE": "MissingRows",
    "DB_NOT_REPLICATING": "NotReplicating",
    "LEDGER_UNAVAILABLE": "LedgerErrors",
}


def delivery_line(outcome: Outcome) -> dict[str, Any]:
    """Return the fields of a delivery's log line: enough to find it by its event, and no value from a row."""
    event, receipt, record = outcome.event, outcome.receipt, outcome.record
    now = time.time()
    fields = {
        "code": outcome.code,
        "detail": outcome.detail,
        "record": record.id,
        "attempt": record.attempt,
        "event": {"type": event.type, "id": event.id, "event_id": event.identity} if event else None,
        "origin": "poll" if event and event.polled else None,
        "correlation_id": event.identity if event else record.id,
        "notification": outcome.notification,
        "channel": outcome.channel,
        "notice": outcome.notice,
        "posted": {"channel": receipt.channel, "ts": receipt.ts} if receipt else None,
        "milliseconds": dict(outcome.milliseconds),
        "age_seconds": _age(outcome, now),
        "due_in_seconds": round(outcome.due - now, 1) if outcome.due else None,
    }
    return {key: value for key, value in fields.items() if value}


def measure_deliveries(metrics: Metrics, outcomes: Sequence[Outcome]) -> None:
    """Write the metrics of an invocation: the number of deliveries with each end, and how long they took.

    `RetryAge` is the age in seconds, since it was sent, of the oldest message that is tried again. With the dimension
    `code` it includes every such message. Without it, CHOSEN_WAITS and the first attempts are left out, so that an
    alarm on it means an outage.
    """
    now = time.time()
    ages = _retry_ages(outcomes, now)
    failed_again = _retry_ages([one for one in outcomes if one.record.attempt >= _FAILED_AGAIN], now)
    for outcome in outcomes:
        metrics.add_metric(_end_metric(outcome), MetricUnit.Count, 1)
        if alarm := _ALARMS.get(outcome.code):
            metrics.add_metric(alarm, MetricUnit.Count, 1)
        for stage, milliseconds in outcome.milliseconds.items():
            metrics.add_metric(f"{stage.capitalize()}Time", MetricUnit.Milliseconds, milliseconds)
        if outcome.state is State.DELIVERED and outcome.event and outcome.event.type == CANARY:
            metrics.add_metric("CanaryDelivered", MetricUnit.Count, 1)
        if outcome.state is State.DELIVERED and (age := _age(outcome, now)) is not None:
            metrics.add_metric("AgeAtDelivery", MetricUnit.Seconds, age)
    if failing := [age for code, age in failed_again.items() if code not in CHOSEN_WAITS]:
        metrics.add_metric(RETRY_AGE, MetricUnit.Seconds, max(failing))
    if outcomes:
        metrics.flush_metrics()
    counts = Counter(one.code for one in outcomes if one.code and not one.ignored)
    _by_code("Outcomes", MetricUnit.Count, counts, metrics.service)
    _by_code(RETRY_AGE, MetricUnit.Seconds, ages, metrics.service)


def measure_tick(metrics: Metrics, tick: Tick) -> None:
    """Write the metrics of a tick. They show that polls do not run, or are on hold."""
    metrics.add_metric("Ticks", MetricUnit.Count, 1)
    metrics.add_metric("PollsOverdue", MetricUnit.Count, len(tick.overdue))
    metrics.add_metric("PollsOnHold", MetricUnit.Count, len(tick.on_hold))
    metrics.add_metric("PollsNearlyFull", MetricUnit.Count, len(tick.nearly_full))
    metrics.flush_metrics()


def run_line(report: RunReport) -> dict[str, Any]:
    """Return the fields of a run's log line; empty if it found nothing."""
    ran, failure = report.ran, report.failure
    counts = {"found": ran.found, "late": ran.late, "given_up": ran.given_up, "more": ran.more} if ran else {}
    fields = {**counts, "code": failure.code if failure else "", "detail": failure.detail if failure else ""}
    found = {key: value for key, value in fields.items() if value}
    return {"poll": report.poll, **found} if found else {}


def measure_runs(metrics: Metrics, reports: Sequence[RunReport]) -> None:
    """Write the metrics of runs. A request for a poll that was not due does not count as a run."""
    runs = [report for report in reports if report.ran or report.failure]
    for report in runs:
        metrics.add_metric("PollRuns", MetricUnit.Count, 1)
        metrics.add_metric("PollFailures", MetricUnit.Count, 1 if report.failure else 0)
        if report.ran:
            metrics.add_metric("PollRowsLate", MetricUnit.Count, report.ran.late)
            metrics.add_metric("PollGapsDropped", MetricUnit.Count, report.ran.given_up)
    if runs:
        metrics.flush_metrics()


def _by_code(name: str, unit: MetricUnit, values: Mapping[str, float], service: str | None) -> None:
    for code, value in values.items():
        with single_metric(name, unit, value, namespace=NAMESPACE) as metric:
            metric.add_dimension("code", code)
            metric.add_dimension("service", str(service))


def _retry_ages(outcomes: Sequence[Outcome], now: float) -> dict[str, float]:
    """Return for each code of a retry the age in seconds of the oldest message, since it was sent.

    A replayed event counts as sent at the replay.
    """
    ages: dict[str, float] = {}
    for one in outcomes:
        if one.state is State.RETRY and one.code and one.record.sent_at:
            age = _seconds_since(one.record.sent_at, now)
            ages[one.code] = max(age, ages.get(one.code, 0.0))
    return ages


def _end_metric(outcome: Outcome) -> str:
    if outcome.ignored:
        return "Ignored"
    if outcome.notice:
        return "Notices" if outcome.state is State.DELIVERED else "NoticesNotPosted"
    return _STATES[outcome.state]


def discovery_line(api: str, counts: Mapping[str, int]) -> dict[str, Any] | None:
    """Return the fields of the log line about an API's discovery; None if the cache was always fresh."""
    return {"api": api, **counts} if counts.keys() - {"fresh"} else None


def _age(outcome: Outcome, now: float) -> float | None:
    """Return the seconds since the event was first sent."""
    sent = outcome.record.first_sent_at
    return _seconds_since(sent, now) if sent else None


def _seconds_since(moment: datetime, now: float) -> float:
    return round(max(0.0, now - moment.timestamp()), 1)
