"""A published measurement of four paths to an API, to compare with one's own.

Tokyo, August 2020, measured with X-Ray: a function in a VPC that calls an API on Fargate twice per invocation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CLOUD_MAP: Final = "Cloud Map, looked up for each call"
# Milliseconds of the whole function, and of the API alone, for both calls.
TIMES: Final[Mapping[str, tuple[int, int]]] = {
    "ALB": (90, 40),
    "NLB": (82, 37),
    CLOUD_MAP: (205, 53),
    "A records": (106, 46),
}
