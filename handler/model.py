"""The frozen types that pass between the stages, and the one normal form of values.

A record of the batch becomes an Event, the catalog gives its Notification, the lookups give a context, rendering gives
a Message, Slack gives a Receipt; and whatever happened, the record ends in one Outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Final, Literal

from handler.frozen import frozen

# What a column, an API's answer, a sample and an event's `data` are made of, wherever they come from: no floats
# (Decimal), no naive times (aware datetime), no bytes (an error), no tuples (list). Within an API's answer there can be
# a templating.unusable.Unusable, which only a template that uses it notices.
Value = str | int | bool | Decimal | datetime | date | None | list[Any] | dict[str, Any]


class Row(dict[str, Value]):
    """A mapping whose keys are names: the columns of a lookup, a stage's `vars`. Errors may suggest them.

    The keys of any other mapping, such as an API's document, are data: errors never show them. Nor do they show those
    of a row that is not `named`: a column without AS is called after its expression, with the values bound into it.
    """

    named = True


# What a replica and an API get to catch up with an event, where a template says nothing else.
WAIT_SECONDS: Final = 300.0

# How the message begins that the function sends itself, to run a poll.
POLL_REQUEST: Final = '{"notifier": {"run": '

# The longest id, event_id or version of an event, in characters.
MAX_ID: Final = 200

Expect = Literal["one", "optional", "many"]
Missing = Literal["park", "skip", "render"]
# How the values in a text are written: handler/templating/text.py. `exact` is plain text that keeps its line breaks.
LeafContext = Literal["mrkdwn", "plain", "exact", "url", "expression"]


@frozen
class Record:
    """One message of a batch, still unread: `body` is what the queue held, SNS envelope and all.

    `id` names it in the batch. `attributes` are the message attributes that are strings, `sent_at` is when the queue
    took it, and `attempt` counts its deliveries from 1. A `problem` says why the rest of the record cannot be read.
    """

    id: str
    body: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    sent_at: datetime | None = None
    attempt: int = 1
    receipt: str = ""
    problem: str = ""

    @property
    def first_sent_at(self) -> datetime | None:
        """When its event was first sent; for one that was sent again, that was before `sent_at`."""
        try:
            moment = datetime.fromisoformat(self.attributes.get("first_sent_at", ""))
        except ValueError:
            return self.sent_at
        return moment if moment.tzinfo else self.sent_at

    @property
    def requests_poll(self) -> bool:
        """Whether it asks for a run of a poll. What comes through a topic is in an envelope, and so is no request."""
        return self.body.startswith(POLL_REQUEST)

    @property
    def replayed(self) -> bool:
        """Whether `notifier replay` sent it again: then it counts although it was parked."""
        return "replayed_at" in self.attributes


@frozen
class Locale:
    """In which time zone and language a stage's filters write, whom its aliases mention, and what its codes mean."""

    time_zone: str = "UTC"
    language: str = "en"
    mentions: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@frozen
class Digest:
    """Many new rows that a poll reports as one: how many they are, how many of them late, the lowest and highest id.

    For a poll by a time column these are the ids of the rows with the earliest and the latest time.
    """

    number: int
    count: int
    late: int
    first: int | str
    last: int | str


@frozen
class Polled:
    """A poll found the event. It is `late` if its row appeared after the time that the longest transaction takes."""

    late: bool = False
    digest: Digest | None = None


@frozen
class Event:
    """Something of this `type` happened to the record `id`: an application published it, or a poll found it."""

    type: str
    id: int | str
    identity: str
    version: int | str | None = None
    occurred_at: datetime | None = None
    data: dict[str, Value] = field(default_factory=dict)
    polled: Polled | None = None


@frozen
class Leaf:
    """One string of a template that holds expressions; `where` is its place, as `order.created.yaml:12 text`."""

    context: LeafContext
    source: str
    where: str


@frozen
class Group:
    """Blocks under `if`, repeated for each `name` in `over`, or both: then `when` is tested per element."""

    blocks: Sequence[Tree]
    when: Leaf | None = None
    name: str = ""
    over: Leaf | None = None


# A block as Slack takes it, with leaves where it holds expressions, and groups of blocks.
Tree = str | int | bool | None | Leaf | Group | list[Any] | dict[str, Any]


@frozen
class Route:
    """Where a message goes if `when` holds (None: always): once to each of the channel aliases."""

    channels: Sequence[str]
    when: Leaf | None = None


@frozen
class SqlLookup:
    """One SELECT. `sql` has PyMySQL's named parameters, each of which is `id` or a key of `bind`."""

    name: str
    sql: str
    bind: Mapping[str, Leaf]
    database: str = "default"
    expect: Expect = "one"
    where: str = ""
    wait: float = WAIT_SECONDS
    missing: Missing = "park"


@frozen
class ApiLookup:
    """One GET, to one instance of an API or to `all`.

    `on_failure` says whether the message waits for the API, or goes without it.
    """

    name: str
    path: Leaf
    api: str = "default"
    expect: Expect = "one"
    on_failure: Literal["retry", "without"] = "retry"
    all: bool = False
    wait: float = WAIT_SECONDS
    missing: Missing = "park"

    @property
    def where(self) -> str:
        """Its place in the template."""
        return self.path.where


# `wait` is for how many seconds a lookup that finds nothing is tried again, counted from when the event was sent;
# `missing` says what follows then: the event is parked or skipped, or posted with nothing under the lookup's name.
Lookup = SqlLookup | ApiLookup


@frozen
class IdRule:
    """The form of an event's id: a 64-bit integer, a UUID, or text that a pattern matches as a whole."""

    kind: Literal["integer", "uuid", "pattern"]
    pattern: str = ""


@frozen
class Poll:
    """New rows that become events of a notification, without any code in the application.

    `sql` is a SELECT with a column `id`; it is read every `every` seconds, or, with `cron`, when this expression
    comes in `time_zone` (empty: that of the stage). Then `every` is the longest time between two of these, on a
    clock that is never set forward or back. No transaction takes more than `longest` seconds. More than
    `digest_rows` new rows, or rows that were found after a pause of more than `digest_seconds`, are one message
    instead of one each (None: never). `table` and `column` are where the ids are from; `table` is empty if that is
    not clear. The first run finds the rows that were created, or have a time, from `start` on, a Unix time (None: it
    posts nothing).

    The SELECT may have more columns: `created`, when a row was created; `watched`, a value of which each change is an
    event; `changed`, when the row was last changed. Here `watched` is the expression behind that column. `identity`
    says what tells the events of a row apart: nothing, the new value (`watched`), or when the change was found
    (`moment`). Or it has `at`, a time by which new rows are found in place of the id; here the name of the column. Then
    `identity` is nothing or `at`.
    """

    sql: str
    every: float
    database: str = "default"
    longest: float = 86_400.0
    digest_rows: int | None = 100
    digest_seconds: float | None = None
    created: bool = False
    watched: str = ""
    changed: bool = False
    identity: str = ""
    table: str = ""
    column: str = "id"
    where: str = ""
    cron: str = ""
    time_zone: str = ""
    start: float | None = None
    at: str = ""

    @property
    def plan(self) -> str:
        """What decides when it runs, in words that change when this does; empty for an interval."""
        return f"{self.cron} {self.time_zone}" if self.cron else ""

    @property
    def is_watching(self) -> bool:
        """Whether changes of rows are events too."""
        return bool(self.watched)


@frozen
class Notification:
    """One template file, compiled: what to look up for an event, whether to speak, where, and what to say."""

    name: str
    event: str
    id: IdRule
    routes: Sequence[Route]  # the first that holds counts; where none does, nothing is posted
    text: Leaf
    lookups: Sequence[Lookup] = ()
    when: Leaf | None = None
    blocks: Sequence[Tree] = ()
    thread: Leaf | None = None  # messages of one channel and of one key are one thread
    update: bool = False  # edit the thread's first message instead of replying to it
    version: Leaf | None = None  # what is compared with the event's `version`
    previous: Notification | None = None  # as the file was before its last change
    poll: Poll | None = None

    @property
    def apis(self) -> set[str]:
        """The APIs that its lookups ask."""
        return {lookup.api for lookup in self.lookups if isinstance(lookup, ApiLookup)}

    @property
    def databases(self) -> set[str]:
        """The databases that its lookups and its poll ask."""
        found = {lookup.database for lookup in self.lookups if isinstance(lookup, SqlLookup)}
        return found | {self.poll.database} if self.poll else found


@frozen
class Replication:
    """Whether a replica follows its primary, and by how many seconds it is behind; None while it does not know."""

    running: bool
    lag_seconds: float | None


@frozen
class Message:
    """What is posted: `channel` is the alias in the template, `destination` Slack's id or a webhook secret's name.

    `warnings` say what did not go as the template meant it: a lookup left out, an alias not listed, plain text.
    `thread` is the key of its thread (empty: none), `thread_ts` Slack's name for that thread once it is known; with
    `update` the thread's first message is edited, unless it shows what was read after `read_at`, a Unix time. A `stub`
    stands in until there is a row. `mark` is what it can be found by in the channel's history.
    """

    notification: str
    channel: str
    destination: str
    text: str
    blocks: Sequence[Mapping[str, Any]] = ()
    warnings: tuple[str, ...] = ()
    thread: str = ""
    thread_ts: str = ""
    update: bool = False
    stub: bool = False
    read_at: float = 0.0
    mark: str = ""


@frozen
class Receipt:
    """Slack's word that it has the message. A webhook gives no `ts`. `fallback` names why plain text was posted.

    `thread_ts` is the message that it became a reply to; empty where it is none, whatever was asked for.
    """

    channel: str
    ts: str = ""
    fallback: str = ""
    thread_ts: str = ""


class State(StrEnum):
    """How a delivery can end. RETRY leaves its record in the queue; the others are final.

    REPEATED is no end of its own: the delivery had ended before, and nothing was done.
    """

    DELIVERED = "delivered"
    SUPPRESSED = "suppressed"
    PARKED = "parked"
    REPEATED = "repeated"
    RETRY = "retry"


class Rule(StrEnum):
    """Why the template wanted nothing posted. The value is logged as the code."""

    WHEN = "WHEN"  # its `when` does not hold
    NO_ROUTE = "NO_ROUTE"  # none of its routes holds
    ROW_NOT_FOUND = "ROW_NOT_FOUND"  # `missing: skip`: the row never came,
    API_NOT_FOUND = "API_NOT_FOUND"  # the API never knew it,
    ROW_STALE = "ROW_STALE"  # or the row never reached the event's version
    SUPERSEDED = "SUPERSEDED"  # when the event came again, the template did not ask for this delivery any more
    UNKNOWN_TYPE = "EVENT_TYPE_UNKNOWN"  # the event is for somebody else, and the deployment ignores those


class How(StrEnum):
    """How it became known that Slack has a message. The value is logged as the code."""

    POSTED = ""
    FOUND = "READ_BACK"  # an earlier post was found in the channel
    STUB = "ROW_STUB"  # a message without its row was posted, and the row never came


# The code of an event that is not posted because another one came before under its `event_id`: its publisher's mistake.
IDENTITY_REUSED: Final = "EVENT_IDENTITY_REUSED"


@frozen
class Delivered:
    """Slack has the message. `warnings` say what did not go as the template meant it."""

    state: ClassVar = State.DELIVERED
    receipt: Receipt | None = None
    warnings: tuple[str, ...] = ()
    how: How = How.POSTED

    @property
    def code(self) -> str:
        """What is logged as the code."""
        return self.how.value

    @property
    def detail(self) -> str:
        """What is logged as the detail."""
        return "; ".join(self.warnings)


@frozen
class Suppressed:
    """A rule of the template wanted nothing posted; `detail` is the rule's place."""

    state: ClassVar = State.SUPPRESSED
    rule: Rule
    detail: str = ""

    @property
    def code(self) -> str:
        """What is logged as the code."""
        return self.rule.value


@frozen
class Parked:
    """It cannot succeed."""

    state: ClassVar = State.PARKED
    code: str
    detail: str = ""


@frozen
class Repeated:
    """The delivery had ended before, with this code; `identity_reused` if that was another event's delivery."""

    state: ClassVar = State.REPEATED
    code: str
    detail: str = ""
    receipt: Receipt | None = None

    @classmethod
    def by_another_event(cls, detail: str, receipt: Receipt | None = None) -> Repeated:
        """Return the end of a delivery whose `event_id` another event has used."""
        return cls(IDENTITY_REUSED, detail, receipt)

    @property
    def identity_reused(self) -> bool:
        """Whether another event has used the `event_id`."""
        return self.code == IDENTITY_REUSED


@frozen
class Retry:
    """It is tried again at `due`, a Unix time (0: by the number of attempts)."""

    state: ClassVar = State.RETRY
    code: str
    detail: str = ""
    due: float = 0.0


End = Delivered | Suppressed | Parked | Repeated | Retry


@frozen
class Outcome:
    """How one delivery ended, for now or for good, and what was known by then.

    A `notice` is the message that tells a channel of a broken template; the delivery that it stands for has an outcome
    of its own. `milliseconds` is what each stage took.
    """

    record: Record
    end: End
    event: Event | None = None
    notification: str = ""
    channel: str = ""
    notice: bool = False
    milliseconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """How it ended."""
        return self.end.state

    @property
    def code(self) -> str:
        """The code or the rule behind the end."""
        return self.end.code

    @property
    def detail(self) -> str:
        """What there is to say of it."""
        return self.end.detail

    @property
    def receipt(self) -> Receipt | None:
        """Slack's answer, if it has the message."""
        return self.end.receipt if isinstance(self.end, Delivered | Repeated) else None

    @property
    def due(self) -> float:
        """When it is tried again; 0 where that is not known, or never."""
        return self.end.due if isinstance(self.end, Retry) else 0.0

    @property
    def ignored(self) -> bool:
        """Whether the event is for somebody else, and the deployment ignores those (EventTypes=known)."""
        return isinstance(self.end, Suppressed) and self.end.rule is Rule.UNKNOWN_TYPE
