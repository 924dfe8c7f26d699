"""What the next run of a poll would do, for `notifier poll run --dry-run`: only the function reaches the database."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any

from handler.adapters import tls
from handler.adapters.database.replica import Replicas
from handler.adapters.state.table import StateTable
from handler.catalog import Catalog
from handler.discovery.names import CachedNames
from handler.discovery.paths import DNS
from handler.errors import TemplateError
from handler.health.model import Subject
from handler.model import Notification, Record
from handler.polling import messages
from handler.polling.dry_run import dry_run
from handler.polling.state import PolledRow
from handler.stages.enrich import event_context
from handler.stages.parse import parse
from handler.stages.render import is_wanted
from handler.templating import Context, Templates


def next_run(subject: Subject, name: str, remaining: Callable[[], float]) -> dict[str, Any] | None:
    """Return what a run would do, as JSON; None if no template has this poll."""
    poll = subject.catalog.polls.get(name) if subject.catalog else None
    if poll is None or subject.catalog is None:
        return None
    decide = partial(posts, subject.catalog, Templates(locale=subject.catalog.stage.locale), name)
    replicas = Replicas(subject.settings.databases, subject.secrets, tls.context, CachedNames(DNS))
    try:
        stored = StateTable(subject.settings.state_table)
        return asdict(dry_run(name, poll, replicas, stored, time.time, remaining, decide))
    finally:
        replicas.close()


def posts(catalog: Catalog, templates: Templates, name: str, row: PolledRow) -> bool | None:
    """Whether the `when` of a template holds for the event of a row; None if only its lookups tell."""
    now = datetime.now(UTC)
    context = event_context(parse(Record(name, messages.event(name, row, 0)), now), now, catalog.stage.vars)
    found = [_holds(one, context, templates) for one in catalog.route(name)]
    return True if True in found else None if None in found else False


def _holds(one: Notification, context: Context, templates: Templates) -> bool | None:
    local = templates.in_locale(one.locale(templates.locale))
    try:
        if one.when and local.check(one.when) - context.keys():
            return None
        return is_wanted(one, context, local)
    except TemplateError:
        return None
