"""A read replica: a server that follows another by GTID over TLS."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pymysql.cursors import DictCursor

from lab.mariadb.server import Server, start_together

CATCH_UP_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.2
FOLLOW: Final = """
CHANGE MASTER TO master_host = %s, master_port = %s, master_user = %s, master_password = %s,
  master_ssl = 1, master_ssl_ca = %s, master_ssl_verify_server_cert = 1,
  master_use_gtid = slave_pos, master_connect_retry = 1
"""


class ReplicationError(RuntimeError):
    """A replica does not follow its primary. The text has what it says about that."""


@dataclass(frozen=True, slots=True)
class Login:
    """A database account."""

    user: str
    password: str = field(repr=False)


class Replica(Server):
    """A server that follows `primary`. Administrators can write to it; whoever does must undo it there."""

    primary: Server

    def seed(self, primary: Server) -> None:
        """Start from a copy of the primary, which is restarted for it, whatever was here before."""
        self.primary = primary
        self.stop()
        primary.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(primary.data, self.data)
        start_together(primary, self)
        [(position,)] = primary.query("SELECT @@gtid_binlog_pos")
        self.query("SET GLOBAL gtid_slave_pos = %s", position)

    def follow(self, login: Login, ca: Path) -> None:
        """Replicate from the primary, from where the seed ended, with an account of the primary's."""
        self.query(FOLLOW, self.primary.host, self.primary.port, login.user, login.password, str(ca))
        self.start_replication()

    def stop_replication(self) -> None:
        """Fall behind: what is committed on the primary does not appear here."""
        self.query("STOP SLAVE")

    def start_replication(self) -> None:
        """Go on replicating. `wait_until_caught_up` says when nothing is missing."""
        self.query("START SLAVE")

    def wait_until_caught_up(self) -> None:
        """Wait until all that is committed on the primary by now is visible here.

        Raises ReplicationError where replication has stopped, or after half a minute.
        """
        [(position,)] = self.primary.query("SELECT @@gtid_binlog_pos")
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while self.query("SELECT MASTER_GTID_WAIT(%s, %s)", position, LOOK_SECONDS) != [(0,)]:
            status = self.replication_status()
            if status.get("Slave_SQL_Running") != "Yes" or time.monotonic() > deadline:
                told = {key: value for key, value in status.items() if key.endswith(("_Running", "_Error")) and value}
                raise ReplicationError(f"the replica has not caught up: {told or 'it follows nobody'}")

    def replication_status(self) -> dict[str, Any]:
        """Return what SHOW SLAVE STATUS says; empty when no primary is followed."""
        with self.connect() as connection, connection.cursor(DictCursor) as cursor:
            cursor.execute("SHOW SLAVE STATUS")
            return cursor.fetchone() or {}
