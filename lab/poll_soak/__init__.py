"""A soak test of polls: they report what they promise, once, from a real database pair, while the function is killed.

    plan            the parameters that a seed decides: the kind of poll, the writers' transactions, the faults
    writers         concurrent transactions that commit late, roll back, delete
    kinds           the kinds of poll: each has its table, its transactions, and its invariants
    ids             new rows, found by their ids
    watched         changes of a column
    timed           new rows, found by a time column
    points          the points around each external call, at which the function can be killed or overtaken
    memory          the state table and Slack in memory
    function        one execution environment
    run             one seed: simulated minutes while writers write, until nothing new is found
    collect         the results: ledger, Slack posts, queue
    invariants      the invariants that each event must meet in the end

Time is simulated: each of the poll's minutes takes a fraction of a second. `python -m lab.poll_soak --help`, or
`make soak-poll`. `lab.soak` does the same for deliveries, with the function in separate processes.
"""
