r"""From messages to outcomes, so that nothing is lost and hardly anything is posted twice.

    channels.py    in order within a channel, channels in parallel
    send.py        one delivery: carries out what is decided
    situation.py   what is known of a delivery,
    decide.py      what to do next (pure),
    after.py       and what to remember of it (pure)
    ledger.py      the record of each delivery (records.py)      \\
    throttle.py    the rate limit of each channel                 } in the state table
    threads.py     the first message of each thread              /
    finish.py      what happens to the records in the queue

The items of the state table are only ever swapped: a write names the revision that it replaces, and is refused where
another worker has written since. So a worker that was frozen or overtaken in the middle of a post cannot overwrite what
came after.
"""
