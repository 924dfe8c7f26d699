"""What the deployed function can say of itself: one finding for each thing that it needs.

`notifier doctor` asks for them by invoking the function with {"notifier": "check"}. That takes the right to invoke it,
which the topic and the queue have too; but what those hand over always has `Records`, so that no event can ask. Nothing
is posted, parked, or written but one item of the state table, in a partition of its own. Imported only when asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from handler.errors import named
from handler.health import apis, databases, deployment, egress, names, polling, polls, slack, store, timing
from handler.health.model import Check, Subject, failed

# What the answer itself takes, and what a single check may take at most: none is begun with less.
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
    polling.checks,  # the last: many polls that are read slowly take all the time that is left
)


def _run_part(part: Callable[[Subject], Iterator[Check]], subject: Subject, remaining: Remaining) -> list[Check]:
    """What a part finds; where it breaks off, or the time is over in the midst of it, what it has found, and why."""
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
    except Exception as error:  # noqa: BLE001 - one part never stands in another's way
        found.append(failed(name, named(error)))
    return found


def run(environment: Mapping[str, str], asked: Mapping[str, Any], remaining: Remaining) -> dict[str, Any]:
    """Check everything that there is time for, and return the findings as JSON has them.

    `asked` is the payload: `egress` is an address that answers with the caller's own (empty: not asked), and with
    `bench`, a path below each API, the paths to the APIs are timed in place of all checks. With `dry_run`, the name of
    a poll, the answer says in their place what its next run would do, or that there is no such poll.
    """
    subject, found = deployment.read(environment, str(asked.get("egress", egress.ADDRESS)))
    if subject and asked.get("bench"):
        return {"paths": [asdict(one) for one in timing.paths(subject, str(asked["bench"]), remaining)]}
    if subject and subject.catalog and asked.get("dry_run"):
        return {"dry_run": polls.next_run(subject, str(asked["dry_run"]), remaining)}
    if subject and not asked.get("dry_run"):
        found += [check for part in _PARTS for check in _run_part(part, subject, remaining)]
    return {"checks": [asdict(check) for check in found]}
