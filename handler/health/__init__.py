"""The checks that run in the deployed function: one finding for each thing that it needs.

`notifier doctor` invokes the function with {"notifier": "check"}. The topic and the queue may invoke the function too,
but their payloads always have `Records`, so no event can start the checks. The checks post and park nothing, and write
only one item to the state table, in a partition of its own. This package is imported only when it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from handler.errors import named
from handler.health import apis, databases, deployment, egress, names, polling, polls, slack, store, timing
from handler.health.model import Check, Subject, failed

# Minimum time left to begin a check: the longest duration of a single check, and of the answer.
SPARE_SECONDS: Final = 15.0

Remaining = Callable[[], float]
_PARTS: Final[tuple[Callable[[Subject], Iterator[Check]], ...]] = (
    deployment.checks,
    names.checks,
    store.checks,
    databases.checks,
    apis.checks,
    slack.checks,
    egress.checks,
    polling.checks,  # last, because many slow polls can take all the time that is left
)


def _run_part(part: Callable[[Subject], Iterator[Check]], subject: Subject, remaining: Remaining) -> list[Check]:
    """Return the findings of a part. If it fails or runs out of time, the last finding says so."""
    name = part.__module__.rpartition(".")[2]
    found: list[Check] = []
    try:
        checks = part(subject)
        while remaining() >= SPARE_SECONDS:
            check = next(checks, None)
            if check is None:
                return found
            found.append(check)
        found.append(Check(name, "skipped", cause="there was no time left"))
    except Exception as error:  # noqa: BLE001 - a part that fails never stops the others
        found.append(failed(name, named(error)))
    return found


def run(environment: Mapping[str, str], asked: Mapping[str, Any], remaining: Remaining) -> dict[str, Any]:
    """Run all checks for which there is time, and return the findings as JSON.

    `asked` is the payload. `egress` is a URL that returns the caller's address (empty: not asked). With `bench`, a path
    below each API, only the calls to the APIs are timed. With `dry_run`, the name of a poll, the result says only what
    the next run of the poll would do; None if there is no such poll.
    """
    subject, found = deployment.read(environment, str(asked.get("egress", egress.ADDRESS)))
    if subject and asked.get("bench"):
        return {"paths": [asdict(one) for one in timing.paths(subject, str(asked["bench"]), remaining)]}
    if subject and subject.catalog and asked.get("dry_run"):
        return {"dry_run": polls.next_run(subject, str(asked["dry_run"]), remaining)}
    if subject and not asked.get("dry_run"):
        found += [check for part in _PARTS for check in _run_part(part, subject, remaining)]
    return {"checks": [asdict(check) for check in found]}
