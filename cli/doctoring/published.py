"""A published measurement of four paths to an API, for comparison with an owner's own.

Tokyo, August 2020, by X-Ray: a function in a VPC that calls an API on Fargate twice in one invocation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CLOUD_MAP: Final = "Cloud Map, looked up for each call"
# Milliseconds of the whole function, and inside the API, for both calls.
TIMES: Final[Mapping[str, tuple[int, int]]] = {
    "ALB": (90, 40),
    "NLB": (82, 37),
    CLOUD_MAP: (205, 53),
    "A records": (106, 46),
}
