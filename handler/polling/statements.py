"""What a poll asks the database, around the SELECT of the template.

The SELECT gives a column `id`, each id once, and has no LIMIT of its own. Then both servers merge it into the outer
SELECT, and read a range of ids by their index. All parameters are numbers.
"""

from __future__ import annotations


def slice_of_ids(select: str, *, bounded: bool) -> str:
    """The lowest `count` ids above `after`, up to `upto` where it is bounded, as words of `Seen`."""
    upto = " AND found.id <= %(upto)s" if bounded else ""
    ids = f"SELECT found.id FROM ({select}) AS found WHERE found.id > %(after)s{upto} ORDER BY found.id LIMIT %(count)s"  # noqa: S608
    return (
        "SELECT part.id DIV 64 AS word, BIT_OR(1 << (part.id MOD 64)) AS bits "  # noqa: S608
        f"FROM ({ids}) AS part GROUP BY word"
    )
