"""The SQL statements of a poll, built around the SELECT of the template.

That SELECT returns a column `id` without repeated ids, optionally the columns `created`, `watched`, `changed` and `at`,
and has no LIMIT. So both servers merge it into the outer SELECT, and read a range of ids, or of times, by an index. All
parameters are numbers, names of a table, or values that the database returned.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

# Without this, MySQL may read a whole range by an index on a column with few values, and sort it (skip scan): four
# times as many rows. MariaDB has no such plan, and reads this as a comment.
_IN_ORDER: Final = "/*+ SET_VAR(optimizer_switch='skip_scan=off') */"
# A text that is compared character by character, whatever type and collation the column has.
_WATCHED: Final = "CONVERT(found.watched USING utf8mb4) COLLATE utf8mb4_bin"
# This collation ignores spaces at the end, so the length is compared, too.
_LETTERS: Final = "part.watched, LENGTH(part.watched)"


def ids_page(select: str, *, bounded: bool, watching: bool = False) -> str:
    """The lowest `count` ids above `after`, up to `upto` where it is bounded, as words (id_set.Word)."""
    upto = " AND found.id <= %(upto)s" if bounded else ""
    return _words(select, f"found.id > %(after)s{upto} ORDER BY found.id LIMIT %(count)s", watching=watching)


def last_ids(select: str, *, bounded: bool = False, watching: bool = False) -> str:
    """The highest `count` positive ids, up to `upto` where it is bounded, as words (id_set.Word)."""
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
    """The first `count` rows from the row with the time `at` and the id `id` on; the last ones up to it if `backwards`.

    Without `id` the page begins with the time, and without both with the first row. Each row has its time as a text,
    too, with which the next page begins, and the present time in seconds since 1970. The condition on the time alone is
    for the index. Rows without an id, or with zero as their time, are left out.
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


# The id that a table's next row gets in its AUTO_INCREMENT column; no row for a view. MySQL may return NULL in place of
# 1, and both servers return NULL for a table without such a column. So a low value means nothing before COUNTED has
# been asked. The session makes sure that the value is not from a cache (`information_schema_stats_expiry`):
# https://dev.mysql.com/doc/refman/8.4/en/information-schema-optimization.html
COUNTER: Final = (
    "SELECT CAST(COALESCE(t.auto_increment, 1) AS UNSIGNED) AS counter FROM information_schema.tables AS t "
    "WHERE t.table_schema = DATABASE() AND t.table_name = %(table)s AND t.table_type <> 'VIEW'"
)
# A row if this is the table's AUTO_INCREMENT column. It is a statement of its own because it takes longer than
# everything else that a run asks of a small table, and few runs need it. MariaDB evaluates a subquery even if it is not
# needed.
COUNTED: Final = (
    "SELECT 1 AS counted FROM information_schema.columns AS c WHERE c.table_schema = DATABASE() "
    "AND c.table_name = %(table)s AND c.column_name = %(column)s AND c.extra LIKE '%%auto_increment%%'"
)


def _words(select: str, rows: str, *, watching: bool) -> str:
    """One row for 64 ids; if the poll is watching a column, one row for each value among them."""
    inner, outer, group = (f", {_WATCHED} AS watched", "part.watched, ", f", {_LETTERS}") if watching else ("", "", "")
    return (
        f"SELECT {_IN_ORDER} {outer}part.id DIV 64 AS word, BIT_OR(1 << (part.id MOD 64)) AS bits, COUNT(*) AS counted "  # noqa: S608
        f"FROM (SELECT found.id{inner} FROM ({select}) AS found WHERE {rows}) AS part GROUP BY word{group}"
    )


def _ids(count: int) -> str:
    return ", ".join(f"%(id{number})s" for number in range(count))
