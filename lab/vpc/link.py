"""The network link between a host and its bridge, which can be cut, slow or lossy while it is in use."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.processes import child, wait_until
from lab.vpc.hosts import segment
from lab.vpc.namespaces import Namespaces

LINK: Final = Path(__file__).with_name("slow_link.py")
READY_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Quality:
    """The quality of a link, the same in both directions."""

    milliseconds: float = 0.0
    lost_percent: float = 0.0


PERFECT: Final = Quality()


class Link:
    """A host's link. While it is slow or lossy, a process (slow_link.py) carries its frames, else only the kernel.

    `configure` runs `ip -batch` with these lines in the namespace of the bridges.
    """

    def __init__(self, host: str, holder: Namespaces, configure: Callable[[str], object], log: Path) -> None:
        self.quality = PERFECT
        self._cut = False
        self._bridge = segment(host).bridge
        self._end = f"{segment(host).port}{host}"
        # A second link leads from the process to the bridge.
        self._near, self._far = f"n-{host}", f"f-{host}"
        self._control = f"link-{host}"
        self._holder = holder
        self._configure = configure
        self._log = log
        self._process = ExitStack()

    def cut(self, cut: bool) -> None:
        """Drop everything (True), or forward everything again (False)."""
        self._cut = cut
        self._connect(self._end if self.quality == PERFECT else self._far)

    def change(self, quality: Quality) -> None:
        """Set the quality from now on. When it becomes perfect, frames in transit are lost."""
        before, self.quality = self.quality, quality
        if quality == PERFECT != before:
            self._straighten()
        elif quality != PERFECT:
            if before == PERFECT:
                self._divert()
            self._order(quality)

    def restore(self) -> None:
        """Undo `cut`, and make the link perfect."""
        if self._cut:
            self.cut(False)
        self.change(PERFECT)

    def close(self) -> None:
        """End the process, if it runs."""
        self._process.close()

    def _divert(self) -> None:
        """Detach the host's link from its bridge once the process is ready, so that no frame takes both ways."""
        self._configure(f"link add {self._near} up type veth peer name {self._far}\n")
        (self._holder.runtime / self._control).unlink(missing_ok=True)
        command: list[str | Path] = [sys.executable, "-I", "-S", LINK, f"/run/{self._control}", self._end, self._near]
        process = self._process.enter_context(child(self._holder.enter(command), log=self._log, grace_seconds=1))
        wait_until(lambda: self._order(PERFECT), "a slow cable", READY_SECONDS, process)
        self._configure(f"link set {self._end} nomaster\n")
        self._connect(self._far)

    def _straighten(self) -> None:
        self._process.close()
        self._configure(f"link del {self._near}\n")
        self._connect(self._end)

    def _connect(self, port: str) -> None:
        """Attach this interface to the bridge, or detach it if the link is cut; the host does not notice that."""
        bridge = "nomaster" if self._cut else f"master {self._bridge}"
        self._configure(f"link set {port} up {bridge}\n")

    def _order(self, quality: Quality) -> bool:
        """Send the quality to the process, and return whether it runs."""
        with socket.socket(socket.AF_UNIX) as control:
            if control.connect_ex(str(self._holder.runtime / self._control)):
                return False
            control.sendall(f"{quality.milliseconds / 1000} {quality.lost_percent}".encode())
            return control.recv(10) == b"done"
