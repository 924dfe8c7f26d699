"""From the settings to a working pipeline, once for each execution environment.

The only place that builds real things.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from ssl import SSLContext
from typing import Final

from handler import catalog
from handler.adapters import tls
from handler.adapters.api import HttpApis, Report, unheard
from handler.adapters.park import DeadLetterQueue
from handler.adapters.replica import Replicas
from handler.adapters.secrets import SecretStore
from handler.adapters.slack import BotSink, WebhookSink
from handler.discovery import addresses, cloudmap, srv
from handler.discovery.dns import Dns
from handler.discovery.names import CachedNames
from handler.discovery.uri import Path
from handler.pipeline import Pipeline
from handler.ports import Sink
from handler.settings import Settings
from handler.stages.enrich import Sources
from handler.templating import Templates

DNS: Final = Dns()
# The scheme of a URI in `Apis` -> who reads it. A discovery path is a module, and a line here.
PATHS: Final[Mapping[str, Path]] = {
    "http": addresses.stable(DNS),
    "https": addresses.stable(DNS),
    "dns": addresses.records(DNS),
    "srv": srv.services(DNS),
    "cloudmap": cloudmap.read,
}


def build(environment: Mapping[str, str], report: Report = unheard) -> Pipeline:
    """Wire the pipeline that an environment describes; raises ConfigError. Connects to nothing yet.

    `report` is told what discovery did for an API.
    """
    settings = Settings.from_environment(environment, PATHS)
    secrets = SecretStore(settings.secrets_store, settings.secrets_prefix)
    compiled = catalog.load(settings.catalog, settings.stage)
    templates = Templates(locale=compiled.stage.locale)

    def trust(ca: str) -> SSLContext:
        return tls.context(ca or settings.ca_bundle)

    replicas = Replicas(settings.databases, secrets, trust, CachedNames(DNS))
    apis = HttpApis(settings.apis, secrets, trust, report=report)
    return Pipeline(
        catalog=compiled,
        templates=templates,
        fetch=Sources(replicas, apis, apis, templates),
        discovery=apis,
        sink=_sink(settings, secrets),
        park=DeadLetterQueue(settings.dead_letter_queue_url),
        max_receives=settings.max_receives,
        ignore_unknown=settings.unknown_type == "ignore",
        now=lambda: datetime.now(UTC),
    )


def _sink(settings: Settings, secrets: SecretStore) -> Sink:
    kind = BotSink if settings.slack_mode == "bot" else WebhookSink
    return kind(secrets, settings.slack_api_url, tls.context(settings.ca_bundle))
