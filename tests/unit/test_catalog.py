"""The compiled templates are read for one stage; a damaged file is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from handler.catalog import FORMAT, load, read
from handler.errors import ConfigError, EventError
from handler.model import ApiLookup, Group, Leaf, Route, SqlLookup

TEXT = {"leaf": "mrkdwn", "source": "Hello {{ order.number }}", "where": "order.created.yaml:9 text"}


def document(**changes: Any) -> dict[str, Any]:
    one = {
        "name": "order.created",
        "event": "order.created",
        "id": {"kind": "integer", "pattern": ""},
        "routes": [{"channels": ["orders"], "when": None}],
        "lookups": [
            {"name": "order", "sql": "SELECT", "bind": {"c": {**TEXT, "leaf": "expression"}}, "database": "default",
             "expect": "one", "where": "f"},
            {"name": "customer", "path": {**TEXT, "leaf": "url"}, "api": "default", "expect": "optional",
             "on_failure": "without"},
        ],
        "when": None,
        "text": TEXT,
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": TEXT, "verbatim": True}}],
    }  # fmt: skip
    stages = {"production": {"channels": {"orders": "C1"}, "fallback": "C9"}}
    return {"format": FORMAT, "notifications": [{**one, **changes}], "stages": stages}


def test_everything_is_read_into_frozen_types(tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    path.write_text(json.dumps(document()))
    catalog = load(path, "production")
    (one,) = catalog.route("order.created")
    sql, api = one.lookups
    assert isinstance(sql, SqlLookup)
    assert isinstance(api, ApiLookup)
    assert sql.bind["c"] == Leaf("expression", TEXT["source"], TEXT["where"])
    assert one.blocks[0]["text"]["text"] == Leaf("mrkdwn", TEXT["source"], TEXT["where"])
    assert one.routes == (Route(("orders",)),)
    assert catalog.stage.destination("orders") == ("C1", "")
    assert catalog.stage.destination("other") == ("C9", "Meant for other, which stage production does not list")


def test_groups_and_the_stage_are_read() -> None:
    expression = {"leaf": "expression", "source": "items", "where": "f"}
    group = {"do": [{"type": "divider"}], "if": None, "for": "item", "in": expression}
    made = document(blocks=[group], routes=[{"channels": ["orders", "vip"], "when": expression}])
    made["stages"]["production"] |= {
        "redirect": "C7",
        "prefix": "[x]",
        "vars": {"url": "https://x"},
        "locale": {"time_zone": "Asia/Tokyo", "language": "ja", "mentions": {"oncall": "S1"}, "labels": {}},
    }
    catalog = read(made, "production")
    (one,) = catalog.route("order.created")
    leaf = Leaf("expression", "items", "f")
    assert one.blocks == (Group([{"type": "divider"}], None, "item", leaf),)
    assert one.routes == (Route(("orders", "vip"), leaf),)
    assert catalog.stage.locale.time_zone == "Asia/Tokyo"
    assert catalog.stage.destination("orders") == ("C7", "Meant for orders")


def test_threads_lateness_and_the_version_before_are_read() -> None:
    key = {"leaf": "plain", "source": "order-{{ id }}", "where": "f"}
    version = {"leaf": "expression", "source": "order.updated_at", "where": "f"}
    sql = {"name": "order", "sql": "SELECT", "bind": {}, "wait": 30.0, "missing": "render"}
    made = document(thread=key, update=True, version=version, lookups=[sql])
    made["notifications"][0]["previous"] = document(event="order.paid")["notifications"][0]
    made["stages"]["production"]["threads"] = "ignore"
    (one,) = read(made, "production").route("order.created")
    assert (one.thread, one.update) == (Leaf("plain", "order-{{ id }}", "f"), True)
    assert one.version == Leaf("expression", "order.updated_at", "f")
    assert one.lookups == (SqlLookup("order", "SELECT", {}, wait=30.0, missing="render"),)
    assert one.previous
    assert (one.previous.event, one.previous.thread, one.previous.previous) == ("order.paid", None, None)


def test_an_unknown_type_names_the_nearest() -> None:
    with pytest.raises(EventError, match="order.createt; nearest: order.created"):
        read(document(), "production").route("order.createt")


def test_a_stage_that_was_not_built_is_named() -> None:
    with pytest.raises(ConfigError, match="_stages/prod.yaml was not there at the build; nearest: production"):
        read(document(), "prod")


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", json.dumps({**document(), "format": FORMAT - 1}), json.dumps(document(text=None)),
     json.dumps(document(lookups=[{}]))],
)  # fmt: skip
def test_a_damaged_catalog_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "catalog.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match="CATALOG_INVALID"):
        load(path, "production")


def test_a_missing_catalog_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="CATALOG_INVALID: catalog.json cannot be read: No such file"):
        load(tmp_path / "catalog.json", "production")
