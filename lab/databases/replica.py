"""A read replica: a server that follows another by GTID over TLS."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pymysql.cursors import DictCursor

from lab.databases.server import Server, start_together

CATCH_UP_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.2


class ReplicationError(RuntimeError):
    """A replica does not follow its primary. The message has the replica's error."""


@dataclass(frozen=True, slots=True)
class Login:
    """A database account."""

    user: str
    password: str = field(repr=False)


class Replica(Server):
    """A server that follows `primary`. Administrators can write to it, and must undo those writes there."""

    primary: Server

    def seed(self, primary: Server) -> None:
        """Replace the data by a copy of the primary's. Restarts the primary."""
        self.primary = primary
        self.stop()
        primary.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        identity = self.product.identity
        shutil.copytree(primary.data, self.data, ignore=shutil.ignore_patterns(*filter(None, [identity])))
        start_together(primary, self)
        if statement := self.product.set_position:
            self.query(statement, self.primary_position())

    def follow(self, login: Login, ca: Path) -> None:
        """Replicate from the primary, starting at the seed, with an account of the primary's."""
        self.query(
            self.product.replicating.follow, self.primary.host, self.primary.port, login.user, login.password, str(ca)
        )
        self.start_replication()

    def stop_replication(self) -> None:
        """Stop replication: new commits on the primary do not appear here."""
        self.query(self.product.replicating.stop)

    def start_replication(self) -> None:
        """Restart replication. `wait_until_caught_up` waits until nothing is missing."""
        self.query(self.product.replicating.start)

    def stop_applying(self) -> None:
        """Stop applying transactions, but continue to receive them."""
        self.query(self.product.replicating.stop_applying)

    def start_applying(self) -> None:
        """Apply the received transactions, and continue."""
        self.query(self.product.replicating.start_applying)

    def delay(self, seconds: int) -> None:
        """Apply each transaction this many seconds after its commit, from now on."""
        self.stop_replication()
        self.query(self.product.replicating.delay, seconds)
        self.start_replication()

    def wait_until_caught_up(self) -> None:
        """Wait until everything committed on the primary so far is visible here.

        Raises ReplicationError if replication has stopped, or after half a minute.
        """
        position = self.primary_position()
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while self.query(self.product.replicating.wait, position, LOOK_SECONDS) != [(0,)]:
            status = self.replication_status()
            if not self._applies(status) or time.monotonic() > deadline:
                told = {key: value for key, value in status.items() if key.endswith(("_Running", "_Error")) and value}
                raise ReplicationError(f"the replica has not caught up: {told or 'it follows nobody'}")

    def replication_status(self) -> dict[str, Any]:
        """Return SHOW REPLICA STATUS (MariaDB: SHOW SLAVE STATUS) as a dict; empty if it follows no primary."""
        with self.connect() as connection, connection.cursor(DictCursor) as cursor:
            cursor.execute(self.product.replicating.status)
            return cursor.fetchone() or {}

    def primary_position(self) -> str:
        """Return the position up to which the primary has committed."""
        [(position,)] = self.primary.query(self.product.replicating.position)
        return str(position)

    @staticmethod
    def _applies(status: Mapping[str, Any]) -> bool:
        return any(status.get(f"{name}_SQL_Running") == "Yes" for name in ("Replica", "Slave"))
