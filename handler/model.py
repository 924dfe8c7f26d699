"""The frozen types that pass between the stages, and the one normal form of values.

A record of the batch becomes an Event. The catalog has its Notifications, the lookups fill a context, rendering makes a
Message, and Slack returns a Receipt. Every delivery ends in one Outcome (handler/outcome.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from handler.frozen import frozen

# The values of columns, API answers, samples and an event's `data`: Decimal instead of float, aware datetimes,
# lists instead of tuples, and no bytes (an error). An API's answer can also hold a templating.unusable.Unusable:
# an error only if a template uses it.
Value = str | int | bool | Decimal | datetime | date | None | list[Any] | dict[str, Any]


class Row(dict[str, Value]):
    """A mapping whose keys are names: the columns of a lookup, or a stage's `vars`. Errors may suggest the keys.

    The keys of any other mapping, such as an API's document, are data, and errors never show them. Nor those of a row
    that is not `named`: the name of a column without AS is its expression, with the bound values in it.
    """

    named = True


class EventData(dict[str, Value]):
    """The `data` of an event: an error about a key says that it is the event that lacks it."""


# How long to wait for a row or a document that is missing, unless the template says otherwise.
WAIT_SECONDS: Final = 300.0

# The start of the message that the function sends to itself to run a poll.
POLL_REQUEST: Final = '{"notifier": {"run": '

# The longest id, event_id or version of an event, in characters.
MAX_ID: Final = 200

Expect = Literal["one", "optional", "many"]
Missing = Literal["park", "skip", "render"]
# How values are escaped in a text: handler/templating/text.py. `exact` is plain text that keeps its line breaks.
LeafContext = Literal["mrkdwn", "plain", "exact", "url", "expression"]


@frozen
class Record:
    """One message of a batch, not parsed yet. `body` is the queue's message, with its SNS envelope.

    `id` identifies it in the batch. `attributes` are the message attributes of type string, `sent_at` is when the queue
    accepted it, and `attempt` counts its deliveries from 1. A `problem` says why the rest of it cannot be read.
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
        """When its event was first sent. If it was sent again, this is earlier than `sent_at`."""
        try:
            moment = datetime.fromisoformat(self.attributes.get("first_sent_at", ""))
        except ValueError:
            return self.sent_at
        return moment if moment.tzinfo else self.sent_at

    @property
    def requests_poll(self) -> bool:
        """Whether it asks for a run of a poll. A message from a topic is in an envelope, so it never does."""
        return self.body.startswith(POLL_REQUEST)

    @property
    def replayed(self) -> bool:
        """Whether `notifier replay` sent it again. Then it is processed although it was parked."""
        return "replayed_at" in self.attributes


@frozen
class Locale:
    """The time zone and language of messages, the users behind the mentions, and the labels of the codes.

    `mentions` has them by the alias that a template writes, `people` by the value that a row has.
    """

    time_zone: str = "UTC"
    language: str = "en"
    mentions: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)


@frozen
class Digest:
    """Many new rows that a poll reports as one event: how many, how many of them late, the lowest and highest id.

    For a poll by a time column, `first` and `last` are the ids of the rows with the earliest and the latest time.
    """

    number: int
    count: int
    late: int
    first: int | str
    last: int | str


@frozen
class Polled:
    """A poll found the event. It is `late` if its row appeared later than the longest transaction can explain."""

    late: bool = False
    digest: Digest | None = None


@frozen
class Event:
    """Something of this `type` happened to the row with this `id`. An application published it, or a poll found it."""

    type: str
    id: int | str
    identity: str
    version: int | str | None = None
    occurred_at: datetime | None = None
    data: dict[str, Value] = field(default_factory=dict)
    polled: Polled | None = None


@frozen
class Leaf:
    """One string of a template with expressions. `where` is its place, such as `order.created.yaml:12 text`."""

    context: LeafContext
    source: str
    where: str


@frozen
class Group:
    """Blocks under `if`, or repeated for each `name` in `over`, or both: then `when` is tested for each element."""

    blocks: Sequence[Tree]
    when: Leaf | None = None
    name: str = ""
    over: Leaf | None = None


# A Slack block in which strings with expressions are leaves, and `if` and `for` are groups. A leaf that is a bare
# expression stands for a number.
Tree = str | int | float | bool | None | Leaf | Group | list[Any] | dict[str, Any]


@frozen
class Route:
    """If `when` holds (None: always), the message goes once to each of these channel aliases."""

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

    `on_failure` says whether the message waits for the API or is posted without its document.
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


# A lookup that finds nothing is tried again until `wait` seconds after the event was sent. Then `missing` says whether
# the event is parked, skipped, or posted with None as the lookup's result.
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
    """One template file, compiled: what to look up for an event, whether and where to post, and the message."""

    name: str
    event: str
    id: IdRule
    routes: Sequence[Route]  # the first route that holds is used; if none does, nothing is posted
    text: Leaf
    lookups: Sequence[Lookup] = ()
    when: Leaf | None = None
    blocks: Sequence[Tree] = ()
    thread: Leaf | None = None  # messages with the same channel and key are one thread
    update: bool = False  # edit the thread's first message instead of replying to it
    version: Leaf | None = None  # the row's version, compared with the event's `version`
    previous: Notification | None = None  # the file before its last change
    poll: Poll | None = None
    time_zone: str = ""  # of its messages; empty: that of the stage
    language: str = ""  # of its messages; empty: that of the stage

    def locale(self, stage: Locale) -> Locale:
        """Return the locale of its messages: the stage's, with its own time zone and language where it names them."""
        if not (self.time_zone or self.language):
            return stage
        return replace(stage, time_zone=self.time_zone or stage.time_zone, language=self.language or stage.language)

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
    """Whether replication is running, and the lag in seconds; None if the replica does not know its lag."""

    running: bool
    lag_seconds: float | None


@frozen
class Message:
    """A message to post. `channel` is the template's alias, `destination` Slack's channel id or a webhook's name.

    `warnings` say how it differs from what the template asks for: a lookup left out, an unknown alias, plain text.
    `thread` is the key of its thread (empty: none), and `thread_ts` is Slack's id of the thread once it is known. With
    `update` the first message of the thread is edited, unless its rows were read later than `read_at`, a Unix time. A
    `stub` is posted before its row exists. `mark` finds the message in the channel's history.
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
    """Slack's confirmation that it has the message. A webhook returns no `ts`.

    `fallback` says why plain text was posted instead. `thread_ts` is the message that it replies to; empty if it is not
    a reply, even if a reply was asked for.
    """

    channel: str
    ts: str = ""
    fallback: str = ""
    thread_ts: str = ""
