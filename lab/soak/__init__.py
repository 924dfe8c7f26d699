"""The proof: the real function under a schedule of faults, and a checker over the histories of what it did.

    events, schedule      what is published and what goes wrong, both from a seed
    rig                   the parts: processes of the function, queue, database pair, ledger, Slack, and the ways there
    mishaps, troubles     how what goes wrong is done
    journal               what was done to whom
    run                   one soak
    histories, check      what was published, remembered, accepted and parked; and the law

`python -m lab.soak --help`, or `make soak`.
"""
