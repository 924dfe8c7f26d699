"""One execution environment: the function's pipeline and polls, on ports at which it can be killed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

from handler import catalog
from handler.adapters import tls
from handler.adapters.database.replica import Replicas
from handler.addresses import DatabaseAddress
from handler.catalog import Catalog
from handler.delivery.finish import Finisher
from handler.delivery.ledger import Ledger
from handler.delivery.send import Deliverer
from handler.delivery.situation import Policy
from handler.delivery.tallies import Tallies
from handler.delivery.threads import Threads
from handler.delivery.throttle import ChannelThrottle
from handler.discovery.dns import Dns
from handler.discovery.names import CachedNames
from handler.errors import SourceError
from handler.model import Poll, Row, Value
from handler.pipeline import Pipeline
from handler.polling.dispatch import Polls
from handler.stages.compose import Composer
from handler.stages.enrich import Sources
from handler.templating import Templates
from lab.databases import Login, Pair, Server
from lab.poll_soak.memory import Clock, DeadLetters, Intake, Slack, StateTable
from lab.poll_soak.plan import TIME, Plan
from lab.poll_soak.points import Points
from lab.shop import SCHEMA

STAGE: Final = "soak"
MAX_RECEIVES: Final = 50
TEMPLATES: Final = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class World:
    """The state outside the function, which survives when an execution environment is killed."""

    table: StateTable
    intake: Intake
    slack: Slack
    dead: DeadLetters
    now: Callable[[], float]


class Readers:
    """ports.Database of the poll: one or more servers in random turns. A share of the statements fails.

    The database clock (`now`) is the poll's simulated time, shifted as the plan says.
    """

    def __init__(self, servers: Sequence[Replicas], random: Random, plan: Plan, now: Clock) -> None:
        self._servers = servers
        self._random = random
        self._plan = plan
        self._now = now
        self._turn = servers[0]
        self.calm = False

    def next(self) -> None:
        """Choose a server for the next run."""
        self._turn = self._random.choice(self._servers)

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        """Read from the current server. Raises SourceError."""
        if self._plan.statement_turns:
            self.next()
        if not self.calm and self._random.random() < self._plan.refused:
            raise SourceError("DB_TIMEOUT", "as the plan has it")
        rows = self._turn.select(database, sql, parameters, limit)
        if self._plan.kind != TIME:
            return rows
        now = int(self._now() + self._plan.ahead)
        return [Row({**row, "now": now}) for row in rows]


@dataclass(frozen=True, slots=True)
class Function:
    """An execution environment. `points` decides what happens to it, and at which call."""

    polls: Polls
    pipeline: Pipeline
    readers: Readers
    points: Points


def function(world: World, compiled: Catalog, readers: Readers) -> Function:
    """Create an execution environment, with points around its SELECTs, writes, queue messages and posts."""
    points = Points()
    table, intake = points.around(world.table), points.around(world.intake)
    templates = Templates(locale=compiled.stage.locale)
    ledger = Ledger(table)
    deliverer = Deliverer(
        points.around(world.slack),
        Policy(can_edit=False, on_ambiguous="repost"),
        ledger,
        ChannelThrottle(table, world.now),
        Threads(table, world.now),
        Tallies(table),
        world.now,
    )
    nothing: Any = _Nothing()
    polls = Polls(compiled.polls, points.around(readers), table, intake, world.now)
    pipeline = Pipeline(
        catalog=compiled,
        composer=Composer(
            compiled.stage,
            templates,
            partial(Sources, nothing, nothing),
            nothing.replicating,
            lambda: datetime.fromtimestamp(world.now(), UTC),
        ),
        api=nothing,
        deliverer=deliverer,
        finisher=Finisher(points.around(world.dead), intake, ledger, MAX_RECEIVES, world.now),
        ignore_unknown=False,
        polls=lambda: polls,
    )
    return Function(polls, pipeline, readers, points)


class _Nothing:
    """The sources that the template does not use, and a discovery that finds nothing."""

    @contextmanager
    def invocation(self) -> Iterator[Callable[[str], None]]:
        yield lambda _: None

    def replicating(self, _database: str) -> None:
        return None


def compiled(plan: Plan, event_type: str) -> Catalog:
    """Compile a template for this event type, with the poll as the plan describes it."""
    from cli import compiler

    compilation = compiler.compile_templates(TEMPLATES)
    if compilation.errors:
        raise ValueError(f"the template of the soak is wrong: {compilation.findings}")
    found = catalog.read(compilation.catalog, STAGE)
    (notification,) = found.notifications[event_type]
    assert notification.poll
    polled = replace(notification, poll=_planned(notification.poll, plan))
    return replace(found, notifications={event_type: (polled,)})


def _planned(poll: Poll, plan: Plan) -> Poll:
    changed = replace(poll, digest_rows=plan.digest_rows, longest=plan.longest, identity=plan.identity)
    return replace(changed, created=poll.created and plan.created, changed=poll.changed and plan.changed)


@contextmanager
def readers(pair: Pair, plan: Plan, random: Random, now: Clock) -> Iterator[Readers]:
    """Connect to the replica, and also to the primary if there are two readers."""
    servers: list[Server] = [pair.replica, pair.primary]
    found = [_replicas(server, pair) for server in servers[: plan.readers]]
    try:
        yield Readers(found, random, plan, now)
    finally:
        for one in found:
            one.close()


def _replicas(server: Server, pair: Pair) -> Replicas:
    address = DatabaseAddress("default", "localhost", SCHEMA, server.port, str(pair.ca))
    return Replicas({"default": address}, _Secret(pair.reader), tls.context, CachedNames(Dns()))


@dataclass(frozen=True, slots=True)
class _Secret:
    """ports.Secrets with only the database login of the readers."""

    login: Login

    def get(self, _name: str, *, fresh: bool = False) -> str:  # noqa: ARG002 - there is no other one
        return json.dumps({"username": self.login.user, "password": self.login.password})
