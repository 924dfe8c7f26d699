"""What the stages need from outside, one method each. A fake of any of them fits in ten lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from handler.model import Message, Outcome, Receipt, Row, Value


class Database(Protocol):
    """The read replicas, by name."""

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        """Run one SELECT with `%(name)s` parameters; at most `limit` rows, each value in its normal form.

        Raises SourceError (DB_*, QUERY_*, TOO_MANY_ROWS, ROW_VALUE_UNSUPPORTED), ConfigError.
        """


class Api(Protocol):
    """The HTTP APIs, by name."""

    def get(self, api: str, path: str) -> Value:
        """GET a percent-encoded path and return the JSON document in its normal form.

        Raises SourceError (API_*; a 404 or 410 is API_NOT_FOUND), ConfigError.
        """


class FanOut(Protocol):
    """All instances of the HTTP APIs, by the API's name."""

    def get_all(self, api: str, path: str) -> list[Value]:
        """GET a path from every instance; return for each its `instance`, and its `document` or `error` code.

        Raises SourceError (API_*) where none has a document, ConfigError.
        """


class Discovery(Protocol):
    """Knows where the APIs are."""

    def invocation(self) -> AbstractContextManager[Callable[[str], None]]:
        """Return what begins to find an API ahead of its use; whatever it begins ends with the block."""


class Names(Protocol):
    """The addresses of hosts."""

    def addresses(self, name: str) -> Sequence[str]:
        """Return at least one literal address, or the name itself where that is one. Raises SourceError."""


class Secrets(Protocol):
    """The secret store. Values are cached for minutes, so that a rotation needs no deployment."""

    def get(self, name: str, *, fresh: bool = False) -> str:
        """Return the secret `name` (below the deployment's prefix), read anew if `fresh`.

        Raises ConfigError (CONFIG_UNAVAILABLE, CONFIG_SECRET_FORMAT).
        """


class Sink(Protocol):
    """Where messages go: Slack, or a stand-in for it."""

    def post(self, message: Message) -> Receipt:
        """Post once, and return only on Slack's own documented word of success. Raises SlackError, ConfigError."""


class Park(Protocol):
    """Where records go that cannot succeed."""

    def park(self, outcome: Outcome) -> None:
        """Put the record's original body, with its code, into the dead-letter queue. Raises NotifierError."""
