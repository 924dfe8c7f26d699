"""The share of a processor that Lambda gives to a function of so much memory, by a control group of this machine.

AWS says that a function has one processor at 1,769 MB, and a share by its memory below that:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

WHOLE_PROCESSOR_MB: Final = 1769
PERIOD_MICROSECONDS: Final = 20_000
_GROUPS: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Quota:
    """A share of a processor. A process that writes its id into `members` has no more than that.

    Without `members`, since this machine makes no groups, a time under the quota can only be calculated.
    """

    share: float
    members: Path | None

    @property
    def how(self) -> str:
        """How the figures are made, for those who read them."""
        return "a control group (cgroup)" if self.members else "calculation from the processor time"

    def milliseconds(self, wall: float, processor: float) -> float:
        """Return what a step takes under the quota, from what was measured.

        Calculated, it is the wait and the processor time at this share. A group makes that longer, by what is left of
        a period, or shorter, as the first period is free for a step that is short enough.
        """
        return wall if self.members else wall + processor * (1 / self.share - 1)


@contextmanager
def quota(megabytes: int) -> Iterator[Quota]:
    """Make the group for a function with so much memory, and remove it after the block, when its members have ended."""
    share = min(megabytes / WHOLE_PROCESSOR_MB, 1.0)
    microseconds = round(PERIOD_MICROSECONDS * share)
    group = _group(f"notifier-bench-{os.getpid()}-{megabytes}", {
        "cpu.cfs_period_us": f"{PERIOD_MICROSECONDS}",
        "cpu.cfs_quota_us": f"{microseconds}",
        "cpu.max": f"{microseconds} {PERIOD_MICROSECONDS}",
    })  # fmt: skip
    try:
        yield Quota(share, group / "cgroup.procs" if group else None)
    finally:
        if group:
            group.rmdir()


def _group(name: str, limits: Mapping[str, str]) -> Path | None:
    """A new group, of version 1 or 2; None where there is none to be had."""
    for parent in (_GROUPS / "cpu", _GROUPS):
        group = parent / name
        with suppress(OSError):
            group.mkdir()
            known = [file for file in limits if (group / file).exists()]
            for file in known:
                (group / file).write_text(limits[file])
            if known:
                return group
            group.rmdir()
    return None
