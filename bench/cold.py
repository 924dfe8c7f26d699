"""A process that starts anew, imports a function, and handles its first event: what a cold start is made of."""

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
# Between two events: what the function knows of the channels is out of date by then, as it is where few events come.
PAUSE_SECONDS: Final = 1.05

# Times are taken in the process, which then exits at once: shutting Python down is not part of a cold start.
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
    """A function that is imported anew for each sample. `program` imports it, and defines `handle(event)`.

    `event` makes an event. `imports`, `events` (the first ones) and `warm` (so many `further` ones, some seconds apart)
    are milliseconds, `peaks` MiB of memory. With a `quota` the events have no more of a processor than that, and the
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
        """Run once, and return the milliseconds of import and first event."""
        members = str(self.quota.members) if self.quota and self.quota.members else ""
        ran = subprocess.run(
            [PYTHON, "-c", _FRAME.format(program=self.program, members=members, pause=PAUSE_SECONDS)],
            input=json.dumps([self.event() for _ in range(1 + self.further)]),
            env=self.environment,
            cwd="/",  # with -c, Python searches the working directory first
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
        """Leave out the first sample: it was not counted."""
        for samples, each in ((self.imports, 1), (self.events, 1), (self.warm, self.further), (self.peaks, 1)):
            del samples[:each]
