"""Random histories of a queue: what is still tried again is never called lost, and what is in no queue is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from random import Random

from cli.operations import accounting
from cli.operations.accounting import Evidence
from cli.operations.metrics import Progress
from cli.operations.rows import Row
from handler.delivery.records import DeliveryKey, DeliveryRecord, Phase

VISIBILITY = 360
PATIENCE = accounting.patience(VISIBILITY)
LONGEST_PAUSE = PATIENCE - accounting.SLACK_SECONDS
NOW = 1_800_000_000.0
# How far a history goes back, in seconds: more than the 50 attempts of a message take.
SPAN = 4 * 3600
# Of SQS's metric, which has nothing that was received three times: all else in the queue is some seconds old.
YOUNG = [(NOW - 60 * minute, 5.0) for minute in range(SPAN // 60)]
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class History:
    """When the function worked, from and to; the pauses between attempts, and the lag of CloudWatch, in seconds."""

    worked: Sequence[tuple[float, float]]
    pauses: Sequence[int]
    lag: int

    @classmethod
    def of(cls, random: Random) -> History:
        """Work and its opposite in turn, each for longer than the longest pause, but for what is still going on."""
        earlier = [random.randint(int(LONGEST_PAUSE), 9000) for _ in range(random.randint(1, 4))]
        back = [*accumulate([random.randint(0, 1800), *earlier], initial=0), SPAN]
        turns = [(NOW - longer, NOW - shorter) for shorter, longer in pairwise(back)]
        pauses = [random.randint(4, 360) for _ in range(random.randint(1, 9))]
        return cls(turns[random.randint(0, 1) :: 2], pauses, random.randint(0, 300))

    def works(self, at: float) -> bool:
        return any(begin <= at < end for begin, end in self.worked)

    def retries(self, sent_at: float) -> Iterator[tuple[float, float]]:
        """When a message is tried, and how old it is then. While nobody works, it comes back after its visibility."""
        at, number = sent_at + 1, 0
        while at < NOW:
            if self.works(at):
                yield at, at - sent_at
            at += self.pauses[number % len(self.pauses)] if self.works(at) else VISIBILITY
            number += 1

    def progress(self, retried: Points) -> Progress:
        """What CloudWatch shows of it, by minutes. In each minute of work another message is done with."""
        ages = [(at - at % 60, age) for at, age in (*retried, *YOUNG) if NOW - PATIENCE <= at <= NOW - self.lag]
        done = [at for at, _ in YOUNG if NOW - PATIENCE <= at <= NOW - self.lag and self.works(at)]
        return Progress(min((at - age for at, age in ages), default=None), done)


def verdict(seen_at: float, progress: Progress) -> str:
    """What balance says of a delivery that was last seen then, while the queue holds messages."""
    row = Row(DeliveryKey("e-1", "order.created", "orders"), DeliveryRecord(Phase.WAITING, seen_at))
    evidence = Evidence(9, progress.oldest_at, idle=not accounting.is_at_work(progress.worked_at, NOW, PATIENCE))
    found = accounting.close([row], accounting.overdue([row], NOW, PATIENCE), evidence)
    return "lost" if found.lost else "late" if found.late else "in time"


def test_what_is_tried_again_is_not_lost() -> None:
    random, verdicts = Random(1), Counter[str]()
    for _ in range(4000):
        history, sent_at = History.of(random), NOW - random.randint(0, SPAN)
        retried = list(history.retries(sent_at))
        for seen_at, _ in retried[:9][-1:]:  # later attempts failed before they wrote anything
            verdicts[verdict(seen_at, history.progress(retried))] += 1
    assert verdicts.keys() == {"late", "in time"}
    assert min(verdicts.values()) > 1000


def test_what_is_in_no_queue_is_lost_once_all_that_is_tried_again_is_newer() -> None:
    random = Random(2)
    for _ in range(400):
        history = History([(NOW - SPAN, NOW)], History.of(random).pauses, random.randint(0, 300))
        seen_at = NOW - random.randint(int(PATIENCE) + 130, SPAN)
        newer = list(history.retries(seen_at + 61))  # CloudWatch knows it to the minute
        older = list(history.retries(seen_at - 1))
        assert [verdict(seen_at, history.progress(one)) for one in ([], newer, older)] == ["lost", "lost", "late"]
