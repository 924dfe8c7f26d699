"""Measures a cold start: a new process that imports a function and handles its first event."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bench.quota import Quota
from lab.aws import TOOLS

PYTHON: Final = TOOLS / "runtime/bin/python"
VERSION: Final = "3.13"  # as in template.yaml
# The time between two events: long enough that the channel state that the function has cached is out of date, as it is
# when events are rare.
PAUSE_SECONDS: Final = 1.05

# Times are measured inside the process, which then exits at once: Python's shutdown is not part of a cold start.
_FRAME: Final = """
import json, os, sys, time
first, *further = json.load(sys.stdin)
out, sys.stdout = sys.stdout, open(os.devnull, "w")
began = time.perf_counter()
{program}
imported = time.perf_counter() - began
if {members!r}:
    open({members!r}, "w").write(str(os.getpid()))
def timed(event):
    began, used = time.perf_counter(), time.process_time()
    handle(event)
    return (time.perf_counter() - began) * 1000, (time.process_time() - used) * 1000
handled = timed(first)
[peak] = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
warm = []
for event in further:
    time.sleep({pause})
    warm.append(timed(event))
json.dump([imported * 1000, handled, warm, int(peak.split()[1]) / 1024], out)
out.flush()
os._exit(0)
"""


@dataclass
class Cold:
    """A function that a new process imports for each sample. `program` imports it, and defines `handle(event)`.

    `event` returns an event. `imports`, `events` (the first ones) and `warm` (`further` ones, some seconds apart) are
    in milliseconds, `peaks` in MiB of memory. With a `quota`, events run within that share of a processor, while the
    import has all of it.
    """

    program: str
    environment: Mapping[str, str]
    event: Callable[[], Any]
    quota: Quota | None = None
    further: int = 0
    imports: list[float] = field(default_factory=list)
    events: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """Run once, and return the milliseconds of import plus first event."""
        members = str(self.quota.members) if self.quota and self.quota.members else ""
        ran = subprocess.run(
            [PYTHON, "-c", _FRAME.format(program=self.program, members=members, pause=PAUSE_SECONDS)],
            input=json.dumps([self.event() for _ in range(1 + self.further)]),
            env=self.environment,
            cwd="/",  # with -c, Python imports from the working directory first
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise RuntimeError(ran.stderr)
        imported, first, warm, peak = json.loads(ran.stdout)
        self.imports.append(imported)
        self.events.append(self._under_quota(*first))
        self.warm += [self._under_quota(*one) for one in warm]
        self.peaks.append(peak)
        return self.imports[-1] + self.events[-1]

    def _under_quota(self, wall: float, processor: float) -> float:
        return self.quota.milliseconds(wall, processor) if self.quota else wall

    def forget_first(self) -> None:
        """Drop the first sample, which does not count."""
        for samples, each in ((self.imports, 1), (self.events, 1), (self.warm, self.further), (self.peaks, 1)):
            del samples[:each]
