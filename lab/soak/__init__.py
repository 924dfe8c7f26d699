"""A soak test: the real function under a schedule of faults, and a checker of what it did.

    events, plan, schedule    the events and the faults, both derived from a seed
    rig, parts, credentials   the processes: function, queue, database pair, ledger, Slack, and the proxies between
    event_faults, system_faults   inject faults: into single events, and into parts
    fault_log                 records which fault affected which event
    publisher, run            the publisher, and one soak run
    histories, evidence       the published events, the ledger, Slack's messages, the dead letters
    check, pauses             the invariants; and whether anything is posted during a Retry-After

`python -m lab.soak --help`, or `make soak`.
"""
