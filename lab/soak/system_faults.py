"""Begins and ends the faults of a part or of a busy environment, by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Final

import pymysql

from handler.adapters.credential import RECHECK_SECONDS
from lab.queue import Environment, Limits, Message
from lab.soak.event_faults import EventFaults
from lab.soak.fault_log import FaultLog
from lab.soak.rig import Rig
from lab.soak.schedule import SystemFault
from lab.tcp_fault_proxy import Mode, TcpFaultProxy

# Longer than the function looks for a post in a channel's history.
LAG_SECONDS: Final = 60.0
# The remaining time for an invocation that can hardly start: the function's own minimum is 12 s (handler/pipeline.py).
SHORT_SECONDS: Final = (12.02, 12.6)
# When, after the start of an invocation, something is done to it, in real seconds.
MOMENT_SECONDS: Final = (0.0, 0.12)
# After this time a refused function has certainly read the new credential (handler/adapters/credential.py).
UNTIL_SEEN_SECONDS: Final = RECHECK_SECONDS + 1.0
OUTAGE_LINGER_SECONDS: Final = 10.0
ALWAYS: Final = 10**6


class SystemFaults:
    """Begins the scheduled faults, and ends those that last. `count` has how many of each kind have begun."""

    def __init__(self, rig: Rig, mishaps: EventFaults, journal: FaultLog, random: Random) -> None:
        self.count: Counter[str] = Counter()
        self._rig = rig
        self._mishaps = mishaps
        self._journal = journal
        self._random = random
        self._lasting: Counter[str] = Counter()
        self._limits: list[Limits] = []
        self._kinds: dict[str, Callable[[SystemFault], object]] = {
            "kill": self._kill,
            "freeze": self._freeze,
            "deadline": lambda _: self._limits.append(Limits(timeout=random.uniform(0.02, 0.3))),
            "short": lambda _: self._limits.append(Limits(told=random.uniform(*SHORT_SECONDS))),
            "slack refuses": self._refuse,
            "slack is away": self._outage,
            "slack is broken": self._break_slack,
            "ledger refuses": lambda one: self._ledger(one, "refuse"),
            "ledger throttles": lambda one: self._ledger(one, "throttle"),
            "ledger loses answers": lambda one: self._ledger(one, "lose"),
            "replication stops": self._stop_replication,
            "connections are killed": lambda _: self._kill_connections(),
            "token is revoked": self._revoke,
            "history lags": self._lag,
        }

    def plan(self, troubles: Sequence[SystemFault], start: float) -> None:
        """Schedule the faults, relative to `start`, a Unix time."""
        for trouble in troubles:
            self._rig.source.agenda.at(start + trouble.at, lambda trouble=trouble: self._begin(trouble))  # type: ignore[misc]

    def limits(self, _environment: Environment, _messages: Sequence[Message]) -> Limits:
        """Return the limits of the next invocation."""
        return self._limits.pop() if self._limits else Limits()

    @property
    def now(self) -> str:
        """Return the faults that are active now, in words."""
        return ", ".join(sorted(kind for kind, times in self._lasting.items() if times))

    def _begin(self, trouble: SystemFault) -> None:
        self.count[trouble.kind] += 1
        self._kinds[trouble.kind](trouble)

    def _for_a_while(self, trouble: SystemFault, end: Callable[[], object]) -> None:
        """Schedule the end of a fault, which is skipped if another one of its kind has begun meanwhile."""
        self._lasting[trouble.kind] += 1

        def over() -> None:
            self._lasting[trouble.kind] -= 1
            if not self._lasting[trouble.kind]:
                end()

        self._rig.source.agenda.at(self._rig.clock.now() + trouble.seconds, over)

    def _way(self, trouble: SystemFault, switch: TcpFaultProxy, mode: Mode) -> None:
        switch.set(mode)
        self._for_a_while(trouble, lambda: switch.set("pass"))

    def _ledger(self, trouble: SystemFault, mode: Mode) -> None:
        self._way(trouble, self._rig.to_ledger, mode)
        end = self._journal.period(self._journal.without_ledger)
        self._rig.source.agenda.at(self._rig.clock.now() + trouble.seconds, end)

    def _refuse(self, trouble: SystemFault) -> None:
        self._journal.cut_off()
        self._way(trouble, self._rig.to_slack, "refuse")

    def _outage(self, trouble: SystemFault) -> None:
        """Make Slack unreachable for hours. As only retries happen then, they are processed in groups."""
        source, linger = self._rig.source, self._rig.source.linger
        source.linger = OUTAGE_LINGER_SECONDS
        self._refuse(trouble)
        source.agenda.at(self._rig.clock.now() + trouble.seconds, lambda: setattr(source, "linger", linger))

    def _break_slack(self, trouble: SystemFault) -> None:
        self._rig.slack.order("status", status=503, times=ALWAYS)
        self._for_a_while(trouble, self._mishaps.forget_others)

    def _stop_replication(self, trouble: SystemFault) -> None:
        self._rig.database.replica.stop_applying()
        self._for_a_while(trouble, self._rig.database.replica.start_applying)

    def _kill_connections(self) -> None:
        replica, user = self._rig.database.replica, self._rig.database.reader.user
        for (number,) in replica.query("SELECT id FROM information_schema.processlist WHERE user = %s", user):
            with suppress(pymysql.MySQLError):  # it has just ended by itself
                replica.query(f"KILL {number}")

    def _revoke(self, trouble: SystemFault) -> None:
        self._rig.credentials.renew()
        end = self._journal.period(self._journal.without_credentials)

        def replaced() -> None:
            self._rig.credentials.store()
            self._rig.source.agenda.at(self._rig.clock.now() + UNTIL_SEEN_SECONDS, end)

        self._for_a_while(trouble, replaced)

    def _lag(self, trouble: SystemFault) -> None:
        self._rig.slack.configure(history_lag=LAG_SECONDS)
        end = self._journal.period(self._journal.lagging)

        def over() -> None:
            self._rig.slack.configure(history_lag=self._rig.history_lag)
            end()

        self._for_a_while(trouble, over)

    def _kill(self, _trouble: SystemFault) -> None:
        self._to_somebody_busy(Environment.kill)

    def _freeze(self, trouble: SystemFault) -> None:
        def freeze(environment: Environment) -> None:
            self._journal.frozen(environment)
            environment.freeze()
            self._rig.source.agenda.at(self._rig.clock.now() + trouble.seconds, environment.thaw)

        self._to_somebody_busy(freeze)

    def _to_somebody_busy(self, action: Callable[[Environment], object]) -> None:
        """Apply an action to the first environment that has been in an invocation for a random time."""
        moment = self._random.uniform(*MOMENT_SECONDS)

        def look() -> bool:
            for environment in self._rig.source.environments:
                if environment.interruptible and not environment.frozen and environment.seconds >= moment:
                    action(environment)
                    return True
            return False

        self._rig.source.watch(look)
