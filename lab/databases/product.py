"""What a kind of database server has to say, for the lab to find, fill, run and replicate one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Software:
    """A server program, and the folders of what came with it.

    `launcher` is what goes before the program where the system's own loader cannot start it.
    """

    program: Path
    base: Path
    share: Path
    environment: dict[str, str]
    launcher: tuple[str, ...] = ()

    @property
    def start(self) -> list[str]:
        """The beginning of each command line: the program, which reads no configuration of this machine."""
        return [*self.launcher, str(self.program), "--no-defaults"]


@dataclass(frozen=True, slots=True)
class Replicating:
    """The statements of replication by GTID.

    `follow` takes host, port, user, password and CA file of the primary. `position` asks a primary what it has
    committed; `wait` takes that and a number of seconds, and returns 0 if a replica has it too by then. `right` is what
    an account needs to ask for `status`.
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

    Finding one: `name` is how DATABASE= and `--database` ask for it, and `programs` are the names of its program.
    `version` is found in what the right program says of itself, and `mark` in the folder of its data files. Where none
    is installed, `package` of the system's own suites has one; or `debian`, a package and its suite, on Debian.

    Running one: `options(software)` are those of each server, `leading` and `following` those of a primary and of
    a replica. `create_data(software, command)` fills an empty data folder, and returns the password of its only
    account, root on this machine. A replica begins as a copy of its primary's data, without the file `identity`, and
    after its first start with `set_position`, a statement that takes the primary's position; either may be empty.
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
