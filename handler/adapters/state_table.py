"""The table in which deliveries are remembered: items of DynamoDB that are only ever swapped.

A write that is repeated because its answer was lost finds the item that it wrote itself. It is known again by
`written_by`, which is different for each write: two workers may well write the same values at the same time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final
from uuid import uuid4

from handler import aws
from handler.delivery.item import Item
from handler.errors import ConfigError

# The names of what is no value. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
PARTITION: Final = "pk"
SORT: Final = "sk"
REVISION: Final = "revision"
EXPIRY: Final = "expires_at"
WRITER: Final = "written_by"
_OWN: Final = frozenset({PARTITION, SORT, REVISION, EXPIRY, WRITER})

# TTL deletes within days, so what has expired is looked for. What was deleted before it was swapped does not come back.
_FIRST: Final = f"attribute_not_exists({PARTITION}) OR {EXPIRY} <= :now"
_NEXT: Final = f"attribute_not_exists({PARTITION}) OR {REVISION} = :before"
_REFUSED: Final = "ConditionalCheckFailedException"

# As DynamoDB writes a value: {"S": "text"} or {"N": "1.5"}.
Attribute = Mapping[str, str]


class StateTable:
    """ports.Store and ports.Shelf over DynamoDB. For several threads.

    An item has `pk`, `sk`, `revision`, `expires_at` (the attribute for TTL) and `written_by`; its values stand beside
    them, as texts and numbers.
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
        standing = self._put({**_attributes(item), WRITER: {"S": writer}}, self._condition(item))
        return None if standing is None or standing.get(WRITER) == {"S": writer} else _item(standing)

    def items(self, partition: str) -> list[Item]:
        """Return the items of a partition as they are now, in the order of `sk`.

        Raises ConfigError (LEDGER_UNAVAILABLE).
        """
        try:
            found = [_item(attributes) for attributes in self._query(partition)]
        except aws.failures() as error:
            raise _unavailable(error) from None
        return [item for item in found if item.expires_at > self._now()]

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
                KeyConditionExpression=f"{PARTITION} = :partition",
                ExpressionAttributeValues={":partition": {"S": partition}},
                ConsistentRead=True,
                **start,
            )
            yield from page["Items"]
            if not page.get("LastEvaluatedKey"):
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    @cached_property
    def _client(self) -> Any:
        return aws.client("dynamodb")


def _attributes(item: Item) -> dict[str, Attribute]:
    own = {PARTITION: {"S": item.partition}, SORT: {"S": item.sort}}
    counted = {REVISION: _number(item.revision), EXPIRY: _number(item.expires_at)}
    values = {name: {"S": value} if isinstance(value, str) else _number(value) for name, value in item.values.items()}
    return {**values, **own, **counted}


def _item(attributes: Mapping[str, Attribute]) -> Item:
    """Read an item. A value that is neither a text nor a number is none of ours, and is left out."""
    read = {name: _value(attribute) for name, attribute in attributes.items() if attribute.keys() & {"S", "N"}}
    values = {name: value for name, value in read.items() if name not in _OWN}
    return Item(str(read[PARTITION]), str(read[SORT]), values, int(read.get(EXPIRY, 0)), int(read.get(REVISION, 0)))


def _value(attribute: Attribute) -> str | float:
    if "S" in attribute:
        return attribute["S"]
    text = attribute["N"]
    return int(text) if text.removeprefix("-").isdigit() else float(text)


def _number(value: float) -> Attribute:
    # The shortest text that reads as this number: of at most 17 digits, where DynamoDB keeps 38.
    return {"N": repr(value)}


def _unavailable(error: BaseException) -> ConfigError:
    return ConfigError("LEDGER_UNAVAILABLE", aws.reason(error))
