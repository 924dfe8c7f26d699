"""The processor share that Lambda gives to a function with this memory size, enforced by a control group (cgroup).

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
    """A processor share. It limits the processes that write their ids into `members`.

    Without `members`, if this machine allows no control groups, times under the quota can only be calculated.
    """

    share: float
    members: Path | None

    @property
    def how(self) -> str:
        """How the figures are made, for their readers."""
        return "a control group (cgroup)" if self.members else "calculation from the processor time"

    def milliseconds(self, wall: float, processor: float) -> float:
        """Return how long a step takes under the quota, from its measured wall and processor time in milliseconds.

        The result is the waiting time plus the processor time divided by the share. With a real group it may be longer,
        by the rest of a period, or shorter, as a step that is short enough fits into the first period.
        """
        return wall if self.members else wall + processor * (1 / self.share - 1)


@contextmanager
def quota(megabytes: int) -> Iterator[Quota]:
    """Create the control group for a function of this memory size; remove it after the block, once members ended."""
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
    """Create a control group, version 1 or 2, and return its path; None if that is not possible."""
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
