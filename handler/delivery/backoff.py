"""How long a delivery waits before it is tried again: nobody sleeps in a function that is paid for."""

from __future__ import annotations

from random import Random
from typing import Final

FIRST_SECONDS: Final = 5.0
# After an outage the first messages come within so long. 50 deliveries of a record (template.yaml) then span three and
# a half hours, or almost three at the shortest.
LONGEST_SECONDS: Final = 300.0
JITTER: Final = 0.2
_RANDOM: Final = Random()  # noqa: S311 - it spreads load, and guards nothing


def wait(attempt: int, random: Random = _RANDOM) -> float:
    """Return the seconds until the next attempt, after the one with this number (from 1): twice as long each time.

    https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """
    seconds: float = min(FIRST_SECONDS * 2 ** min(attempt - 1, 16), LONGEST_SECONDS)
    return seconds * random.uniform(1 - JITTER, 1 + JITTER)
