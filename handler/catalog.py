"""The compiled templates: one JSON file. `notifier bundle` writes it, and the function reads it once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any, Final, cast

from handler.errors import ConfigError, EventError
from handler.frozen import frozen
from handler.model import (
    ApiLookup,
    Group,
    IdRule,
    Leaf,
    Locale,
    Lookup,
    Notification,
    Poll,
    Route,
    SqlLookup,
    Tree,
    Value,
)
from handler.templating import suggestion
from handler.templating.text import Url

FORMAT: Final = 3


@frozen
class Stage:
    """What differs between environments.

    `channels` has the destination of each alias, `fallback` is that of unknown aliases, and `redirect` (unless empty)
    that of all. Each text begins with `prefix`. Templates read `vars` under that name. Only lint uses `threads`: with
    `ignore`, a template with a thread may post by a webhook, which has no threads.
    """

    name: str
    channels: Mapping[str, str]
    fallback: str
    redirect: str = ""
    prefix: str = ""
    vars: Mapping[str, Value] = field(default_factory=dict)
    locale: Locale = field(default_factory=Locale)
    threads: str = "required"

    def destination(self, alias: str) -> tuple[str, str]:
        """Return the channel id or webhook name for an alias, and a footer about it (usually empty)."""
        if self.redirect:
            return self.redirect, f"Meant for {alias}"
        if alias not in self.channels:
            return self.fallback, f"Meant for {alias}, which stage {self.name} does not list"
        return self.channels[alias], ""


@frozen
class Catalog:
    """Every notification by event type, for one stage."""

    notifications: Mapping[str, tuple[Notification, ...]]
    stage: Stage

    def route(self, event_type: str) -> tuple[Notification, ...]:
        """Return the notifications of an event type. Raises EventError (EVENT_TYPE_UNKNOWN)."""
        if event_type not in self.notifications:
            hint = suggestion(event_type, self.notifications)
            raise EventError("EVENT_TYPE_UNKNOWN", f"{event_type}; {hint}")
        return self.notifications[event_type]

    @property
    def locales(self) -> tuple[Locale, ...]:
        """Return the locale of the stage, and those of the templates that have their own."""
        found = [self.stage.locale]
        for one in (one for each in self.notifications.values() for one in each):
            locale = one.locale(self.stage.locale)
            found += [] if locale in found else [locale]
        return tuple(found)

    @property
    def polls(self) -> dict[str, Poll]:
        """The polls, by the type of their events. Every poll with a cron expression has a time zone."""
        found = [one for each in self.notifications.values() for one in each]
        return {one.event: self._in_zone(one.poll) for one in found if one.poll}

    def _in_zone(self, poll: Poll) -> Poll:
        return replace(poll, time_zone=poll.time_zone or self.stage.locale.time_zone) if poll.cron else poll


def load(path: Path, stage: str) -> Catalog:
    """Read the compiled templates for one stage. Raises ConfigError (CATALOG_INVALID)."""
    try:
        return read(json.loads(path.read_text("utf-8")), stage)
    except OSError as error:
        raise ConfigError("CATALOG_INVALID", f"{path.name} cannot be read: {error.strerror}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError("CATALOG_INVALID", f"{path.name} is damaged: {error!r}") from None


def read(document: Mapping[str, Any], stage: str) -> Catalog:
    """Return the catalog in a compiled document. Raises ConfigError for another format or an unknown stage."""
    if document["format"] != FORMAT:
        raise ConfigError("CATALOG_INVALID", f"its format is {document['format']}, and {FORMAT} is needed")
    if stage not in document["stages"]:
        known = suggestion(stage, document["stages"])
        raise ConfigError("CATALOG_INVALID", f"templates/_stages/{stage}.yaml was not there at the build; {known}")
    by_type: dict[str, tuple[Notification, ...]] = {}
    for one in document["notifications"]:
        by_type[one["event"]] = (*by_type.get(one["event"], ()), _notification(one))
    return Catalog(by_type, _stage(stage, document["stages"][stage]))


def _stage(name: str, one: Mapping[str, Any]) -> Stage:
    variables = {key: Url(value) if _is_address(value) else value for key, value in one.get("vars", {}).items()}
    return Stage(**{**one, "name": name, "vars": variables, "locale": Locale(**one.get("locale", {}))})


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://"))


def _notification(one: Mapping[str, Any]) -> Notification:
    return Notification(
        name=one["name"],
        event=one["event"],
        id=IdRule(**one["id"]),
        routes=tuple(Route(tuple(route["channels"]), _optional(route["when"])) for route in one["routes"]),
        lookups=tuple(_lookup(lookup) for lookup in one["lookups"]),
        when=_optional(one["when"]),
        text=_leaf(one["text"]),
        blocks=tuple(_tree(block) for block in one["blocks"]),
        thread=_optional(one.get("thread")),
        update=one.get("update", False),
        version=_optional(one.get("version")),
        previous=_notification(one["previous"]) if one.get("previous") else None,
        poll=Poll(**one["poll"]) if one.get("poll") else None,
        time_zone=one.get("time_zone", ""),
        language=one.get("language", ""),
    )


def _lookup(one: Mapping[str, Any]) -> Lookup:
    if "sql" in one:
        return SqlLookup(**{**one, "bind": {name: _leaf(leaf) for name, leaf in one["bind"].items()}})
    return ApiLookup(**{**one, "path": _leaf(one["path"])})


def _leaf(one: Mapping[str, Any]) -> Leaf:
    return Leaf(one["leaf"], one["source"], one["where"])


def _optional(one: Mapping[str, Any] | None) -> Leaf | None:
    return _leaf(one) if one else None


def _tree(one: Any) -> Tree:
    match one:
        case {"leaf": _}:
            return _leaf(one)
        case {"do": list(blocks)}:
            grouped = [_tree(block) for block in blocks]
            return Group(grouped, _optional(one["if"]), one["for"], _optional(one["in"]))
        case dict():
            return {key: _tree(value) for key, value in one.items()}
        case list():
            return [_tree(value) for value in one]
        case _:
            return cast("str | float | bool | None", one)
