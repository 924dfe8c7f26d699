"""A running VPC: its hosts, the commands in them, and the network faults between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from lab.vpc import hosts, network
from lab.vpc.link import Link
from lab.vpc.namespaces import RUN_SECONDS, Namespaces, available, holding
from lab.vpc.programs import Programs, VpcMissingError, find

# For the C library of each host. A host knows only the name of its own loopback: all others come from DNS.
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

    def __init__(self, holder: Namespaces, programs: Programs, folder: Path) -> None:
        self.folder = folder
        self.programs = programs
        self._holder = holder
        self._refused: defaultdict[str, set[int]] = defaultdict(set)
        self._cables = {host: Link(host, holder, self._configure, folder / f"link-{host}.log") for host in hosts.HOSTS}

    @property
    def runtime(self) -> Path:
        """The hosts' /run as seen from outside: short enough for a Unix socket's path, and removed with the VPC."""
        return self._holder.runtime

    def address(self, host: str) -> str:
        """Return the IPv4 address of a host or of `spare`; for `nat` the inner one. Raises KeyError."""
        return hosts.address(host)

    def command(self, host: str, command: Sequence[str | Path]) -> list[str]:
        """Return the command line that runs a command in a host, for lab.processes.child.

        The command keeps its environment variables, working directory and process id. It sees the same files as we do,
        except /run and the three files of /etc for name resolution. It appears to run as root, and has root's rights
        over the network, but over files only those of our user.
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
        """Drop all packets from and to this host: its peers get no answer."""
        self._cables[host].cut(True)

    def heal(self, host: str) -> None:
        """Undo `cut`."""
        self._cables[host].cut(False)

    def delay(self, host: str, milliseconds: float) -> None:
        """Delay everything that this host sends and receives, each way by so much; 0 restores the kernel's own speed.

        Back at 0, packets in transit are lost, and TCP sends them again. For `nat` this is its inner link.
        """
        cable = self._cables[host]
        cable.change(replace(cable.quality, milliseconds=milliseconds))

    def lose(self, host: str, percent: float) -> None:
        """Lose this share of what the host sends, and of what it receives; 0 for none.

        The unit of loss is what the kernel hands over at once: a small packet, or up to 64 KiB of a long transfer.
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
        """Undo all network faults."""
        for cable in self._cables.values():
            cable.restore()
        for host in [host for host, ports in self._refused.items() if ports]:
            self._refused[host].clear()
            self._refuse(host)

    def close(self) -> None:
        """End the processes of slow links."""
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
    """Run a VPC until the block or this process ends. Its logs go to `folder`.

    Raises VpcMissingError if the kernel does not allow it or the programs are not available, VpcError or ChildError if
    it could not be created.
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
