"""API addresses for tests, parsed like the settings."""

from __future__ import annotations

from handler.addresses import ApiAddress
from handler.discovery.paths import PATHS
from handler.settings.parse import api


def api_address(name: str, uri: str, **options: str) -> ApiAddress:
    return api(PATHS, name, uri, options)
