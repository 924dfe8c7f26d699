"""Several workers on one table, any of whom may be late, die, or be overtaken; what must hold whatever they do.

A worker does what delivery/send.py does: it writes over what it knows, which may be old, and posts only where nothing
is delivered and nobody is posting.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from handler.delivery.ledger import ConflictError, Ledger
from handler.delivery.records import FINAL, DeliveryKey, DeliveryRecord, Phase, StoredRecord, decode
from handler.delivery.threads import Thread, Threads
from handler.delivery.throttle import SLOT_SECONDS, ChannelThrottle
from tests.kit import FakeTable

WORKERS = st.integers(0, 2)
KEYS = st.sampled_from(
    [DeliveryKey("e1", "n", "orders"), DeliveryKey("e1", "n", "vip"), DeliveryKey("e2", "n", "orders")]
)
CHANNELS = st.sampled_from(["C0ORDERS01", "C0VIPS0001"])
SECONDS = st.sampled_from([0.0, 0.1, 1.0, 1.1, 5.0, 20.0, 59.0, 61.0, 4000.0])
SENDING_SECONDS = 20.0


class Worker:
    """What one execution environment has in its memory."""

    def __init__(self, table: FakeTable) -> None:
        self.ledger = Ledger(table)
        self.gates = ChannelThrottle(table, table.now)
        self.threads = Threads(table, table.now)
        self.known: dict[DeliveryKey, StoredRecord] = {}
        self.claims: dict[DeliveryKey, StoredRecord] = {}
        self.begins: dict[str, Thread] = {}


class Deliveries(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.time = 1_770_000_000.0
        self.table = FakeTable(lambda: self.time)
        self.workers = [Worker(self.table) for _ in range(3)]
        self.claimed: set[tuple[DeliveryKey, int]] = set()
        self.ended: dict[DeliveryKey, tuple[Phase, int]] = {}
        self.slots: dict[str, list[float]] = {}
        self.closed: dict[str, float] = {}
        self.first: dict[str, str] = {}
        self.posts = 0

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: float) -> None:
        self.time += seconds

    @rule(number=WORKERS)
    def dies(self, number: int) -> None:
        self.workers[number] = Worker(self.table)

    # Deliveries

    @rule(number=WORKERS, event=st.sampled_from(["e1", "e2"]))
    def reads(self, number: int, event: str) -> None:
        self.workers[number].known |= self.workers[number].ledger.of_event(event)

    @rule(number=WORKERS, key=KEYS)
    def claims(self, number: int, key: DeliveryKey) -> None:
        worker = self.workers[number]
        known = worker.known.get(key)
        if known and (known.record.phase in FINAL or known.record.until > self.time):
            return
        claim = DeliveryRecord(Phase.SENDING, self.time, self.time + SENDING_SECONDS)
        try:
            written = worker.ledger.write(key, claim, known)
        except ConflictError as other:
            worker.known[key] = other.stored
            assert self.row(key) == other.stored
            return
        assert key not in self.ended, "what has ended is begun again"
        assert (key, written.item.revision) not in self.claimed, "two claims have one revision"
        self.claimed.add((key, written.item.revision))
        worker.known[key] = worker.claims[key] = written

    @rule(
        number=WORKERS,
        key=KEYS,
        phase=st.sampled_from([Phase.DELIVERED, Phase.PARKED, Phase.WAITING, Phase.UNKNOWN]),
        wait=SECONDS,
    )
    def ends(self, number: int, key: DeliveryKey, phase: Phase, wait: float) -> None:
        worker = self.workers[number]
        claim = worker.claims.pop(key, None)
        if claim is None:
            return
        try:
            written = worker.ledger.write(key, DeliveryRecord(phase, self.time, self.time + wait), claim)
        except ConflictError as other:
            worker.known[key] = other.stored
            assert other.stored.item.revision > claim.item.revision, "nobody was faster, and nothing was written"
            return
        worker.known[key] = written
        if phase in FINAL:
            self.ended[key] = phase, written.item.revision

    @invariant()
    def what_has_ended_stays_as_it_is(self) -> None:
        for key, end in self.ended.items():
            row = self.row(key)
            assert (row.record.phase, row.item.revision) == end

    @invariant()
    def one_at_most_posts_a_delivery(self) -> None:
        claims = [(key, claim) for worker in self.workers for key, claim in worker.claims.items()]
        in_time = [key for key, claim in claims if claim.record.until > self.time]
        assert len(set(in_time)) == len(in_time)

    # ChannelThrottle

    @rule(number=WORKERS)
    def refreshes(self, number: int) -> None:
        self.workers[number].gates.refresh()

    @rule(number=WORKERS, channel=CHANNELS, seconds=SECONDS)
    def is_told_to_wait(self, number: int, channel: str, seconds: float) -> None:
        gates = self.workers[number].gates
        gates.pause(channel, seconds)
        self.closed[channel] = max(self.time + seconds, self.closed.get(channel, 0.0))
        assert gates.state(channel).paused == (self.closed[channel] > self.time)

    @rule(number=WORKERS, channel=CHANNELS)
    def takes_a_slot(self, number: int, channel: str) -> None:
        slot = self.workers[number].gates.slot(channel)
        assert slot > max(self.time, self.closed.get(channel, 0.0)) - 1e-6, "a slot while the channel is closed"
        self.slots.setdefault(channel, []).append(slot)

    @invariant()
    def slots_are_never_too_close(self) -> None:
        for slots in self.slots.values():
            assert all(later - earlier > SLOT_SECONDS - 1e-6 for earlier, later in pairwise(slots))

    # Threads

    @rule(number=WORKERS, key=st.sampled_from(["A-1", "A-2"]))
    def joins(self, number: int, key: str) -> None:
        owner = f"worker {number}"
        thread = self.workers[number].threads.join("C0ORDERS01", key, owner)
        standing = self.table.items(f"thread#C0ORDERS01#{key}")[0]
        if thread.place.ts:
            assert thread.place.ts == self.first[key]
        elif thread.place.busy_until:
            assert (standing.text("owner") != owner, thread.place.busy_until > self.time) == (True, True)
        else:
            assert key not in self.first, "a thread that has begun is begun again"
            assert (standing, standing.text("owner")) == (thread.item, owner)
            self.workers[number].begins[key] = thread

    @rule(number=WORKERS, key=st.sampled_from(["A-1", "A-2"]))
    def posts_the_first(self, number: int, key: str) -> None:
        worker = self.workers[number]
        thread = worker.begins.pop(key, None)
        if thread is None:
            return
        self.posts += 1
        ts = f"{self.posts}.000100"
        worker.threads.begun(thread, ts, 0.0)
        standing = self.table.items(thread.item.partition)[0]
        if standing.text("ts") == ts:
            assert key not in self.first, "the first message of a thread has changed"
            self.first[key] = ts
        else:
            assert standing.revision > thread.item.revision, "nobody was faster, and nothing was written"

    @rule(number=WORKERS, key=st.sampled_from(["A-1", "A-2"]))
    def finds_the_first_gone(self, number: int, key: str) -> None:
        worker, owner = self.workers[number], f"worker {number}"
        found = worker.threads.join("C0ORDERS01", key, owner)
        if not found.place.ts:
            return
        anew = worker.threads.lost(found, owner)
        assert not anew.place.ts
        del self.first[key]
        worker.begins[key] = anew

    @invariant()
    def one_at_most_begins_a_thread(self) -> None:
        for key in ("A-1", "A-2"):
            begins = [worker.begins[key].item for worker in self.workers if key in worker.begins]
            in_time = {item.text("owner") for item in begins if item.number("claimed_until") > self.time}
            assert len(in_time) <= 1

    def row(self, key: DeliveryKey) -> StoredRecord:
        item = self.table.rows[key.partition, key.sort]
        return StoredRecord(decode(item), item)


Deliveries.TestCase.settings = settings(max_examples=80, stateful_step_count=60)
TestDeliveries: Any = Deliveries.TestCase
