"""From the settings to a working pipeline, once for each execution environment.

The only place that builds real things.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from ssl import SSLContext

from handler import catalog
from handler.adapters import tls
from handler.adapters.api import HttpApis
from handler.adapters.park import DeadLetterQueue
from handler.adapters.replica import Replicas
from handler.adapters.secrets import SecretStore
from handler.adapters.slack import BotSink, WebhookSink
from handler.pipeline import Pipeline
from handler.ports import Sink
from handler.settings import Settings
from handler.stages.enrich import Sources
from handler.templating import Templates


def build(environment: Mapping[str, str]) -> Pipeline:
    """Wire the pipeline that an environment describes; raises ConfigError. Connects to nothing yet."""
    settings = Settings.from_environment(environment)
    secrets = SecretStore(settings.secrets_store, settings.secrets_prefix)
    compiled = catalog.load(settings.catalog, settings.stage)
    templates = Templates(locale=compiled.stage.locale)

    def trust(ca: str) -> SSLContext:
        return tls.context(ca or settings.ca_bundle)

    replicas = Replicas(settings.databases, secrets, trust)
    apis = HttpApis(settings.apis, secrets, trust)
    return Pipeline(
        catalog=compiled,
        templates=templates,
        fetch=Sources(replicas, apis, templates),
        sink=_sink(settings, secrets),
        park=DeadLetterQueue(settings.dead_letter_queue_url),
        max_receives=settings.max_receives,
        ignore_unknown=settings.unknown_type == "ignore",
        now=lambda: datetime.now(UTC),
    )


def _sink(settings: Settings, secrets: SecretStore) -> Sink:
    kind = BotSink if settings.slack_mode == "bot" else WebhookSink
    return kind(secrets, settings.slack_api_url, tls.context(settings.ca_bundle))


@cache
def pipeline() -> Pipeline:
    """Return this environment's pipeline; a mistake in the settings is raised anew at every call."""
    return build(os.environ)
