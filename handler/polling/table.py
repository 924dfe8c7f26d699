"""The polled table, read through the replica."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from handler.errors import SourceError
from handler.model import Poll, Value
from handler.polling import look, statements
from handler.polling.id_cursor import IdCursor
from handler.polling.look import Slice
from handler.polling.seen import CHUNK, Seen, Word
from handler.ports import Database

# Of how many pieces of 65,536 ids one slice is made: each takes 8 kB of memory.
_MOST_CHUNKS: Final = 512
# Fewer ids than that in each piece, on average, are too far apart to be remembered.
_FEWEST_IDS: Final = 2
# Characters of what says when a row was created; any form of a time is shorter.
_MOST_CREATED: Final = 40


@dataclass(frozen=True, slots=True)
class Table:
    """The rows that a poll's SELECT gives."""

    database: Database
    poll: Poll

    def ids(self, after: int, upto: int | None) -> Slice:
        """look.Ids. Raises SourceError (DB_*, QUERY_*, POLL_IDS_SPARSE), ConfigError."""
        bounds: dict[str, Value] = {"after": after, "count": look.SLICE}
        if upto is not None:
            bounds["upto"] = upto
        words, rows = self._words(statements.slice_of_ids(self.poll.sql, bounded=upto is not None), bounds)
        chunks = sorted({_chunk(word) for word, _ in words})
        if upto is None:
            self._require_near(words, len(chunks))
        kept = [one for one in words if len(chunks) <= _MOST_CHUNKS or _chunk(one[0]) < chunks[_MOST_CHUNKS]]
        return Slice(Seen.of(kept), whole=len(kept) == len(words) and rows < look.SLICE)

    def now(self) -> IdCursor:
        """Return a cursor for which the rows that are there are seen, and later ones are new. Raises as `ids` does.

        Only the highest ids are remembered, at most one slice of them. A row with a lower id that is committed later is
        not found.
        """
        words, rows = self._words(statements.last_ids(self.poll.sql), {"count": look.SLICE})
        chunks = sorted({_chunk(word) for word, _ in words})
        self._require_near(words, len(chunks))
        kept = [one for one in words if _chunk(one[0]) >= chunks[-_MOST_CHUNKS:][0]]
        seen = Seen.of(kept)
        is_all = len(kept) == len(words) and rows < look.SLICE
        return IdCursor(top=seen.highest, floor=0 if is_all else next(iter(seen)) - 1, seen=seen)

    def lowest(self) -> int:
        """Return the lowest positive id; 0 if there is none. Raises as `ids` does."""
        rows = self.database.select(self.poll.database, statements.lowest_id(self.poll.sql), {}, 1)
        return int(str(rows[0]["id"])) if rows else 0

    def created(self, ids: Iterable[int]) -> dict[int, str]:
        """canaries.Created: nothing if the SELECT does not say when rows were created. Raises as `ids` does."""
        wanted = list(ids)
        if not self.poll.created or not wanted:
            return {}
        named: dict[str, Value] = {f"id{number}": id_ for number, id_ in enumerate(wanted)}
        sql = statements.created(self.poll.sql, len(wanted))
        rows = self.database.select(self.poll.database, sql, named, len(wanted))
        return {int(str(row["id"])): str(row["created"])[:_MOST_CREATED] for row in rows if row["created"] is not None}

    def counter(self) -> int | None:
        """Return the id that the table's next row gets; None if the database does not count them. Raises as `ids`."""
        if not self.poll.table:
            return None
        named: dict[str, Value] = {"table": self.poll.table, "column": self.poll.column}
        rows = self.database.select(self.poll.database, statements.COUNTER, named, 1)
        counter = rows[0]["counter"] if rows else None
        return counter if isinstance(counter, int) else None

    def _words(self, sql: str, parameters: dict[str, Value]) -> tuple[list[Word], int]:
        """Return some ids as words, and how many rows they came from: more than ids, if the SELECT repeats an id."""
        found = self.database.select(self.poll.database, sql, parameters, look.SLICE)
        words = [(row["word"], row["bits"]) for row in found]
        pairs = [(word, bits) for word, bits in words if isinstance(word, int) and isinstance(bits, int)]
        if len(pairs) < len(words):
            raise SourceError("QUERY_INVALID", f"{self.poll.where}: `id` is not a whole number")
        return pairs, sum(int(str(row["counted"])) for row in found)

    def _require_near(self, words: Sequence[Word], chunks: int) -> None:
        ids = sum(bits.bit_count() for _, bits in words)
        if chunks > _MOST_CHUNKS and ids < _FEWEST_IDS * chunks:
            raise SourceError("POLL_IDS_SPARSE", f"{self.poll.where}: {ids} ids in {chunks} x {CHUNK}")


def _chunk(word: int) -> int:
    return word * 64 // CHUNK
