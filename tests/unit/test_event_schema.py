"""The published event contract says what the function does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from handler.errors import EventError
from handler.model import Record
from handler.stages.parse import parse

SCHEMA = json.loads(Path("docs/event.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)

ACCEPTED: list[dict[str, Any]] = [
    *SCHEMA["examples"],
    {"type": "a", "id": 0},
    {"type": "a_b.c1.d", "id": -5},
    {"type": "a", "id": 2**64 - 1},
    {"type": "a", "id": "x" * 200},
    {"type": "a" * 128, "id": 1},
    {"type": "a", "id": 1, "event_id": "x", "version": "2026-01", "occurred_at": "2026-01-05T19:00:00+09:00"},
    {"type": "a", "id": 1, "event_id": None, "version": None, "occurred_at": None, "data": None},
    {"type": "a", "id": 1, "data": {"deep": [{"er": 1.5}]}, "not in the contract": True},
]
REFUSED: list[Any] = [
    [],
    "a",
    None,
    {"type": "a"},
    {"type": "A", "id": 1},
    {"type": "a..b", "id": 1},
    {"type": ".a", "id": 1},
    {"type": "../a", "id": 1},
    {"type": "a" * 129, "id": 1},
    {"type": 5, "id": 1},
    {"type": "a", "id": None},
    {"type": "a", "id": True},
    {"type": "a", "id": 1.5},
    {"type": "a", "id": [1]},
    {"type": "a", "id": {"id": 1}},
    {"type": "a", "id": "x" * 201},
    {"type": "a", "id": ""},
    {"type": "a", "id": 1, "event_id": ""},
    {"type": "a", "id": 1, "event_id": 5},
    {"type": "a", "id": 1, "event_id": "x" * 201},
    {"type": "a", "id": 1, "event_id": "two\nlines"},
    {"type": "a", "id": 1, "version": 1.5},
    {"type": "a", "id": 1, "version": []},
    {"type": "a", "id": 1, "occurred_at": "yesterday"},
    {"type": "a", "id": 1, "occurred_at": "2026-01-05"},
    {"type": "a", "id": 1, "occurred_at": "2026-01-05T10:00:00"},
    {"type": "a", "id": 1, "occurred_at": 1767607200},
    {"type": "a", "id": 1, "data": [1]},
]


def read(event: Any) -> None:
    parse(Record("message-1", json.dumps(event)), NOW)


def test_the_schema_is_a_valid_schema() -> None:
    VALIDATOR.check_schema(SCHEMA)


@pytest.mark.parametrize("event", ACCEPTED, ids=json.dumps)
def test_what_the_schema_allows_is_read(event: dict[str, Any]) -> None:
    VALIDATOR.validate(event)
    read(event)


@pytest.mark.parametrize("event", REFUSED, ids=json.dumps)
def test_what_the_schema_refuses_is_refused(event: Any) -> None:
    assert not VALIDATOR.is_valid(event)
    with pytest.raises(EventError):
        read(event)


def test_a_type_may_stand_in_the_message_attribute_alone() -> None:
    VALIDATOR.validate({"id": 1})
    assert parse(Record("message-1", '{"id": 1}', attributes={"type": "order.created"}), NOW).type == "order.created"
