"""From messages to outcomes: in order within a channel, channels in parallel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from handler.delivery.delivery import Delivery
from handler.outcome import Outcome, Retry

# As many as a batch has records: the threads wait for Slack, not for a processor.
MAX_WORKERS: Final = 10
# These concern one delivery alone, so that those behind it in its channel need not wait.
_DO_NOT_HOLD: Final = frozenset({"SLACK_RATE_LIMITED", "LEDGER_BUSY", "THREAD_BUSY", "ROW_STUB"})

Attempt = Callable[[Delivery], Outcome]


def deliver(deliveries: Sequence[Delivery], attempt: Attempt) -> list[Outcome]:
    """Attempt every delivery. If Slack, or the way there, fails one, those behind it in its channel are held back."""
    channels: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        channels.setdefault(delivery.message.destination, []).append(delivery)
    if len(channels) <= 1:
        return _in_order(deliveries, attempt)
    with ThreadPoolExecutor(min(MAX_WORKERS, len(channels))) as pool:
        queues = [pool.submit(_in_order, queue, attempt) for queue in channels.values()]
        return [outcome for queue in queues for outcome in queue.result()]


def _in_order(queue: Sequence[Delivery], attempt: Attempt) -> list[Outcome]:
    outcomes: list[Outcome] = []
    held_by: Outcome | None = None
    for delivery in queue:
        if held_by:
            outcomes.append(delivery.outcome(Retry("SLACK_HELD", f"behind {held_by.code}", held_by.due)))
            continue
        outcome = attempt(delivery)
        if isinstance(outcome.end, Retry) and outcome.code not in _DO_NOT_HOLD:
            held_by = outcome
        outcomes.append(outcome)
    return outcomes
