"""`make bench`: run all scripts, one after the other."""

from __future__ import annotations

from bench import (
    batch,
    cold_start,
    connect,
    discovery,
    discovery_policies,
    memory_size,
    poll,
    size,
    table,
    warm_event,
    worst_template,
)

for script in (
    size,
    worst_template,
    connect,
    warm_event,
    batch,
    poll,
    cold_start,
    memory_size,
    discovery,
    discovery_policies,
    table,
):
    script.main()
