"""The demo's Slack, with the channels and the people whom the stage of the templates names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Final

from cli.compiler import Compilation
from cli.compiler.stages import is_channel
from cli.preview.mrkdwn import View
from handler.catalog import Stage
from handler.model import Locale
from lab.slack import Control
from lab.slack.config import CHANNELS, PEOPLE, Channel

GROUP: Final = "S"  # what the ids of user groups begin with: nobody can write to one


class DemoSlack:
    """What the stand-in knows besides its own channels and people. What it knew once it keeps, with its messages."""

    def __init__(self, slack: Control, stage: str) -> None:
        self._slack = slack
        self._stage = stage
        self._channels: dict[str, str] = {}
        self._people: dict[str, None] = dict.fromkeys(PEOPLE)
        self.view = View()

    def follow(self, compilation: Compilation) -> None:
        """Have what the templates' stage names, and show people and groups by what templates call them."""
        for stage in compilation.stages:
            if stage.name == self._stage:
                self._open(stage)

    def _open(self, stage: Stage) -> None:
        called = dict(_called(stage.locale))
        self._channels |= _named(stage)
        self._people |= dict.fromkeys(one for one in called if not one.startswith(GROUP))
        self.view = View.of(stage)
        own = [Channel(identifier, name) for identifier, name in self._channels.items()]
        names = {*self._channels.values()}
        known = [one for one in CHANNELS if one.id not in self._channels and one.name not in names]
        self._slack.configure(channels=[_document(one) for one in (*own, *known)], people=[*self._people])
        self._slack.replace("mention", [{"kind": "mention", "id": one, "name": called[one]} for one in called])


def _document(channel: Channel) -> dict[str, str]:
    return {name: value for name, value in asdict(channel).items() if value}


def _named(stage: Stage) -> Mapping[str, str]:
    """The name of each channel of a stage: the first of its aliases, but the stand-in's own name for one of its own."""
    own = {one.id: one.name for one in CHANNELS}
    aliases = [*stage.channels.items(), ("fallback", stage.fallback), ("redirect", stage.redirect)]
    found: dict[str, str] = {}
    for alias, identifier in aliases:
        if is_channel(identifier) and identifier not in own:
            found.setdefault(identifier, alias)
    return found


def _called(locale: Locale) -> Iterator[tuple[str, str]]:
    """What templates call each person and group; the alias of one that has both comes last."""
    for names in (locale.people, locale.mentions):
        yield from ((identifier, name) for name, identifier in names.items() if identifier[:1] in "UWS")
