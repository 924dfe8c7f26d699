"""The function's entry point without a cache: each API call looks up the instances first."""

from __future__ import annotations

from functools import partial
from unittest.mock import patch

from bench.discovery_client import NEVER
from handler.discovery.endpoints import Endpoints

patch("handler.adapters.http.api.Endpoints", partial(Endpoints, ages=NEVER)).start()

from handler.app import lambda_handler  # noqa: E402 - it is to meet the line above

__all__ = ["lambda_handler"]
