"""The proof that a poll reports what it promises, once: a real database pair, and a function that is killed anywhere.

    plan            what a seed decides: what the poll looks for, the writers' transactions, the faults
    writers         transactions that run at the same time, commit late, roll back, delete
    kinds           what the poll looks for: each kind has its table, its transactions, and its law
    ids             rows, by their ids
    watched         changes of a column
    timed           rows, by a time
    points          every call by which the function reaches outside: there it can be killed, overtaken, refused
    memory          the state table and Slack in memory
    function        one execution environment
    run             one seed: minutes that pass while writers write, until all is quiet
    collect         what came of the events
    law             what has to hold of each event in the end

Time is the poll's own: each minute of it takes a fraction of a second. `python -m lab.poll_soak --help`, or
`make soak-poll`. `lab.soak` is the same for deliveries, with the function in processes of its own.
"""
