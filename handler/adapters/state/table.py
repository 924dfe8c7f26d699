"""The state table in DynamoDB. Every write is a compare-and-swap on an item's revision.

The SDK repeats a write whose answer was lost, and the second attempt then finds the item that the first one wrote. It
recognises the item by `written_by`, which is different for each write: two workers may write the same values at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final
from uuid import uuid4

from handler import aws
from handler.errors import ConfigError
from handler.state_item import Envelope, Item

_RESERVED: Final = frozenset(
    {Envelope.PARTITION, Envelope.SORT, Envelope.REVISION, Envelope.EXPIRES_AT, Envelope.WRITTEN_BY}
)

# DynamoDB deletes expired items only within days, so the condition checks the expiry. An item that was deleted before
# the swap does not conflict with it.
_IF_ABSENT: Final = f"attribute_not_exists({Envelope.PARTITION}) OR {Envelope.EXPIRES_AT} <= :now"
_IF_UNCHANGED: Final = f"attribute_not_exists({Envelope.PARTITION}) OR {Envelope.REVISION} = :before"
_CONDITION_FAILED: Final = "ConditionalCheckFailedException"

# The most keys in one request:
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
_MAX_KEYS: Final = 100
# How many requests are made for the keys that DynamoDB left unprocessed.
_MAX_ROUNDS: Final = 5

# A value in DynamoDB's format: {"S": "text"}, {"N": "1.5"} or {"B": b"bytes"}.
Attribute = Mapping[str, Any]


class StateTable:
    """ports.StateTable over DynamoDB. Thread-safe.

    An item has `pk`, `sk`, `revision`, `expires_at` (the TTL attribute) and `written_by`. Its values are further
    attributes: texts, numbers and bytes. An item that never expires has no `expires_at`.
    """

    def __init__(self, name: str, now: Callable[[], float] = time.time) -> None:
        """`name` is the name of the table; `now` returns the Unix time."""
        self._name = name
        self._now = now

    def swap(self, item: Item) -> Item | None:
        """Write revision n of an item if the table has revision n-1, or revision 1 if the table does not have the item.

        An expired item counts as absent, and so does one that was deleted since it was read. Return None if the item is
        written, else the existing item. Raises ConfigError (LEDGER_UNAVAILABLE); the item may be written even then.
        """
        writer = uuid4().hex
        existing = self._put({**to_attributes(item), Envelope.WRITTEN_BY: {"S": writer}}, self._condition(item))
        return (
            None
            if existing is None or existing.get(Envelope.WRITTEN_BY) == {"S": writer}
            else from_attributes(existing)
        )

    def items(self, partition: str) -> list[Item]:
        """Return the current items of a partition, sorted by `sk` (a consistent read).

        Raises ConfigError (LEDGER_UNAVAILABLE).
        """
        try:
            found = [from_attributes(attributes) for attributes in self._query(partition)]
        except aws.failures() as error:
            raise _unavailable(error) from None
        return [item for item in found if self._is_live(item)]

    def get(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        """Return the items with these `pk` and `sk` that exist now, in any order.

        Raises ConfigError (LEDGER_UNAVAILABLE).
        """
        try:
            parts = [self._batch(keys[start : start + _MAX_KEYS]) for start in range(0, len(keys), _MAX_KEYS)]
        except aws.failures() as error:
            raise _unavailable(error) from None
        return [item for part in parts for item in part if self._is_live(item)]

    def _is_live(self, item: Item) -> bool:
        return item.expires_at == 0 or item.expires_at > self._now()

    def _condition(self, item: Item) -> dict[str, Any]:
        if item.revision > 1:
            return {
                "ConditionExpression": _IF_UNCHANGED,
                "ExpressionAttributeValues": {":before": _number(item.revision - 1)},
            }
        return {"ConditionExpression": _IF_ABSENT, "ExpressionAttributeValues": {":now": _number(int(self._now()))}}

    def _put(self, attributes: Mapping[str, Attribute], condition: Mapping[str, Any]) -> Mapping[str, Attribute] | None:
        """Write under a condition. If it fails, return the existing item, else None."""
        try:
            self._client.put_item(
                TableName=self._name, Item=attributes, ReturnValuesOnConditionCheckFailure="ALL_OLD", **condition
            )
        except aws.failures() as error:
            if aws.reason(error) != _CONDITION_FAILED:
                raise _unavailable(error) from None
            existing: Mapping[str, Attribute] = getattr(error, "response", {}).get("Item") or {}
            if not existing:
                raise ConfigError("LEDGER_UNAVAILABLE", f"{_CONDITION_FAILED} without the item") from None
            return existing
        return None

    def _query(self, partition: str) -> Iterator[Mapping[str, Attribute]]:
        start: dict[str, Any] = {}
        while True:
            page = self._client.query(
                TableName=self._name,
                KeyConditionExpression=f"{Envelope.PARTITION} = :partition",
                ExpressionAttributeValues={":partition": {"S": partition}},
                ConsistentRead=True,
                **start,
            )
            yield from page.get("Items", ())
            if not page.get("LastEvaluatedKey"):
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _batch(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        named = [{Envelope.PARTITION: {"S": partition}, Envelope.SORT: {"S": sort}} for partition, sort in keys]
        asked: Any = {self._name: {"Keys": named, "ConsistentRead": True}}
        found: list[Item] = []
        for _ in range(_MAX_ROUNDS):
            answer = self._client.batch_get_item(RequestItems=asked)
            found += [from_attributes(attributes) for attributes in answer["Responses"].get(self._name, ())]
            asked = answer.get("UnprocessedKeys")
            if not asked:
                return found
        raise ConfigError("LEDGER_UNAVAILABLE", f"DynamoDB left out items {_MAX_ROUNDS} times")

    @cached_property
    def _client(self) -> Any:
        return aws.client("dynamodb")


def to_attributes(item: Item) -> dict[str, Attribute]:
    """Return the item's attributes in DynamoDB's format."""
    own = {Envelope.PARTITION: {"S": item.partition}, Envelope.SORT: {"S": item.sort}}
    counted = {Envelope.REVISION: _number(item.revision)}
    if item.expires_at:
        counted[Envelope.EXPIRES_AT] = _number(item.expires_at)
    return {**{name: _attribute(value) for name, value in item.values.items()}, **own, **counted}


def _attribute(value: str | float | bytes) -> Attribute:
    match value:
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}
        case _:
            return _number(value)


def from_attributes(attributes: Mapping[str, Attribute]) -> Item:
    """Read an item. Values of other types are ignored."""
    read = {name: _value(attribute) for name, attribute in attributes.items() if attribute.keys() & {"S", "N", "B"}}
    values = {name: value for name, value in read.items() if name not in _RESERVED}
    return Item(
        str(read[Envelope.PARTITION]),
        str(read[Envelope.SORT]),
        values,
        int(read.get(Envelope.EXPIRES_AT, 0)),
        int(read.get(Envelope.REVISION, 0)),
    )


def _value(attribute: Attribute) -> str | float | bytes:
    if "S" in attribute:
        return str(attribute["S"])
    if "B" in attribute:
        return bytes(attribute["B"])
    text = str(attribute["N"])
    return int(text) if text.removeprefix("-").isdigit() else float(text)


def _number(value: float) -> Attribute:
    # The shortest text that reads as this number has at most 17 digits; DynamoDB keeps 38.
    return {"N": repr(value)}


def _unavailable(error: BaseException) -> ConfigError:
    return ConfigError("LEDGER_UNAVAILABLE", aws.reason(error))
