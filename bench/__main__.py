"""`make bench`: every figure, one script after the other."""

from __future__ import annotations

from bench import cold_start, discovery, discovery_policies, warm_event

for script in (warm_event, cold_start, discovery, discovery_policies):
    script.main()
