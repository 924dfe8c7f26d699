"""The rows that a poll's SELECT returns, read from the replica."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from handler.errors import SourceError
from handler.frozen import frozen
from handler.model import Poll, Row, Value
from handler.polling import id_cursor, id_scan, statements, time_pages
from handler.polling.id_cursor import IdCursor
from handler.polling.id_scan import IdPage
from handler.polling.id_set import CHUNK, Word
from handler.polling.id_values import MAX_VALUES, UNKNOWN, IdValues, WatchedValue
from handler.polling.replica_lag import RowVersion
from handler.polling.time_cursor import StartPosition
from handler.polling.time_scan import TimePage
from handler.ports import Database

# Chunks of one page. Each takes 8 kB of memory.
_MAX_PAGE_CHUNKS: Final = 512
# With fewer ids per chunk, on average, the ids are too sparse to be remembered.
_MIN_IDS_PER_CHUNK: Final = 2
# Pages of rows that may have been created before the start of a poll, with ids above the first row after it.
_MAX_EARLIER_PAGES: Final = 20
# Characters of a row's creation time. Any form of a time is shorter.
_MAX_CREATED_LENGTH: Final = 40
# Characters of a value of the watched column.
MAX_WATCHED_LENGTH: Final = 40
# Ids that one SELECT lists.
_IDS_PER_SELECT: Final = 500


@frozen
class Table:
    """The rows that a poll's SELECT returns."""

    database: Database
    poll: Poll

    def ids(self, after: int, upto: int | None) -> IdPage:
        """As id_scan.ReadIds. Raises SourceError (DB_*, QUERY_*, POLL_IDS_SPARSE, POLL_VALUES_UNFIT), ConfigError."""
        bounds: dict[str, Value] = {"after": after} if upto is None else {"after": after, "upto": upto}
        sql = statements.ids_page(self.poll.sql, bounded=upto is not None, watching=self.poll.is_watching)
        read = self._read(sql, bounds)
        if upto is None:
            self._require_near(read)
        return read.lowest()

    def cursor_at_end(self, in_time: Callable[[], bool], upto: int | None = None) -> IdCursor:
        """Return a cursor that counts the present rows as seen and later ones as new. Raises as `ids` does.

        Rows with ids above `upto` are new, too. Only the highest ids are remembered: one page of them, or up to
        WATCH_PAGES, while there is time, for a poll that watches a column. A row with a lower id that is committed
        later is not found.
        """
        read = self._last({} if upto is None else {"upto": upto})
        self._require_near(read)
        part = read.highest()
        values, lowest = part.ids, next(iter(part.ids), 0)
        for _ in range(id_scan.WATCH_PAGES - 1 if self.poll.is_watching else 0):
            if part.complete or not in_time() or len(values.chunks) > id_cursor.MAX_CHUNKS:
                break
            part = self._last({"upto": lowest - 1}).highest()
            values, lowest = values | part.ids, next(iter(part.ids), lowest)
        return IdCursor(top=upto or values.highest, floor=0 if part.complete else lowest - 1, seen=values)

    def cursor_since(self, start: float, in_time: Callable[[], bool]) -> IdCursor:
        """Return a cursor that counts the rows that were created since `start`, a Unix time, as new and others as seen.

        Ids follow the time of creation only roughly. The table is read from the lowest id of the new rows on; rows
        above it that were created before `start` count as seen. A row that is not visible yet is new, whenever it was
        created, if its id is at least among those that `cursor_at_end` remembers. Raises as `ids` does.
        """
        moment: dict[str, Value] = {"since": datetime.fromtimestamp(start, UTC)}
        found = self.database.select(self.poll.database, statements.first_since(self.poll.sql), moment, 1)
        if not found:
            return self.cursor_at_end(in_time)
        first = int(str(found[0]["id"]))
        cursor, after = self.cursor_at_end(in_time, first - 1), first
        sql = statements.ids_before(self.poll.sql, watching=self.poll.is_watching)
        for _ in range(_MAX_EARLIER_PAGES):
            before = self._read(sql, {**moment, "after": after}).lowest()
            cursor = replace(cursor, seen=cursor.seen | before.ids)
            if before.complete:
                return cursor
            after = before.ids.highest
        many = f"{self.poll.where}: the ids of too many rows that were created before `start` are above {first}"
        raise SourceError("QUERY_INVALID", many)

    def lowest(self) -> int:
        """Return the lowest positive id; 0 if there is none. Raises as `ids` does."""
        rows = self.database.select(self.poll.database, statements.lowest_id(self.poll.sql), {}, 1)
        return int(str(rows[0]["id"])) if rows else 0

    def created(self, ids: Iterable[int]) -> dict[int, str]:
        """As id_reuse.Created; empty if the SELECT does not return when rows were created. Raises as `ids` does."""
        rows = self._named(statements.created, ids) if self.poll.created else ()
        created = {int(str(row["id"])): row["created"] for row in rows}
        return {id_: str(at)[:_MAX_CREATED_LENGTH] for id_, at in created.items() if at is not None}

    def changed(self, ids: Iterable[int]) -> dict[int, RowVersion]:
        """Return the present values of these rows, and when each was changed; a deleted row is missing.

        Raises as `ids` does, and SourceError (QUERY_INVALID) if `changed` is neither a time nor a number.
        """
        rows = self._named(statements.changed, ids)
        return {int(str(row["id"])): RowVersion(self._watched(row), self._moment(row["changed"])) for row in rows}

    def page(self, begin: StartPosition | None, *, backwards: bool = False) -> TimePage:
        """As time_scan.ReadTimePage. Raises SourceError (DB_*, QUERY_*), ConfigError."""
        return time_pages.page(self.database, self.poll, begin, backwards=backwards)

    def low_counter(self, top: int) -> int | None:
        """Return the id of the table's next row if it is not above `top`, else None. Raises as `ids` does.

        Returns None, too, if the database does not count the ids up.
        """
        if not self.poll.table:
            return None
        rows = self.database.select(self.poll.database, statements.COUNTER, {"table": self.poll.table}, 1)
        counter = rows[0]["counter"] if rows else None
        return counter if isinstance(counter, int) and counter <= top and self.has_counter() else None

    def has_counter(self) -> bool:
        """Whether the database counts the ids up. Raises as `ids` does."""
        named: dict[str, Value] = {"table": self.poll.table, "column": self.poll.column}
        return bool(self.poll.table and self.database.select(self.poll.database, statements.COUNTED, named, 1))

    def _last(self, bounds: dict[str, Value]) -> _Read:
        sql = statements.last_ids(self.poll.sql, bounded=bool(bounds), watching=self.poll.is_watching)
        return self._read(sql, bounds)

    def _read(self, sql: str, bounds: Mapping[str, Value]) -> _Read:
        found = self.database.select(self.poll.database, sql, {**bounds, "count": id_scan.PAGE_SIZE}, id_scan.PAGE_SIZE)
        words: list[tuple[WatchedValue, Word]] = []
        together: dict[int, int] = {}
        for row in found:
            word, bits = row["word"], row["bits"]
            if not isinstance(word, int) or not isinstance(bits, int):
                raise SourceError("QUERY_INVALID", f"{self.poll.where}: `id` is not a whole number")
            if together.get(word, 0) & bits:
                raise SourceError("QUERY_INVALID", f"{self.poll.where}: an id comes twice, with different values")
            together[word] = together.get(word, 0) | bits
            words.append((self._watched(row) if self.poll.is_watching else UNKNOWN, (word, bits)))
        if len({value for value, _ in words}) > MAX_VALUES:
            raise SourceError("POLL_VALUES_UNFIT", f"{self.poll.where}: there are more than {MAX_VALUES} values")
        # There are more rows than ids if the SELECT repeats an id.
        return _Read(words, is_all=sum(int(str(row["counted"])) for row in found) < id_scan.PAGE_SIZE)

    def _named(self, statement: Callable[[str, int], str], ids: Iterable[int]) -> Iterator[Row]:
        wanted = list(ids)
        for start in range(0, len(wanted), _IDS_PER_SELECT):
            some = wanted[start : start + _IDS_PER_SELECT]
            named: dict[str, Value] = {f"id{number}": id_ for number, id_ in enumerate(some)}
            yield from self.database.select(self.poll.database, statement(self.poll.sql, len(some)), named, len(some))

    def _watched(self, row: Row) -> WatchedValue:
        value = row["watched"]
        if value is None:
            return None
        text = str(value)
        if len(text) > MAX_WATCHED_LENGTH or not text.isprintable():
            unprintable = "one that cannot be printed, as BIT(1), a line break and a full-width space have"
            unfit = f"a value has more than {MAX_WATCHED_LENGTH} characters, or {unprintable}"
            raise SourceError("POLL_VALUES_UNFIT", f"{self.poll.where}: {unfit}")
        return text

    def _moment(self, value: Value) -> float:
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return float(value)
        if value is None:
            return 0.0
        raise SourceError("QUERY_INVALID", f"{self.poll.where}: `changed` is neither a time nor a number")

    def _require_near(self, read: _Read) -> None:
        ids, chunks = sum(bits.bit_count() for _, (_, bits) in read.words), len({*read.chunks})
        if chunks > _MAX_PAGE_CHUNKS and ids < _MIN_IDS_PER_CHUNK * chunks:
            raise SourceError("POLL_IDS_SPARSE", f"{self.poll.where}: {ids} ids in {chunks} x {CHUNK}")


class _Read(NamedTuple):
    """The result of one SELECT. `is_all` says whether it has all rows."""

    words: Sequence[tuple[WatchedValue, Word]]
    is_all: bool

    @property
    def chunks(self) -> list[int]:
        """The chunks of each value, so a chunk may occur more than once."""
        return [chunk for chunk, _ in {(_chunk(word), value) for value, (word, _) in self.words}]

    def lowest(self) -> IdPage:
        """The lowest ids, as many as there is memory for."""
        return self._fitting(sorted(Counter(self.chunks).items()))

    def highest(self) -> IdPage:
        """The highest ids, as many as there is memory for."""
        return self._fitting(sorted(Counter(self.chunks).items(), reverse=True))

    def _fitting(self, counts: Sequence[tuple[int, int]]) -> IdPage:
        left = _MAX_PAGE_CHUNKS
        kept: set[int] = set()
        for chunk, count in counts:
            left -= count
            if kept and left < 0:
                break
            kept.add(chunk)
        words = [one for one in self.words if _chunk(one[1][0]) in kept]
        return IdPage(IdValues.of(words), complete=self.is_all and len(words) == len(self.words))


def _chunk(word: int) -> int:
    return word * 64 // CHUNK
