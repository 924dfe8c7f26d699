"""`make bench`: every figure, one script after the other."""

from __future__ import annotations

from bench import batch, cold_start, connect, discovery, discovery_policies, size, table, warm_event

for script in (size, connect, warm_event, batch, cold_start, discovery, discovery_policies, table):
    script.main()
