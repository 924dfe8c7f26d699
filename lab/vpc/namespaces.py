"""The process that holds a VPC's namespaces: they are gone when it and all processes in them have ended."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from lab.processes import child, wait_until

READY_SECONDS: Final = 20.0
PROBE_SECONDS: Final = 20.0
RUN_SECONDS: Final = 60.0
SAID_CHARACTERS: Final = 2_000
# The kernel ends a command when its parent ends, for whatever reason; the shell checks whether it had already ended.
MORTAL: Final = ("setpriv", "--pdeathsig", "KILL", "sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"')
# A user namespace makes us root over the other namespaces, and over nothing else.
UNSHARE: Final = ("unshare", "--user", "--map-root-user", "--net", "--mount")
# The folder of names for network namespaces must be ours, and every machine has /run above it.
MOUNT: Final = "mount -t tmpfs tmpfs /run && mkdir /run/netns"
# If forwarding cannot be enabled, root in the namespace has no rights (on some systems AppArmor takes them).
PROBE: Final = f"{MOUNT} && echo 1 > /proc/sys/net/ipv4/ip_forward"
# /etc/resolv.conf may be a link into /run, which is empty now.
HOLD: Final = f"""
set -e
{MOUNT}
for file in "$0"/*; do
  target=$(realpath -m "/etc/${{file##*/}}")
  mkdir -p "${{target%/*}}"
  [ -e "$target" ] || : > "$target"
  mount --bind "$file" "$target"
done
: > /run/vpc-is-ready
exec sleep infinity
"""


class VpcError(RuntimeError):
    """A command in a host failed. The message has the end of its output."""


@cache
def available() -> str:
    """Return "" if this kernel lets us create a VPC, else the reason why not."""
    try:
        probe = subprocess.run(
            [*UNSHARE, "sh", "-c", PROBE], capture_output=True, text=True, timeout=PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no namespaces without root: {error}"
    return f"no namespaces without root: {probe.stderr.strip() or probe.returncode}" if probe.returncode else ""


@dataclass(frozen=True, slots=True)
class Namespaces:
    """The running process, by its id."""

    pid: int

    @property
    def runtime(self) -> Path:
        """Its /run as seen from outside: a short path, and private to this VPC."""
        return Path(f"/proc/{self.pid}/root/run")

    def enter(self, command: Sequence[str | Path], host: str | None = None) -> list[str]:
        """Return the command line that runs a command in a host, or (None) in the namespace of the bridges."""
        net = self.runtime / "netns" / host if host else f"/proc/{self.pid}/ns/net"
        into = ["nsenter", f"--target={self.pid}", "--user", "--mount", f"--net={net}", "--preserve-credentials"]
        # Entering another mount namespace would lose the working directory.
        script = f'here=$PWD; exec {" ".join(into)} -- sh -c \'cd "$0" && exec "$@"\' "$here" "$@"'
        return ["sh", "-c", script, "sh", *map(str, command)]

    def run(
        self,
        command: Sequence[str | Path],
        host: str | None = None,
        *,
        stdin: str = "",
        env: Mapping[str, str] | None = None,
        timeout_seconds: float = RUN_SECONDS,
    ) -> str:
        """Run a command, as `enter` does, to its end, and return its standard output. Raises VpcError if it fails."""
        what = f"{command[0]} in {host or 'the VPC'}"
        try:
            done = subprocess.run(
                self.enter([*MORTAL, str(os.getpid()), *command], host),
                input=stdin,
                env=env,
                capture_output=True,
                text=True,
                timeout=timeout_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise VpcError(f"{what} did not end within {timeout_seconds:g} s") from error
        if done.returncode:
            said = done.stderr.strip()[-SAID_CHARACTERS:]
            raise VpcError(f"{what} ended with status {done.returncode}: {said}")
        return done.stdout


@contextmanager
def holding(folder: Path, etc: Path) -> Iterator[Namespaces]:
    """Hold namespaces until the block or this process ends; inside, the files of `etc` replace those of /etc.

    Raises ChildError, with the end of its log in `folder`, if the kernel does not allow it.
    """
    with child([*UNSHARE, "sh", "-c", HOLD, etc], log=folder / "holder.log") as process:
        holder = Namespaces(process.pid)
        wait_until(lambda: _is_ready(holder), "the namespaces of the VPC", READY_SECONDS, process)
        yield holder


def _is_ready(holder: Namespaces) -> bool:
    try:
        return (holder.runtime / "vpc-is-ready").exists()
    except PermissionError:  # it is just switching its user id
        return False
