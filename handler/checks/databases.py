"""Each database: its login over verified TLS, what the account may do, how far the replica is behind; and its polls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from handler.adapters import tls
from handler.adapters.replica import Replicas
from handler.adapters.session import Limits
from handler.bootstrap import DNS
from handler.checks.model import Check, Subject, attempt
from handler.discovery.names import CachedNames
from handler.errors import CODES, NotifierError
from handler.polling.table import Table

# What an account for reading may have: to read, to see how views are made, and to ask about replication.
READING: Final = frozenset(
    {"SELECT", "USAGE", "SHOW VIEW", "REPLICATION CLIENT", "SLAVE MONITOR", "REPLICA MONITOR", "BINLOG MONITOR"}
)
LATE_SECONDS: Final = 60.0
# A reader of Aurora says so by innodb_read_only alone. The comments: dialect.session_sql.
_SERVER: Final = (
    "SELECT VERSION() AS version, @@read_only OR @@innodb_read_only AS read_only,"
    " /*M!100000 @@tx_read_only */ /*!50720 @@transaction_read_only */ AS session_read_only"
)
# As many as a lookup may ever have: an account may have a line for each view.
_GRANTS: Final = Limits().rows
_GRANT: Final = re.compile(r"GRANT (.+?) ON ", re.IGNORECASE)
_COLUMNS: Final = re.compile(r"\([^)]*\)")
_ROLE: Final = re.compile(r"GRANT (?!.* ON )(.+?) TO ", re.IGNORECASE)


def checks(subject: Subject) -> Iterator[Check]:
    """What can be known of a database, from a session such as every lookup has."""
    yield from subject.undeployed("database", "DB_UNKNOWN", subject.settings.databases)
    replicas = Replicas(subject.settings.databases, subject.secrets, tls.context, CachedNames(DNS))
    try:
        for name in subject.settings.databases:
            login = attempt(f"database {name}", partial(_login, replicas, name))
            yield login
            if login.state == "failed":
                continue
            yield attempt(f"database {name}, rights", partial(_rights, replicas, name))
            yield attempt(f"database {name}, replication", partial(_replication, replicas, name))
            for event, poll in sorted((subject.catalog.polls if subject.catalog else {}).items()):
                if poll.database == name:
                    yield attempt(f"poll {event}", partial(_polled, Table(replicas, poll)))
    finally:
        replicas.close()


def _login(replicas: Replicas, name: str) -> Check | str:
    [row] = replicas.select(name, _SERVER, {}, 1)
    if not row["session_read_only"]:
        cause = "the session is not read-only, though it was asked to be"
        remedy = "look at what stands between (a proxy that keeps sessions): it has to pass on SET SESSION"
        return Check(f"database {name}", "failed", f"{row['version']}, TLS verified", cause, remedy)
    if not row["read_only"]:
        cause = "the server takes writes: it is a primary, or a replica that was promoted"
        remedy = "name the read replica in Databases; the account cannot write either way, if its rights are right"
        return Check(f"database {name}", "warning", f"{row['version']}, TLS verified", cause, remedy)
    return f"{row['version']}, TLS verified, server and session read-only"


def _rights(replicas: Replicas, name: str) -> Check | str:
    """Nothing is tried: a write that succeeded would be one. The server says what the account may do."""
    grants = [str(value) for row in replicas.select(name, "SHOW GRANTS", {}, _GRANTS) for value in row.values()]
    granted = privileges(grants)
    if more := sorted(granted - READING):
        cause = f"the account may do more than read: {', '.join(more)}"
        remedy = "REVOKE it; infra/sql has an account that reads and does nothing else"
        return Check(f"database {name}, rights", "warning", cause=cause, remedy=remedy)
    if has := roles(grants):
        cause = f"the account has a role, and what that allows is not told to it: {', '.join(has)}"
        remedy = f"SHOW GRANTS FOR {has[0]}, as an administrator; or grant to the account itself, as infra/sql does"
        return Check(f"database {name}, rights", "warning", cause=cause, remedy=remedy)
    return ", ".join(sorted(granted - {"USAGE"})) or "none"


def roles(grants: Iterable[str]) -> list[str]:
    """Return the roles among a server's grants, as the server writes them."""
    found = [match[1].split(",") for grant in grants if (match := _ROLE.match(grant))]
    return [role.strip() for roles in found for role in roles]


def privileges(grants: Iterable[str]) -> set[str]:
    """Return what a server's grants allow, in capitals; columns and objects are left out, and what roles allow."""
    found: set[str] = set()
    for grant in grants:
        if match := _GRANT.match(grant):
            found |= {part.strip().upper() for part in _COLUMNS.sub("", match[1]).split(",")}
        if "WITH GRANT OPTION" in grant.upper():
            found.add("GRANT OPTION")
    return found


def _polled(table: Table) -> str:
    """Ask the database what the first run of a poll asks. What is returned shows no id."""
    created = table.created([table.now(lambda: False).top])
    signs = [*(["created"] if created else []), *(["a counter"] if table.counter() is not None else [])]
    return f"readable; {' and '.join(signs) or 'nothing'} shows that ids are used again"


def _replication(replicas: Replicas, name: str) -> Check | str:
    title = f"database {name}, replication"
    state = replicas.replicating(name)
    if state is None:
        cause = "the server is no replica, or the account may not ask"
        return Check(title, "skipped", cause=cause, remedy="GRANT REPLICATION CLIENT (MariaDB: REPLICA MONITOR) ON *.*")
    if not state.running:
        raise NotifierError("DB_NOT_REPLICATING", name)
    if state.lag_seconds is not None and state.lag_seconds > LATE_SECONDS:
        cause = f"it is {state.lag_seconds:.0f} s behind"
        return Check(title, "warning", cause=cause, remedy=CODES["ROW_STALE"].remedy)
    return "running" if state.lag_seconds is None else f"running, {state.lag_seconds:.0f} s behind"
