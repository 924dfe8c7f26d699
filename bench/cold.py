"""A process that starts anew, imports a function, and handles one event: what a cold start is made of."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bench.quota import Quota
from lab.aws import TOOLS

PYTHON: Final = TOOLS / "runtime/bin/python"

# Each moment is taken inside the process, and it ends at once: taking Python down is no part of a cold start.
_FRAME: Final = """
import json, os, sys, time
event = json.load(sys.stdin)
out, sys.stdout = sys.stdout, open(os.devnull, "w")
began = time.perf_counter()
{program}
imported = time.perf_counter() - began
if {members!r}:
    open({members!r}, "w").write(str(os.getpid()))
began, used = time.perf_counter(), time.process_time()
handle(event)
handled, used = time.perf_counter() - began, time.process_time() - used
[peak] = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
json.dump([imported * 1000, handled * 1000, used * 1000, int(peak.split()[1]) / 1024], out)
out.flush()
os._exit(0)
"""


@dataclass
class Cold:
    """A function that is imported anew for each sample. `program` imports it, and defines `handle(event)`.

    `event` makes the event of a sample. `imports` and `events` are milliseconds, `peaks` MiB of memory. With a `quota`
    the event has no more of a processor than that, and the import has all of it.
    """

    program: str
    environment: Mapping[str, str]
    event: Callable[[], Any]
    quota: Quota | None = None
    imports: list[float] = field(default_factory=list)
    events: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """Run once, and return the milliseconds of import and event."""
        members = str(self.quota.members) if self.quota and self.quota.members else ""
        ran = subprocess.run(
            [PYTHON, "-c", _FRAME.format(program=self.program, members=members)],
            input=json.dumps(self.event()),
            env=self.environment,
            cwd="/",  # Python looks there first
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise RuntimeError(ran.stderr)
        imported, handled, used, peak = json.loads(ran.stdout)
        if self.quota:
            handled = self.quota.milliseconds(handled, used)
        self.imports.append(imported)
        self.events.append(handled)
        self.peaks.append(peak)
        return float(imported + handled)

    def forget_first(self) -> None:
        """Leave out the first sample: it was not counted."""
        for samples in (self.imports, self.events, self.peaks):
            del samples[0]
