"""What a poll asks the database, around the SELECT of the template.

The SELECT gives a column `id`, each id once, maybe the columns `created`, `watched`, `changed` and `at`, and has no
LIMIT of its own. Then both servers merge it into the outer SELECT, and read a range of ids, or of times, by an index.
All parameters are numbers, names of a table, or what the database itself gave.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

# MySQL would read a whole range by an index on a column of few values, and sort it (skip scan): four times the rows.
# MariaDB has no such plan, and reads this as a comment.
_IN_ORDER: Final = "/*+ SET_VAR(optimizer_switch='skip_scan=off') */"
# A text that is compared letter by letter, whatever type and collation the column has.
_WATCHED: Final = "CONVERT(found.watched USING utf8mb4) COLLATE utf8mb4_bin"
# This collation takes texts as equal that differ only in blanks at their end.
_LETTERS: Final = "part.watched, LENGTH(part.watched)"


def ids_page(select: str, *, bounded: bool, watching: bool = False) -> str:
    """The lowest `count` ids above `after`, up to `upto` where it is bounded, as words of `Values`."""
    upto = " AND found.id <= %(upto)s" if bounded else ""
    return _words(select, f"found.id > %(after)s{upto} ORDER BY found.id LIMIT %(count)s", watching=watching)


def last_ids(select: str, *, bounded: bool = False, watching: bool = False) -> str:
    """The highest `count` positive ids, up to `upto` where it is bounded, as words of `Values`."""
    upto = " AND found.id <= %(upto)s" if bounded else ""
    return _words(select, f"found.id > 0{upto} ORDER BY found.id DESC LIMIT %(count)s", watching=watching)


def first_since(select: str) -> str:
    """The lowest positive id of the rows that were created from the time `since` on."""
    return (
        f"SELECT found.id AS id FROM ({select}) AS found WHERE found.id > 0 AND found.created >= %(since)s "  # noqa: S608
        "ORDER BY found.id LIMIT 1"
    )


def ids_before(select: str, *, watching: bool = False) -> str:
    """The lowest `count` ids above `after` of the rows that were not created from the time `since` on, as words."""
    created = "(found.created < %(since)s OR found.created IS NULL)"
    rows = f"found.id > %(after)s AND {created} ORDER BY found.id LIMIT %(count)s"
    return _words(select, rows, watching=watching)


def lowest_id(select: str) -> str:
    """The lowest positive id."""
    return f"SELECT found.id AS id FROM ({select}) AS found WHERE found.id > 0 ORDER BY found.id LIMIT 1"  # noqa: S608


def created(select: str, count: int) -> str:
    """When the rows with the ids `id0`, `id1` and so on were created."""
    return f"SELECT found.id AS id, found.created AS created FROM ({select}) AS found WHERE found.id IN ({_ids(count)})"  # noqa: S608


def changed(select: str, count: int) -> str:
    """The values of the rows with the ids `id0`, `id1` and so on, and when they were last changed."""
    return (
        f"SELECT found.id AS id, {_WATCHED} AS watched, found.changed AS changed FROM ({select}) AS found "  # noqa: S608
        f"WHERE found.id IN ({_ids(count)})"
    )


def timed(select: str, bounds: Collection[str], *, backwards: bool = False) -> str:
    """The first `count` rows from the time `at` on, and from the row `id` with this time on; or up to there, backwards.

    Each has its time as a text too, with which the next page begins, and the present time in seconds since 1970. The
    condition on the time alone is for the index. A time of zero is none, and a row without an id is none.
    """
    beyond, direction = ("<", " DESC") if backwards else (">", "")
    rows = ["found.at > 0", "found.id IS NOT NULL"]
    if "at" in bounds:
        rows.append(f"found.at {beyond}= %(at)s")
    if "id" in bounds:
        rows.append(f"(found.at = %(at)s AND found.id {beyond}= %(id)s OR found.at {beyond} %(at)s)")
    return (
        f"SELECT {_IN_ORDER} found.id AS id, found.at AS at, CAST(found.at AS CHAR) AS text, UNIX_TIMESTAMP() AS now "  # noqa: S608
        f"FROM ({select}) AS found WHERE {' AND '.join(rows)} "
        f"ORDER BY found.at{direction}, found.id{direction} LIMIT %(count)s"
    )


# What the next row of a table gets in the column that the database counts up; no row for a view. MySQL may say NULL
# for 1, and both say it for a table without such a column, so what is 1 or low says nothing before COUNTED is asked.
# The session sees to it that it is not an old one (`information_schema_stats_expiry`):
# https://dev.mysql.com/doc/refman/8.4/en/information-schema-optimization.html
COUNTER: Final = (
    "SELECT CAST(COALESCE(t.auto_increment, 1) AS UNSIGNED) AS counter FROM information_schema.tables AS t "
    "WHERE t.table_schema = DATABASE() AND t.table_name = %(table)s AND t.table_type <> 'VIEW'"
)
# A row if this is the column that the database counts up. It is a statement of its own because it takes longer than all
# else that a run asks of a small table, and few runs need it: MariaDB works out a subquery even if it is not needed.
COUNTED: Final = (
    "SELECT 1 AS counted FROM information_schema.columns AS c WHERE c.table_schema = DATABASE() "
    "AND c.table_name = %(table)s AND c.column_name = %(column)s AND c.extra LIKE '%%auto_increment%%'"
)


def _words(select: str, rows: str, *, watching: bool) -> str:
    """64 ids in one row; if the poll is watching a column, those of them with the same value in it."""
    inner, outer, group = (f", {_WATCHED} AS watched", "part.watched, ", f", {_LETTERS}") if watching else ("", "", "")
    return (
        f"SELECT {_IN_ORDER} {outer}part.id DIV 64 AS word, BIT_OR(1 << (part.id MOD 64)) AS bits, COUNT(*) AS counted "  # noqa: S608
        f"FROM (SELECT found.id{inner} FROM ({select}) AS found WHERE {rows}) AS part GROUP BY word{group}"
    )


def _ids(count: int) -> str:
    return ", ".join(f"%(id{number})s" for number in range(count))
