"""What the program needs from outside: one port for each system. A fake of any of them fits in ten lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from handler.model import Message, Outcome, Receipt, Record, Replication, Row, Value
from handler.state_item import Item


class Database(Protocol):
    """The read replicas, by name."""

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        """Run one SELECT with `%(name)s` parameters; at most `limit` rows, each value in its normal form.

        Raises SourceError (DB_*, QUERY_*, TOO_MANY_ROWS, ROWS_TOO_LARGE, ROW_VALUE_UNSUPPORTED), ConfigError.
        """

    def replicating(self, database: str) -> Replication | None:
        """Return how the replica follows its primary; None if it does not answer, or the account may not ask.

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

        Raises SourceError (API_*) where none has a document, ConfigError.
        """

    def invocation(self) -> AbstractContextManager[Callable[[str], None]]:
        """Return a context, which yields a function that looks up an API's instances before they are needed.

        Every look-up that was started has ended when the context ends.
        """


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


class Slack(Protocol):
    """Slack's channels. Only a bot can edit messages and find them; a webhook can do neither."""

    def post(self, message: Message) -> Receipt:
        """Post once, and return only if Slack says that it has the message. Raises SlackError, ConfigError."""

    def edit(self, message: Message, ts: str) -> Receipt:
        """Replace the message `ts` by this one. Doing so twice does no harm. Raises SlackError, ConfigError."""

    def find(self, message: Message, since: float) -> Receipt | None:
        """Return the receipt of the message with this mark that was posted after `since`, a Unix time, if it is there.

        Raises SlackError, ConfigError.
        """


class StateTable(Protocol):
    """The table in which deliveries and polls are remembered."""

    def swap(self, item: Item) -> Item | None:
        """Write an item where the one before it stands: revision n where n-1 does, 1 where nothing does.

        Return None if it is written, else what stands there. Raises ConfigError (LEDGER_UNAVAILABLE).
        """

    def items(self, partition: str) -> list[Item]:
        """Return the items of a partition as they are now. Raises ConfigError (LEDGER_UNAVAILABLE)."""

    def get(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        """Return those of the items with these partitions and sort keys that are there now, in any order.

        Raises ConfigError (LEDGER_UNAVAILABLE).
        """


class IntakeQueue(Protocol):
    """The queue that the records come from."""

    def send(self, bodies: Sequence[str]) -> None:
        """Return once the queue has accepted all of these messages. Raises ConfigError (CONFIG_UNAVAILABLE)."""

    def postpone(self, waits: Sequence[tuple[Record, float]]) -> None:
        """Let each record come again after so many seconds. Raises nothing: they come again anyway, later."""


class DeadLetterQueue(Protocol):
    """Where records go that cannot succeed."""

    def park(self, outcome: Outcome) -> None:
        """Put the record's original body, with its code, into the dead-letter queue. Raises NotifierError."""
