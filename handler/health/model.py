"""What a check finds, and what it looks at."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import chain
from typing import Literal

from handler.adapters.slack.error_table import SLACK_ERRORS
from handler.catalog import Catalog
from handler.errors import CODES, NotifierError, SlackError, named
from handler.frozen import frozen
from handler.ports import Secrets
from handler.settings import Settings

State = Literal["ok", "warning", "failed", "skipped"]


@frozen
class Check:
    """One thing that the notifier needs. `seen` is what was found, `cause` what is wrong, `remedy` what to do next.

    `milliseconds` is how long it took, where something was waited for. No text holds a secret or a value from a row.
    """

    name: str
    state: State
    seen: str = ""
    cause: str = ""
    remedy: str = ""
    milliseconds: float | None = None


@frozen
class Subject:
    """A deployment to look at. `catalog` is None where it cannot be read; `egress` is empty where nobody is asked."""

    settings: Settings
    secrets: Secrets
    catalog: Catalog | None
    egress: str

    @property
    def destinations(self) -> Mapping[str, str]:
        """Where messages can go: a channel's id, or a webhook's name, under what the stage calls it."""
        if self.catalog is None:
            return {}
        stage = self.catalog.stage
        if stage.redirect:  # then nothing goes anywhere else
            return {"redirect": stage.redirect}
        return {**stage.channels, "fallback": stage.fallback}

    def undeployed(self, kind: Literal["API", "database"], code: str, deployed: Collection[str]) -> Iterator[Check]:
        """Yield a failure for each API or database that a template asks and nobody deployed."""
        notifications = chain.from_iterable(self.catalog.notifications.values() if self.catalog else ())
        asking: dict[str, list[str]] = {}
        for notification in notifications:
            for name in (notification.apis if kind == "API" else notification.databases) - {*deployed}:
                asking.setdefault(name, []).append(notification.name)
        for name, templates in sorted(asking.items()):
            cause = f"{code}: it is not deployed, but used by {', '.join(sorted(templates))}"
            yield Check(f"{kind} {name}", "failed", cause=cause, remedy=CODES[code].remedy)


# Returns a check of its own, or what it saw where all is well.
Look = Callable[[], Check | str]


def attempt(name: str, look: Look) -> Check:
    """Return what `look` finds; a failure by its code.

    Raises nothing: what goes wrong is the finding.
    """
    began = time.perf_counter()
    try:
        found = look()
    except Exception as error:  # noqa: BLE001 - one check never stands in another's way
        return failed(name, named(error), _since(began))
    return found if isinstance(found, Check) else Check(name, "ok", found, milliseconds=_since(began))


def failed(name: str, error: NotifierError, milliseconds: float | None = None) -> Check:
    """Return the finding that a failure is, with the remedy of Slack's word, or else of its code."""
    word = SLACK_ERRORS.get(error.reason) if isinstance(error, SlackError) else None
    remedy = word.remedy if word else CODES[error.code].remedy
    return Check(name, "failed", cause=str(error), remedy=remedy, milliseconds=milliseconds)


def _since(began: float) -> float:
    return round(1000 * (time.perf_counter() - began), 1)
