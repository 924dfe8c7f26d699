"""Encodes the catalog as JSON. handler/catalog.py decodes it: change both together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from handler.catalog import FORMAT, Stage
from handler.model import ApiLookup, Group, Leaf, Lookup, Notification, Tree


def encode(notifications: Iterable[Notification], stages: Iterable[Stage]) -> dict[str, Any]:
    """Return the catalog as JSON values."""
    return {
        "format": FORMAT,
        "notifications": [_notification(one) for one in notifications],
        "stages": {stage.name: _stage(stage) for stage in stages},
    }


def _notification(one: Notification) -> dict[str, Any]:
    return {
        "name": one.name,
        "event": one.event,
        "id": asdict(one.id),
        "routes": [{"channels": list(route.channels), "when": _tree(route.when)} for route in one.routes],
        "lookups": [_lookup(lookup) for lookup in one.lookups],
        "when": _tree(one.when),
        "text": _tree(one.text),
        "blocks": [_tree(block) for block in one.blocks],
        "thread": _tree(one.thread),
        "update": one.update,
        "version": _tree(one.version),
        "previous": _notification(one.previous) if one.previous else None,
        "poll": asdict(one.poll) if one.poll else None,
        "time_zone": one.time_zone,
        "language": one.language,
    }


def _stage(one: Stage) -> dict[str, Any]:
    return {name: value for name, value in asdict(one).items() if name != "name"}


def _lookup(one: Lookup) -> dict[str, Any]:
    if isinstance(one, ApiLookup):
        facts = {"name": one.name, "path": _tree(one.path), "api": one.api, "all": one.all, "expect": one.expect}
        return {**facts, "on_failure": one.on_failure, "wait": one.wait, "missing": one.missing}
    bind = {name: _tree(leaf) for name, leaf in one.bind.items()}
    facts = {"name": one.name, "sql": one.sql, "bind": bind, "database": one.database, "expect": one.expect}
    return {**facts, "where": one.where, "wait": one.wait, "missing": one.missing}


def _tree(one: Tree | Mapping[str, Any]) -> Any:
    match one:
        case Leaf():
            return {"leaf": one.context, "source": one.source, "where": one.where}
        case Group():
            blocks = [_tree(block) for block in one.blocks]
            return {"do": blocks, "if": _tree(one.when), "for": one.name, "in": _tree(one.over)}
        case dict():
            return {key: _tree(value) for key, value in one.items()}
        case list():
            return [_tree(value) for value in one]
        case _:
            return one
