"""The description of a kind of database server, by which the lab finds, fills, runs and replicates one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Software:
    """A server program, and the folders that belong to it.

    `launcher` is a command that precedes the program if the system's own loader cannot start it.
    """

    program: Path
    base: Path
    share: Path
    environment: dict[str, str]
    launcher: tuple[str, ...] = ()

    @property
    def start(self) -> list[str]:
        """The beginning of each command line: the program, told to read no configuration files."""
        return [*self.launcher, str(self.program), "--no-defaults"]


@dataclass(frozen=True, slots=True)
class Replicating:
    """The SQL statements for GTID replication.

    `follow` takes host, port, user, password and CA file of the primary. `position` returns what the primary has
    committed; `wait` takes that position and a timeout in seconds, and returns 0 once the replica has it. `right` is
    the privilege that an account needs for `status`.
    """

    follow: str
    stop: str
    start: str
    stop_applying: str
    start_applying: str
    delay: str
    position: str
    wait: str
    status: str
    right: str


@dataclass(frozen=True, slots=True)
class Product:
    """A kind of database server: MariaDB or MySQL.

    To find one: `name` is its name for DATABASE= and `--database`, and `programs` are the possible names of its
    program. `version` is a pattern that the program's version output matches, and `mark` a glob pattern that its share
    folder matches. If none is installed, `package` is the package of the system's own suites that has one; or, on
    Debian, `debian` is a package and its suite.

    To run one: `options(software)` are the options of each server, `leading` and `following` those of a primary and of
    a replica. `create_data(software, command)` fills an empty data folder, and returns the password of its only
    account, root on this machine. A replica starts as a copy of its primary's data, without the file `identity`; after
    its first start, the statement `set_position` sets the primary's position. Either may be empty.
    """

    name: str
    title: str
    programs: tuple[str, ...]
    version: str
    mark: str
    package: str
    debian: tuple[str, str]
    install: str
    options: Callable[[Software], list[str]]
    create_data: Callable[[Software, list[str]], str]
    leading: Sequence[str]
    following: Sequence[str]
    identity: str
    set_position: str
    replicating: Replicating
