"""Each database: its login over verified TLS, what the account may do, how far the replica is behind, its clock."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import Final

from handler.adapters import tls
from handler.adapters.database.replica import Replicas
from handler.adapters.database.session import Limits
from handler.discovery.names import CachedNames
from handler.discovery.paths import DNS
from handler.errors import CODES, NotifierError, SourceError
from handler.health.model import Check, Subject, attempt

# The privileges of an account for reading: to read, to see the definitions of views, and to ask about replication.
READING: Final = frozenset(
    {"SELECT", "USAGE", "SHOW VIEW", "REPLICATION CLIENT", "SLAVE MONITOR", "REPLICA MONITOR", "BINLOG MONITOR"}
)
LATE_SECONDS: Final = 60.0
CLOCK_SECONDS: Final = 60.0
# Aurora readers set only innodb_read_only. About the comments in the SQL: dialect.session_sql.
_SERVER: Final = (
    "SELECT VERSION() AS version, @@read_only OR @@innodb_read_only AS read_only,"
    " /*M!100000 @@tx_read_only */ /*!50720 @@transaction_read_only */ AS session_read_only"
)
# The maximum of a lookup, because an account may have one line for each view.
_GRANTS: Final = Limits().rows
_GRANT: Final = re.compile(r"GRANT (.+?) ON ", re.IGNORECASE)
_COLUMNS: Final = re.compile(r"\([^)]*\)")
# UNIX_TIMESTAMP does not depend on the session's time zone.
_NOW: Final = "SELECT UNIX_TIMESTAMP(NOW(6)) AS at"
# Servers ignore names that they do not know. No privilege is needed.
_ORDER: Final = (
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('replica_parallel_workers', 'slave_parallel_workers',"
    " 'replica_preserve_commit_order', 'slave_preserve_commit_order', 'gtid_slave_pos')"
)
_UNORDERED: Final = "it may commit in another order than the primary, which polls allow for: they read {} again"
_BY_ID: Final = "Polls find new rows whatever it says"
# A row whose time is later than either clock does not move the window: time_cursor.py.
_BY_TIME: Final = (
    "Polls by ids find new rows whatever it says. A poll by a time does too, with a window that is longer by this "
    "difference; but look at the clock that sets the times, the primary's or the application's, which is not seen here"
)
_ROLE: Final = re.compile(r"GRANT (?!.* ON )(.+?) TO ", re.IGNORECASE)


def checks(subject: Subject) -> Iterator[Check]:
    """Check each database in a session like that of every lookup."""
    yield from subject.undeployed("database", "DB_UNKNOWN", subject.settings.databases)
    polls = [*subject.catalog.polls.values()] if subject.catalog else []
    replicas = Replicas(subject.settings.databases, subject.secrets, tls.context, CachedNames(DNS))
    try:
        for name in subject.settings.databases:
            cursors = {"times" if poll.at else "ids" for poll in polls if poll.database == name}
            verified = subject.settings.databases[name].tls
            login = attempt(
                f"database {name}", partial(_login, replicas, name, verified=verified, polled=bool(cursors))
            )
            yield login
            if login.state == "failed":
                continue
            yield attempt(f"database {name}, rights", partial(_rights, replicas, name))
            yield attempt(f"database {name}, replication", partial(_replication, replicas, name, cursors))
            yield attempt(f"database {name}, clock", partial(_clock, replicas, name, by_time="times" in cursors))
    finally:
        replicas.close()


def _login(replicas: Replicas, name: str, *, verified: bool = True, polled: bool = False) -> Check | str:
    [row] = replicas.select(name, _SERVER, {}, 1)
    server = f"{row['version']}, {'TLS verified' if verified else 'not verified (tls=off)'}"
    if not row["session_read_only"]:
        cause = "the session is not read-only, though it was asked to be"
        remedy = "look at what stands between (a proxy that keeps sessions): it has to pass on SET SESSION"
        return Check(f"database {name}", "failed", server, cause, remedy)
    if not row["read_only"]:
        cause = "the server takes writes: it is a primary, or a replica that was promoted"
        remedy = "name the read replica in Databases; the account cannot write either way, if its rights are right"
        remedy += "; polls work on a primary too, and take some of its time" if polled else ""
        return Check(f"database {name}", "warning", server, cause, remedy)
    return f"{server}, server and session read-only"


def _rights(replicas: Replicas, name: str) -> Check | str:
    """Compare the account's privileges, as the server lists them. A trial write could succeed, so none is made."""
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
    """Return the roles in a server's grants, in the server's notation."""
    found = [match[1].split(",") for grant in grants if (match := _ROLE.match(grant))]
    return [role.strip() for roles in found for role in roles]


def privileges(grants: Iterable[str]) -> set[str]:
    """Return the privileges in a server's grants, in capitals, without columns, objects and roles."""
    found: set[str] = set()
    for grant in grants:
        if match := _GRANT.match(grant):
            found |= {part.strip().upper() for part in _COLUMNS.sub("", match[1]).split(",")}
        if "WITH GRANT OPTION" in grant.upper():
            found.add("GRANT OPTION")
    return found


def _replication(replicas: Replicas, name: str, cursors: Collection[str]) -> Check | str:
    """Check the replication. `cursors` says whether polls of this database use ids, times, or both."""
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
    seen = "running" if state.lag_seconds is None else f"running, {state.lag_seconds:.0f} s behind"
    return f"{seen}; {unordered(cursors)}" if cursors and _is_unordered(replicas, name) else seen


def unordered(cursors: Collection[str]) -> str:
    """Return what it means for polls by ids or by times that a replica commits in another order."""
    again = {"ids": "ids", "times": "the window of their time"}
    return _UNORDERED.format(" or ".join(again[cursor] for cursor in sorted(cursors)))


def _is_unordered(replicas: Replicas, name: str) -> bool:
    """Whether transactions may become visible in another order than on the primary."""
    try:
        rows = replicas.select(name, _ORDER, {}, 10)
    except SourceError:
        return False
    return is_unordered({str(row["Variable_name"]): str(row["Value"]) for row in rows})


def is_unordered(variables: Mapping[str, str]) -> bool:
    """Whether a replica with these variables commits transactions in another order than its primary.

    MySQL does so with several workers that do not preserve the order. MariaDB keeps the order in each of its modes,
    except between different domains if there are several threads: then `gtid_slave_pos` has several domains.
    https://mariadb.com/kb/en/parallel-replication/
    """
    workers = variables.get("replica_parallel_workers", variables.get("slave_parallel_workers", "0"))
    preserved = variables.get("replica_preserve_commit_order", variables.get("slave_preserve_commit_order"))
    if preserved is not None:  # MySQL
        return preserved in ("OFF", "0") and workers not in ("0", "1")
    return workers != "0" and "," in variables.get("gtid_slave_pos", "")


def _clock(replicas: Replicas, name: str, *, by_time: bool) -> Check | str:
    """Compare the server's clock with the function's at the middle of the query."""
    before = time.time()
    [row] = replicas.select(name, _NOW, {}, 1)
    return clock(name, float(str(row["at"])) - (before + time.time()) / 2, by_time=by_time)


def clock(name: str, difference: float, *, by_time: bool = False) -> Check | str:
    """Check a server's clock. `difference` is by how many seconds it is ahead; `by_time`: a poll uses a time column."""
    seen = f"{difference:+.0f} s from the function's"
    if abs(difference) <= CLOCK_SECONDS:
        return seen
    remedy = f"correct the server's clock: NOW() in a lookup gives its time. {_BY_TIME if by_time else _BY_ID}"
    return Check(f"database {name}, clock", "warning", cause=f"it is {seen}", remedy=remedy)
