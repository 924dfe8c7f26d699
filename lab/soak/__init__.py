"""The proof: the real function under a schedule of faults, and a checker over the histories of what it did.

    events, plan, schedule    what is published and what goes wrong, both from a seed
    rig, parts, credentials   the processes of the function, queue, database pair, ledger, Slack, and the ways there
    mishaps, troubles         how what goes wrong is done
    journal                   what was done to whom
    publisher, run            what publishes, and one soak
    histories, evidence       what was published, remembered, accepted and parked
    check, pauses             the law; and whether anybody posts while Slack has said to wait

`python -m lab.soak --help`, or `make soak`.
"""
