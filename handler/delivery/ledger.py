"""The records of all deliveries, in the state table. A delivery that goes well makes two writes and no read."""

from __future__ import annotations

from handler.delivery.records import DeliveryKey, DeliveryRecord, StoredRecord, decode, encode
from handler.ports import StateTable


class ConflictError(Exception):
    """Another worker wrote first; `stored` is what it wrote."""

    def __init__(self, stored: StoredRecord) -> None:
        super().__init__(stored.record.phase)
        self.stored = stored


class Ledger:
    """Reads and writes records. For several threads."""

    def __init__(self, table: StateTable) -> None:
        self._table = table

    def write(self, key: DeliveryKey, record: DeliveryRecord, over: StoredRecord | None) -> StoredRecord:
        """Replace `over` by a record; None replaces nothing.

        Raises ConflictError, ConfigError (LEDGER_UNAVAILABLE).
        """
        item = encode(key, record).following(over.item if over else None)
        if (standing := self._table.swap(item)) is not None:
            raise ConflictError(StoredRecord(decode(standing), standing))
        return StoredRecord(record, item)

    def of_event(self, event: str) -> dict[DeliveryKey, StoredRecord]:
        """Return all records of an event. Raises ConfigError (LEDGER_UNAVAILABLE)."""
        items = self._table.items(DeliveryKey(event, "", "").partition)
        return {DeliveryKey.of(item): StoredRecord(decode(item), item) for item in items}
