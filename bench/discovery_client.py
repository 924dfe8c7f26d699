"""`python -m bench.discovery_client`, in the host `function`: measures calls of the API client over several paths.

It reads a JSON object with the entries of the setting `Apis` by path, and writes one with milliseconds by path:

    {"rounds": 300, "paths": {...}, "uncached": [...], "failures": {...}}  ->  {"calls": {...}, "failures": {...}}

`failures` are entries whose first instance is broken, and one whose first instance works, for comparison.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from typing import Final
from unittest.mock import patch

from bench.measure import timed
from handler.adapters import tls
from handler.adapters.http.api import HttpApis
from handler.adapters.state.secret_store import SecretStore
from handler.addresses import SecretsAddress
from handler.discovery.cache import Ages
from handler.discovery.endpoints import Endpoints
from handler.discovery.paths import PATHS
from handler.settings.parse import api

DOCUMENT: Final = "/customers/1"
FAILURE_ROUNDS: Final = 15
# Cache lifetimes of zero: every call looks up again.
NEVER: Final = Ages(soft_ttl=0, min_ttl=0, max_ttl=0, hard_ttl=0, min_interval=0)


def client(entry: str, **endpoints: object) -> HttpApis:
    """Return an API client as in a fresh environment; `endpoints` changes how it caches instances."""
    text, *options = entry.split(";")
    address = api(PATHS, "default", text, dict(option.split("=", 1) for option in options))
    with patch("handler.adapters.http.api.Endpoints", partial(Endpoints, **endpoints)):  # type: ignore[arg-type]
        return HttpApis({"default": address}, SecretStore(SecretsAddress()), tls.context)


def call(apis: HttpApis) -> None:
    """Make one API call in an invocation of its own."""
    with apis.invocation():
        apis.get("default", DOCUMENT)


def shuffled(sides: Mapping[str, Callable[[], float]], rounds: int, random: Random) -> dict[str, list[float]]:
    """Sample each side once per round, in random order, because the order affects the times.

    The first round does not count.
    """
    samples: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides)
    for number in range(rounds + 1):
        random.shuffle(order)
        for name in order:
            value = sides[name]()
            if number:
                samples[name].append(value)
    return samples


def failure(entry: str) -> tuple[float, float]:
    """Return the times of the first two calls of an environment that knows the instances but has not called any."""
    apis = client(entry)
    with apis.invocation() as ahead:
        ahead("default")
    sample = timed(partial(call, apis))
    return sample(), sample()


def main() -> None:
    """Read the request, and write the measured times."""
    wish = json.load(sys.stdin)
    clients = {
        name: client(entry, **({"ages": NEVER} if name in wish["uncached"] else {}))
        for name, entry in wish["paths"].items()
    }
    sides = {name: timed(partial(call, apis)) for name, apis in clients.items()}
    failures: dict[str, list[tuple[float, float]]] = {name: [] for name in wish["failures"]}
    for number in range(FAILURE_ROUNDS + 1):
        for name, entry in wish["failures"].items():
            sample = failure(entry)
            if number:
                failures[name].append(sample)
    calls = shuffled(sides, wish["rounds"], Random(1))
    json.dump({"calls": calls, "failures": failures}, sys.stdout)


if __name__ == "__main__":
    main()
