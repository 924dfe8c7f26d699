"""Builds the pipeline from the settings, once for each execution environment.

This is the only place of the function that builds the real adapters.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from handler import catalog
from handler.adapters import tls
from handler.adapters.database.replica import Replicas
from handler.adapters.http.api import HttpApis, Report, ignore_report
from handler.adapters.slack.senders import BOT_SECRET, SlackBot, SlackWebhooks
from handler.adapters.state.dead_letter_queue import DeadLetterQueue
from handler.adapters.state.intake_queue import IntakeQueue
from handler.adapters.state.secret_store import SecretStore
from handler.adapters.state.table import StateTable
from handler.catalog import Catalog
from handler.delivery.finish import Finisher
from handler.delivery.ledger import Ledger
from handler.delivery.send import Deliverer
from handler.delivery.situation import Policy
from handler.delivery.tallies import Tallies
from handler.delivery.threads import Threads
from handler.delivery.throttle import ChannelThrottle
from handler.discovery.names import CachedNames
from handler.discovery.paths import DNS, PATHS
from handler.model import Leaf
from handler.pipeline import Pipeline
from handler.ports import Api, Database, Slack
from handler.settings import Settings
from handler.stages.compose import Composer, wall_clock
from handler.stages.enrich import Sources
from handler.templating import Templates

if TYPE_CHECKING:  # polls are loaded only if there is one to run
    from handler.polling.dispatch import Polls

# Rendered in the init phase, since the first text is slow: Jinja creates its lexer, and reads the time zone.
FIRST_TEXT: Final = Leaf("mrkdwn", "{{ '2026-01-05T10:00:00Z' | datetime }}", "")


def build(environment: Mapping[str, str], report: Report = ignore_report) -> Pipeline:
    """Wire the pipeline that the environment variables describe. Raises ConfigError. Connects to nothing yet.

    After each invocation `report` is called with what discovery did for each API.
    """
    settings = Settings.from_environment(environment, PATHS)
    secrets = SecretStore(settings.secrets)
    compiled = catalog.load(settings.catalog, settings.stage)
    templates = Templates(locale=compiled.stage.locale)
    addresses = settings.apis
    if settings.trace_downstream:
        from handler.adapters import traced

        tracer = traced.Tracer(environment)
        addresses = traced.addresses(addresses, tracer)
    table = StateTable(settings.state_table)
    queue = IntakeQueue(settings.queue_url)
    replicas = Replicas(settings.databases, secrets, tls.context, CachedNames(DNS))
    apis = HttpApis(addresses, secrets, tls.context, report=report)
    database: Database = replicas
    api: Api = apis
    slack = _slack(settings, secrets)
    throttle = ChannelThrottle(table, time.time)
    preparations: list[Callable[[], object]] = [
        throttle.refresh,
        *(partial(secrets.get, name) for name in _secrets_of_every_event(settings)),
        *(partial(templates.in_locale(locale).render, FIRST_TEXT, {}) for locale in compiled.locales),
        *(partial(replicas.connect, name) for name in settings.databases),  # last, as a dead one takes all the time
    ]
    if settings.trace_downstream:
        database, api = traced.database(database, tracer), traced.api(api, tracer)
        slack = traced.slack(slack, tracer)
    policy = Policy(can_edit=settings.slack.mode == "bot", on_ambiguous=settings.slack.on_ambiguous)
    ledger = Ledger(table)
    return Pipeline(
        catalog=compiled,
        composer=Composer(compiled.stage, templates, partial(Sources, database, api), database.replicating, wall_clock),
        api=api,
        deliverer=Deliverer(slack, policy, ledger, throttle, Threads(table, time.time), Tallies(table), time.time),
        finisher=Finisher(
            DeadLetterQueue(settings.dead_letter_queue_url), queue, ledger, settings.max_receives, time.time
        ),
        ignore_unknown=settings.unknown_type == "ignore",
        polls=lambda: _polls(compiled, replicas, table, queue),
        preparations=preparations,
    )


def _secrets_of_every_event(settings: Settings) -> list[str]:
    """Return the names of the secrets that every event needs. Those of webhooks are left out: the channel decides."""
    logins = [database.login_secret for database in settings.databases.values() if not database.iam_user]
    return [BOT_SECRET, *logins] if settings.slack.mode == "bot" else logins


def _polls(compiled: Catalog, replicas: Replicas, table: StateTable, queue: IntakeQueue) -> Polls:
    from handler.polling.dispatch import Polls

    return Polls(compiled.polls, replicas, table, queue, time.time)


def _slack(settings: Settings, secrets: SecretStore) -> Slack:
    slack = settings.slack
    kind = SlackWebhooks if slack.mode == "webhook" else SlackBot
    return kind(secrets, slack.api_url, tls.context(slack.ca), proxy=slack.proxy)
