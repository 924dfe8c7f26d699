"""What the next run of a poll would do, for `notifier poll run --dry-run`: only the function reaches the database."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from handler.adapters import tls
from handler.adapters.database.replica import Replicas
from handler.adapters.state.table import StateTable
from handler.discovery.names import CachedNames
from handler.discovery.paths import DNS
from handler.health.model import Subject
from handler.polling.dry_run import dry_run


def next_run(subject: Subject, name: str, remaining: Callable[[], float]) -> dict[str, Any] | None:
    """Return what a run would do, as JSON; None if no template has this poll."""
    poll = subject.catalog.polls.get(name) if subject.catalog else None
    if poll is None:
        return None
    replicas = Replicas(subject.settings.databases, subject.secrets, tls.context, CachedNames(DNS))
    try:
        return asdict(dry_run(name, poll, replicas, StateTable(subject.settings.state_table), time.time, remaining))
    finally:
        replicas.close()
