"""A running VPC: its hosts, what runs in them, and what goes wrong between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from lab.vpc import hosts, network
from lab.vpc.cable import Cable
from lab.vpc.holder import RUN_SECONDS, Holder, available, holding
from lab.vpc.programs import Programs, VpcMissingError, find

# What the C library of each host reads. A host knows no name but its own loopback: all others come from the DNS.
ETC: Final = {
    "resolv.conf": f"nameserver {hosts.address('dns')}\n",
    "nsswitch.conf": "hosts: files dns\n",
    "hosts": "127.0.0.1 localhost\n",
}
REFUSAL: Final = """
table inet refusal
delete table inet refusal
table inet refusal {{
  chain arriving {{
    type filter hook input priority filter
    {rules}
  }}
}}
"""


class Vpc:
    """Hosts by their names (lab/vpc/__init__.py). `programs` are those that the VPC is made with."""

    def __init__(self, holder: Holder, programs: Programs, folder: Path) -> None:
        self.folder = folder
        self.programs = programs
        self._holder = holder
        self._refused: defaultdict[str, set[int]] = defaultdict(set)
        self._cables = {host: Cable(host, holder, self._configure, folder / f"link-{host}.log") for host in hosts.HOSTS}

    @property
    def runtime(self) -> Path:
        """The hosts' /run as it is seen from outside: short enough for the path of a Unix socket, and gone with us."""
        return self._holder.runtime

    def address(self, host: str) -> str:
        """Return the IPv4 address of a host or of `spare`; of `nat` the inner one. Raises KeyError."""
        return hosts.address(host)

    def command(self, host: str, command: Sequence[str | Path]) -> list[str]:
        """Return the command line that runs a command in a host, as lab.processes.child takes it.

        It runs with the environment and the working directory that this command line is given, under the same process
        id. It sees the same files as we do, but for /run and the three files of /etc that names are resolved by. It
        believes to be root, and has root's rights over the network, but over files only those of our user.
        """
        hosts.segment(host)
        return self._holder.enter(command, host)

    def run(
        self,
        host: str,
        command: Sequence[str | Path],
        *,
        stdin: str = "",
        env: Mapping[str, str] | None = None,
        timeout_seconds: float = RUN_SECONDS,
    ) -> str:
        """Run a command in a host to its end, and return its standard output. Raises VpcError if it fails."""
        return self._holder.run(command, host, stdin=stdin, env=env, timeout_seconds=timeout_seconds)

    def cut(self, host: str) -> None:
        """Drop packets from and to this host: its peers get no answer."""
        self._cables[host].cut(True)

    def heal(self, host: str) -> None:
        """Undo `cut`."""
        self._cables[host].cut(False)

    def delay(self, host: str, milliseconds: float) -> None:
        """Hold up what this host sends and gets, each way by so much; 0 for the kernel's own speed, as at first.

        Back at 0, packets that are on their way are lost, and TCP sends them again. For `nat` it is the cable inside.
        """
        cable = self._cables[host]
        cable.change(replace(cable.quality, milliseconds=milliseconds))

    def lose(self, host: str, percent: float) -> None:
        """Lose this share of what the host sends, and of what it gets; 0 for none.

        What is lost at once is what the kernel hands over at once: a small packet, or up to 64 KiB of a long transfer.
        """
        cable = self._cables[host]
        cable.change(replace(cable.quality, lost_percent=percent))

    def refuse(self, host: str, port: int) -> None:
        """Answer packets to this TCP port with a reset, as if nothing listened, also on open connections."""
        self._refused[host].add(port)
        self._refuse(host)

    def accept(self, host: str, port: int) -> None:
        """Undo `refuse`."""
        self._refused[host].discard(port)
        self._refuse(host)

    def restore(self) -> None:
        """Undo every fault of the network."""
        for cable in self._cables.values():
            cable.restore()
        for host in [host for host, ports in self._refused.items() if ports]:
            self._refused[host].clear()
            self._refuse(host)

    def close(self) -> None:
        """End what carries the frames of slow cables."""
        for cable in self._cables.values():
            cable.close()

    def _refuse(self, host: str) -> None:
        ports = sorted(self._refused[host])
        rules = "\n".join(f'iifname != "lo" tcp dport {port} reject with tcp reset' for port in ports)
        rules = REFUSAL.format(rules=rules)
        self.run(host, [self.programs["nft"], "-f", "-"], stdin=rules, env=self.programs.environment)

    def _configure(self, lines: str) -> None:
        self._holder.run([self.programs["ip"], "-batch", "-"], stdin=lines, env=self.programs.environment)


@contextmanager
def running_vpc(folder: Path) -> Iterator[Vpc]:
    """Make a VPC that is gone when the block ends, or this process does. `folder` takes its logs.

    Raises VpcMissingError where the kernel does not allow it or the programs cannot be had, VpcError or ChildError
    where it could not be made.
    """
    if reason := available():
        raise VpcMissingError(reason)
    programs = find(folder / "software")
    etc = folder / "etc"
    etc.mkdir(parents=True, exist_ok=True)
    for name, text in ETC.items():
        (etc / name).write_text(text)
    with holding(folder, etc) as holder:
        network.build(holder, programs)
        vpc = Vpc(holder, programs, folder)
        try:
            yield vpc
        finally:
            vpc.close()
