"""The time column of a poll, as the database describes it: its type, what sets it, and its indexes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Final

from handler.errors import SourceError
from handler.frozen import frozen
from handler.health.asking import Asking
from handler.health.plans import Fault, Order
from handler.model import Poll

_TIMES: Final = ("datetime", "timestamp")
# Types of whole numbers that can hold seconds since 1970.
_NUMBERS: Final = ("int", "bigint")

_COLUMN: Final = (
    "SELECT t.table_type AS kind, c.data_type AS type, c.column_type AS written, c.column_default AS standard, "
    "c.extra AS extra FROM information_schema.tables AS t "
    "JOIN information_schema.columns AS c ON c.table_schema = t.table_schema AND c.table_name = t.table_name "
    "WHERE t.table_schema = DATABASE() AND t.table_name = %(table)s AND c.column_name = %(column)s"
)
_INDEXES: Final = (
    "SELECT s.index_name AS name, s.column_name AS part, s.sub_part AS cut FROM information_schema.statistics AS s "
    "WHERE s.table_schema = DATABASE() AND s.table_name = %(table)s ORDER BY s.index_name, s.seq_in_index"
)
# The definition is empty for an account without SHOW VIEW.
_VIEW: Final = (
    "SELECT v.view_definition AS sql_text FROM information_schema.views AS v "
    "WHERE v.table_schema = DATABASE() AND v.table_name = %(table)s"
)
_NAMED: Final = "poll a view made with FROM <table> FORCE INDEX (<the index of the time>)"
_AS_STORED: Final = "which helps only if the view gives both as they are stored, without a function around them"
_COMPARED: Final = "the columns that WHERE compares by ="
_STORED: Final = (
    "let the view give the column as it is stored: in place of DATE(at), UNIX_TIMESTAMP(at) or at + INTERVAL just at, "
    "with its index; `tz=` in Databases says its zone"
)
# Between the tables of a join.
_JOINED: Final = re.compile(r"\bJOIN\b|,", re.IGNORECASE)
_TABLES: Final = re.compile(r"\bFROM\b(.*?)(?:\bWHERE\b|$)", re.IGNORECASE | re.DOTALL)


@frozen
class TimeColumn:
    """What is known about the column. `kind` is the type of its table, and empty if nothing is known.

    `indexes` has the columns of each index in order; a column that is indexed only in part is an empty text there.
    `view` is the SELECT of a view, if it is shown.
    """

    poll: Poll
    kind: str = ""
    type: str = ""
    written: str = ""
    default: str = ""
    extra: str = ""
    indexes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    view: str = ""

    @property
    def wrong_type(self) -> Fault | None:
        """Why no poll can use the column; None if one can."""
        if not self.type or self.type in (*_TIMES, *_NUMBERS):
            return None
        why = "all rows of a day have the same time" if self.type == "date" else "that is no time to go by"
        cause = f"`{self.poll.at}` is a column of the type {self.written}: {why}"
        return Fault(cause, "select a DATETIME, a TIMESTAMP, or whole seconds or milliseconds since 1970 (BIGINT)")

    @property
    def has_no_zone(self) -> bool:
        """Whether its values have no time zone, so that their meaning depends on `tz=`."""
        return self.type == "datetime"

    @property
    def changes(self) -> bool:
        """Whether each UPDATE of a row sets the column."""
        return "on update" in self.extra

    @property
    def setter(self) -> str:
        """The text that says which clock sets the column; empty if that is unknown."""
        if self.kind != "BASE TABLE":
            return ""
        name = f"`{self.poll.at}`"
        if "generated" in self.extra.replace("default_generated", ""):
            return f"{name} is worked out by the table"
        if self.changes or re.match(r"(current_timestamp|now)\b", self.default):
            return f"the primary's clock sets {name}, unless a statement does"
        return f"the writer of a row sets {name}: an application with its own clock, which may be late"

    @property
    def any_row(self) -> str:
        """A SELECT for one row, with or without a time."""
        return f"SELECT 1 AS one FROM {self._source} LIMIT 1"  # noqa: S608

    @property
    def any_time(self) -> str:
        """A SELECT for one row with a time."""
        name = _quoted(self.poll.at) if self.kind else "found.at"
        return f"SELECT 1 AS one FROM {self._source} WHERE {name} > 0 LIMIT 1"  # noqa: S608

    @property
    def _source(self) -> str:
        return _quoted(self.poll.table) if self.kind else f"({self.poll.sql}) AS found"

    # ---- Indexes ----

    @property
    def fault(self) -> Fault | None:
        """Why no index of the table has the rows in the order of their times; None if one has."""
        table, at = self.poll.table, self.poll.at
        if self._is_worked_out(at):
            cause = f"`{at}` is worked out in the view {table}, so that no index of its table can be used"
            return Fault(cause, _STORED)
        if self.kind == "BASE TABLE" and not any(parts[0] == at.lower() for parts in self.indexes.values()):
            order = self.order
            remedy = order.with_condition if self._has_condition else order.index
            return Fault(f"no index of {table} begins with `{at}`", remedy)
        return None

    @property
    def order(self) -> Order:
        """The order of the rows: by time, and by id if times are equal."""
        table, at, id_ = self.poll.table, self.poll.at, self.poll.column
        if not id_ or self._is_worked_out(id_):
            index = with_condition = _sorted_ids(at)
        elif self.kind != "BASE TABLE":
            index = (
                f"add an index on the time and then the id to its table, {_AS_STORED}; or, if there is one, {_NAMED}"
            )
            with_condition = f"add an index on {_COMPARED}, then the time and the id, to its table; or {_NAMED}"
        else:
            name = self._fitting()
            index = f"the index {name} would do: {_NAMED}" if name else f"add an index on {table} ({at}, {id_})"
            compared = f"add an index on {table} with {_COMPARED} first, and then {at}, {id_}; or {_NAMED}"
            with_condition = compared if self._has_condition else index
        return Order("rows", "however early their times", "row that is found", index, with_condition)

    @property
    def _has_condition(self) -> bool:
        return re.search(r"\bWHERE\b", self.poll.sql, re.IGNORECASE) is not None

    def _fitting(self) -> str:
        """Return the index with the rows in order. InnoDB appends the primary key to every other index."""
        wanted = (self.poll.at.lower(), self.poll.column.lower())
        primary = self.indexes.get("primary", ())
        return next((name for name, parts in self.indexes.items() if (*parts, *primary)[:2] == wanted), "")

    def _is_worked_out(self, column: str) -> bool:
        """Whether a view computes the column. The server writes a stored one as `schema`.`table`.`column` AS `name`."""
        name = f" AS `{re.escape(column)}`"
        if not re.search(name, self.view, re.IGNORECASE):
            return False
        stored = rf"(?:\bselect |,)(?:(?:`[^`]+`\.)*`[^`]+`){name}"
        return not re.search(stored, self.view, re.IGNORECASE)


def _quoted(name: str) -> str:
    """Return a name quoted for PyMySQL."""
    escaped = name.replace("`", "``").replace("%", "%%")
    return f"`{escaped}`"


def _sorted_ids(at: str) -> str:
    return (
        f"`id` is worked out, so that rows are sorted by it: have an index that begins with {at}, and write into WHERE "
        f"from when on rows count, such as {at} >= '2026-01-01'; or poll an id that is stored"
    )


def read(asking: Asking, poll: Poll) -> TimeColumn:
    """Return what the database says about the column; nothing is known if it refuses, or if the SELECT joins tables."""
    unknown = TimeColumn(poll)
    tables = _TABLES.search(poll.sql)
    if not poll.table or (tables and _JOINED.search(tables[1])):
        return unknown
    try:
        rows = asking.select(_COLUMN, {"table": poll.table, "column": poll.at})
        if not rows:
            return unknown
        described = {name: str(value or "") for name, value in rows[0].items()}
        indexes: dict[str, tuple[str, ...]] = {}
        for row in asking.select(_INDEXES, {"table": poll.table}):
            name, part = str(row["name"]).lower(), "" if row["cut"] else str(row["part"] or "").lower()
            indexes[name] = (*indexes.get(name, ()), part)
        views = asking.select(_VIEW, {"table": poll.table}) if described["kind"] == "VIEW" else []
    except SourceError:
        return unknown
    return TimeColumn(
        poll,
        described["kind"],
        described["type"].lower(),
        described["written"],
        described["standard"].lower(),
        described["extra"].lower(),
        indexes,
        str(views[0]["sql_text"] or "") if views else "",
    )
