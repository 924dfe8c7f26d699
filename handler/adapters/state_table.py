"""The table in which deliveries are remembered: items of DynamoDB that are only ever swapped.

A write that is repeated because its answer was lost finds the item that it wrote itself. It is known again by
`written_by`, which is different for each write: two workers may well write the same values at the same time.
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

_OWN: Final = frozenset(
    {Envelope.PARTITION, Envelope.SORT, Envelope.REVISION, Envelope.EXPIRES_AT, Envelope.WRITTEN_BY}
)

# TTL deletes within days, so what has expired is looked for. What was deleted before it was swapped does not come back.
_FIRST: Final = f"attribute_not_exists({Envelope.PARTITION}) OR {Envelope.EXPIRES_AT} <= :now"
_NEXT: Final = f"attribute_not_exists({Envelope.PARTITION}) OR {Envelope.REVISION} = :before"
_REFUSED: Final = "ConditionalCheckFailedException"

# DynamoDB returns at most so many items for one list of keys:
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
_KEYS: Final = 100
# How often a list of keys is asked for again, of which DynamoDB has left some out.
_ROUNDS: Final = 5

# As DynamoDB writes a value: {"S": "text"}, {"N": "1.5"} or {"B": b"bytes"}.
Attribute = Mapping[str, Any]


class StateTable:
    """ports.StateTable over DynamoDB. For several threads.

    An item has `pk`, `sk`, `revision`, `expires_at` (the attribute for TTL) and `written_by`; its values stand beside
    them, as texts, numbers and bytes. An item that never expires has no `expires_at`.
    """

    def __init__(self, name: str, now: Callable[[], float] = time.time) -> None:
        """`name` is the table's; `now` gives the Unix time."""
        self._name = name
        self._now = now

    def swap(self, item: Item) -> Item | None:
        """Write an item where the one before it stands: revision n where n-1 does, 1 where nothing does.

        What has expired counts as nothing, and so does what was deleted since it was read. Return None if the item is
        written, else what stands there. Raises ConfigError (LEDGER_UNAVAILABLE); it may be written even then.
        """
        writer = uuid4().hex
        standing = self._put({**written(item), Envelope.WRITTEN_BY: {"S": writer}}, self._condition(item))
        return None if standing is None or standing.get(Envelope.WRITTEN_BY) == {"S": writer} else read_item(standing)

    def items(self, partition: str) -> list[Item]:
        """Return the items of a partition as they are now, in the order of `sk`.

        Raises ConfigError (LEDGER_UNAVAILABLE).
        """
        try:
            found = [read_item(attributes) for attributes in self._query(partition)]
        except aws.failures() as error:
            raise _unavailable(error) from None
        return [item for item in found if self._is_there(item)]

    def get(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        """Return those of the items with these `pk` and `sk` that are there now, in any order.

        Raises ConfigError (LEDGER_UNAVAILABLE).
        """
        try:
            parts = [self._batch(keys[start : start + _KEYS]) for start in range(0, len(keys), _KEYS)]
        except aws.failures() as error:
            raise _unavailable(error) from None
        return [item for part in parts for item in part if self._is_there(item)]

    def _is_there(self, item: Item) -> bool:
        return item.expires_at == 0 or item.expires_at > self._now()

    def _condition(self, item: Item) -> dict[str, Any]:
        if item.revision > 1:
            return {"ConditionExpression": _NEXT, "ExpressionAttributeValues": {":before": _number(item.revision - 1)}}
        return {"ConditionExpression": _FIRST, "ExpressionAttributeValues": {":now": _number(int(self._now()))}}

    def _put(self, attributes: Mapping[str, Attribute], condition: Mapping[str, Any]) -> Mapping[str, Attribute] | None:
        """Write under a condition; return the item for which it does not hold."""
        try:
            self._client.put_item(
                TableName=self._name, Item=attributes, ReturnValuesOnConditionCheckFailure="ALL_OLD", **condition
            )
        except aws.failures() as error:
            if aws.reason(error) != _REFUSED:
                raise _unavailable(error) from None
            standing: Mapping[str, Attribute] = getattr(error, "response", {}).get("Item") or {}
            if not standing:
                raise ConfigError("LEDGER_UNAVAILABLE", f"{_REFUSED} without the item") from None
            return standing
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
        for _ in range(_ROUNDS):
            answer = self._client.batch_get_item(RequestItems=asked)
            found += [read_item(attributes) for attributes in answer["Responses"].get(self._name, ())]
            asked = answer.get("UnprocessedKeys")
            if not asked:
                return found
        raise ConfigError("LEDGER_UNAVAILABLE", f"DynamoDB left out items {_ROUNDS} times")

    @cached_property
    def _client(self) -> Any:
        return aws.client("dynamodb")


def written(item: Item) -> dict[str, Attribute]:
    """Return an item as DynamoDB writes it."""
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


def read_item(attributes: Mapping[str, Attribute]) -> Item:
    """Read an item. A value of another type is none of ours, and is left out."""
    read = {name: _value(attribute) for name, attribute in attributes.items() if attribute.keys() & {"S", "N", "B"}}
    values = {name: value for name, value in read.items() if name not in _OWN}
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
    # The shortest text that reads as this number: of at most 17 digits, where DynamoDB keeps 38.
    return {"N": repr(value)}


def _unavailable(error: BaseException) -> ConfigError:
    return ConfigError("LEDGER_UNAVAILABLE", aws.reason(error))
