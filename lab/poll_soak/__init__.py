"""The proof that a poll reports every committed row once: a real database pair, and a function that is killed anywhere.

    plan            what a seed decides: the writers' transactions, the poll, the faults
    writers         transactions that run at the same time, commit late, roll back, delete
    points          every call by which the function reaches outside: there it can be killed, overtaken, refused
    memory          the state table and Slack in memory
    function        one execution environment
    run             one seed: minutes that pass while writers write, until all is quiet
    law             what has to hold in the end

Time is the poll's own: each minute of it takes a fraction of a second. `python -m lab.poll_soak --help`, or
`make soak-poll`. `lab.soak` is the same for deliveries, with the function in processes of its own.
"""
