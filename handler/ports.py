"""The outside systems as the program uses them: one port for each. A fake of any port fits in ten lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from handler.model import Message, Receipt, Record, Replication, Row, Value
from handler.outcome import Outcome
from handler.state_item import Item


class Database(Protocol):
    """The read replicas, by name."""

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        """Run one SELECT with `%(name)s` parameters. Return at most `limit` rows, with values in their normal form.

        Raises SourceError (DB_*, QUERY_*, TOO_MANY_ROWS, ROWS_TOO_LARGE, ROW_VALUE_UNSUPPORTED), ConfigError.
        """

    def replicating(self, database: str) -> Replication | None:
        """Return the state of the replication; None if the server does not answer, or the account may not ask.

        Raises nothing.
        """


class Api(Protocol):
    """The HTTP APIs, by name."""

    def get(self, api: str, path: str) -> Value:
        """GET a percent-encoded path and return the JSON document in its normal form.

        Raises SourceError (API_*; a 404 or 410 is API_NOT_FOUND), ConfigError.
        """

    def get_all(self, api: str, path: str) -> list[Value]:
        """GET a path from every instance; return for each its `instance`, and its `document` or `error` code.

        Raises SourceError (API_*) if no instance has a document, ConfigError.
        """

    def invocation(self) -> AbstractContextManager[Callable[[str], None]]:
        """Return a context, which yields a function that looks up an API's instances before they are needed.

        Every look-up that was started has ended when the context ends.
        """


class Names(Protocol):
    """The addresses of hosts."""

    def addresses(self, name: str) -> Sequence[str]:
        """Return at least one IP address; the name itself if it is one. Raises SourceError."""


class Secrets(Protocol):
    """The secret store. Values are cached for minutes only, so a rotated secret needs no deployment."""

    def get(self, name: str, *, fresh: bool = False) -> str:
        """Return the secret `name` (below the deployment's prefix). With `fresh` the cache is not used.

        Raises ConfigError (CONFIG_UNAVAILABLE, CONFIG_SECRET_FORMAT).
        """


class Slack(Protocol):
    """Slack's channels. Only a bot can edit messages and find them; a webhook can do neither."""

    def post(self, message: Message) -> Receipt:
        """Post once. Return only if Slack confirms the message. Raises SlackError, ConfigError."""

    def edit(self, message: Message, ts: str) -> Receipt:
        """Replace the message `ts` by this one. It is safe to do so twice. Raises SlackError, ConfigError."""

    def find(self, message: Message, since: float) -> Receipt | None:
        """Return the receipt of the message with the same mark, posted after `since` (a Unix time); None if not found.

        Raises SlackError, ConfigError.
        """


class StateTable(Protocol):
    """The table with the state of deliveries, threads, channels and polls."""

    def swap(self, item: Item) -> Item | None:
        """Write an item only if the table has its predecessor: revision n-1, or no item if this is revision 1.

        Return None if it was written, otherwise the item that is there. Raises ConfigError (LEDGER_UNAVAILABLE).
        """

    def items(self, partition: str) -> list[Item]:
        """Return the items of a partition, read consistently. Raises ConfigError (LEDGER_UNAVAILABLE)."""

    def get(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        """Return the items with these partitions and sort keys that exist, read consistently, in any order.

        Raises ConfigError (LEDGER_UNAVAILABLE).
        """


class IntakeQueue(Protocol):
    """The queue that the records come from."""

    def send(self, bodies: Sequence[str]) -> None:
        """Return once the queue has accepted all of these messages. Raises ConfigError (CONFIG_UNAVAILABLE)."""

    def postpone(self, waits: Sequence[tuple[Record, float]]) -> None:
        """Let the queue deliver each record again after its seconds. Raises nothing: the queue does so later anyway."""


class DeadLetterQueue(Protocol):
    """The queue for records that cannot succeed."""

    def park(self, outcome: Outcome) -> None:
        """Put the record's original body, with its code, into the dead-letter queue. Raises NotifierError."""
