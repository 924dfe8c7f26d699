"""The finding of a check, and the deployment that is checked."""

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
    """A finding. `seen` is what was found, `cause` what is wrong, and `remedy` what to do next.

    `milliseconds` is the duration, if the check waited for something. No text contains a secret or a value from a row.
    """

    name: str
    state: State
    seen: str = ""
    cause: str = ""
    remedy: str = ""
    milliseconds: float | None = None


@frozen
class Subject:
    """A deployment to check. `catalog` is None if it cannot be read; `egress` is empty if egress is not checked."""

    settings: Settings
    secrets: Secrets
    catalog: Catalog | None
    egress: str

    @property
    def destinations(self) -> Mapping[str, str]:
        """The destinations of messages, by their alias in the stage: a channel's id, or a webhook's name."""
        if self.catalog is None:
            return {}
        stage = self.catalog.stage
        if stage.redirect:  # then all messages go there
            return {"redirect": stage.redirect}
        return {**stage.channels, "fallback": stage.fallback}

    def undeployed(self, kind: Literal["API", "database"], code: str, deployed: Collection[str]) -> Iterator[Check]:
        """Yield a failure for each API or database that a template uses and the deployment does not have."""
        notifications = chain.from_iterable(self.catalog.notifications.values() if self.catalog else ())
        asking: dict[str, list[str]] = {}
        for notification in notifications:
            for name in (notification.apis if kind == "API" else notification.databases) - {*deployed}:
                asking.setdefault(name, []).append(notification.name)
        for name, templates in sorted(asking.items()):
            cause = f"{code}: it is not deployed, but used by {', '.join(sorted(templates))}"
            yield Check(f"{kind} {name}", "failed", cause=cause, remedy=CODES[code].remedy)


# Returns a Check; or, if all is well, only the text for `seen`.
Look = Callable[[], Check | str]


def attempt(name: str, look: Look) -> Check:
    """Return the finding of `look`. If `look` raises an error, the finding is a failure with its code.

    Raises nothing.
    """
    began = time.perf_counter()
    try:
        found = look()
    except Exception as error:  # noqa: BLE001 - a check that fails never stops the others
        return failed(name, named(error), _since(began))
    return found if isinstance(found, Check) else Check(name, "ok", found, milliseconds=_since(began))


def failed(name: str, error: NotifierError, milliseconds: float | None = None) -> Check:
    """Return the finding for an error, with the remedy for Slack's own error word if known, or else for the code."""
    word = SLACK_ERRORS.get(error.reason) if isinstance(error, SlackError) else None
    remedy = word.remedy if word else CODES[error.code].remedy
    return Check(name, "failed", cause=str(error), remedy=remedy, milliseconds=milliseconds)


def _since(began: float) -> float:
    return round(1000 * (time.perf_counter() - began), 1)
