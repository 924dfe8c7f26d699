"""Every way in which an event can fail, under a code that never changes.

    NotifierError
    |-- EventError      what the application published cannot be read as an event
    |-- TemplateError   what ops wrote does not fit the event, its rows, or Slack
    |-- SourceError     the database or an API did not give what a lookup asked for
    |-- SlackError      Slack did not take the message
    `-- ConfigError     the deployment is set up wrongly, or cannot read its own settings

An error carries a code, from the table below, and a detail. The code says whether a later attempt can succeed; the
detail says where and what. Details go to logs, to the dead-letter queue and to Slack, so they never hold a secret, a
value from a row or an event's data, or a key of an API's document. They may hold names: what stands in the template or
in the deployment's settings, and the columns of a lookup.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final, NamedTuple

from handler.redaction import redact

# Characters of a detail: it is read in a line of the log and in a Slack message.
MAX_DETAIL: Final = 500


class Code(NamedTuple):
    """What a code means, and what the person who meets it does next."""

    retry: bool
    meaning: str
    remedy: str


CODES: Final[dict[str, Code]] = {
    # The envelope and the event
    "BATCH_MALFORMED": Code(
        False,
        "the function was invoked with something that is neither an SQS nor an SNS batch",
        "invoke it through its queue or topic; tests/events/ has examples",
    ),
    "EVENT_ENVELOPE": Code(
        False,
        "the message is wrapped in something that is not an SNS notification",
        "publish the event as the message body",
    ),
    "EVENT_NOT_JSON": Code(False, "the message is not JSON", 'publish {"type": "...", "id": ...}'),
    "EVENT_NOT_OBJECT": Code(False, "the message is JSON, but not an object", 'publish {"type": "...", "id": ...}'),
    "EVENT_DUPLICATE_KEY": Code(False, "a key stands twice in the message", "send each key once"),
    "EVENT_ENCODING": Code(False, "the message holds text that is not valid Unicode", "send UTF-8"),
    "EVENT_TOO_LARGE": Code(
        False,
        "the message, a number in it, or its nesting is too large",
        "send the type and the id; the template reads the rest",
    ),
    "EVENT_FIELD_MISSING": Code(False, "a required field is missing", "add the field that the detail names"),
    "EVENT_FIELD_INVALID": Code(False, "a field has the wrong form", "see docs/event.schema.json"),
    "EVENT_TYPE_INVALID": Code(
        False,
        "the type is not a name such as order.created",
        "use lower-case words, digits and _, joined by dots; at most 128 characters",
    ),
    "EVENT_TYPE_UNKNOWN": Code(
        False, "no template is for this type", "add templates/<type>.yaml, or deploy with EventTypes=known"
    ),
    "EVENT_ID_INVALID": Code(
        False, "the id is not of the form that the template declares", "send the id that the template's `id:` asks for"
    ),
    "EVENT_IDENTITY_REUSED": Code(
        False,
        "an earlier event had the same event_id, so this one was treated as its repetition and not posted",
        "publish each event with its own event_id, or without one",
    ),
    "EVENT_STALE": Code(
        False,
        "the event says that it happened too long ago, or in the future",
        "check the publisher's clock and `occurred_at`",
    ),
    "EVENT_VERSION": Code(
        False,
        "the event's version and the row's cannot be compared",
        "publish as `version` what the column of the template's `version:` holds: both numbers, or both times",
    ),
    # Templates
    "TEMPLATE_SYNTAX": Code(False, "an expression cannot be read", "correct the expression that the detail names"),
    "TEMPLATE_FORBIDDEN": Code(
        False, "an expression uses something that templates may not use", "see the list of filters in docs/templates.md"
    ),
    "TEMPLATE_MARKUP": Code(
        False,
        "an expression stands where Slack would read its value as markup: after a `<` in the template's own text",
        "make links and mentions with the filters `link` and `mention`; write &lt; for the sign <",
    ),
    "TEMPLATE_UNDEFINED": Code(
        False,
        "an expression names something that is not there",
        "correct the name; for a column the detail lists the nearest ones",
    ),
    "TEMPLATE_FAILED": Code(
        False, "an expression cannot be worked out with this row's values", "guard it: {{ x if x else '-' }}"
    ),
    "TEMPLATE_LIMIT": Code(
        False,
        "an expression is too large, takes too long, or makes too much text or too large a number",
        "make it smaller: see Limits in docs/templates.md",
    ),
    "TEMPLATE_URL": Code(
        False,
        "an address cannot be made from these values",
        "an address needs values that are neither empty nor . nor ..",
    ),
    "TEMPLATE_BIND": Code(False, "a bound value is not a number, a text, a date or empty", "bind one column"),
    "MESSAGE_EMPTY": Code(False, "the text came out empty", "write a text that always says something"),
    "BLOCK_LIMIT": Code(False, "a part of the message is larger than Slack takes", "shorten the part that is named"),
    "QUERY_FORBIDDEN": Code(False, "the SQL is something other than one plain SELECT", "write one SELECT"),
    "QUERY_INVALID": Code(False, "the database refused the SQL as written", "run it against the database by hand"),
    "QUERY_LOSSY": Code(
        False,
        "the database compared or converted a value and lost a part of it, so the rows may be the wrong ones",
        "compare texts with texts, numbers with numbers, dates with dates; convert only values that can be converted",
    ),
    "QUERY_CUT": Code(
        False, "the database cut the result short", "read less: fewer rows in GROUP_CONCAT, a recursion that ends"
    ),
    "QUERY_DUPLICATE_COLUMN": Code(False, "two columns have one name", "give one of them another name with AS"),
    "ROW_VALUE_UNSUPPORTED": Code(False, "a column holds bytes", "select a text: HEX(column), or column + 0 for BIT"),
    "TOO_MANY_ROWS": Code(False, "a lookup found more rows than it may", "narrow the SQL, or use `expect: many`"),
    "ROWS_TOO_LARGE": Code(
        False,
        "a lookup, or all lookups together, read more data than a message may use",
        "select only what is shown: LEFT(column, 3000) for a long text, or fewer rows",
    ),
    # The database and the API
    "ROW_NOT_FOUND": Code(
        True,
        "no row has this id, at least not yet on the replica",
        "check that the id exists; use `expect: optional` where it may not",
    ),
    "ROW_STUB": Code(
        True, "a message stands for a row that has not come yet", "nothing: the message is edited once it has"
    ),
    "ROW_STALE": Code(
        True,
        "the row is older than the event's version, at least on the replica",
        "nothing if it passes, as the replica catches up; else check that the event is published after the commit",
    ),
    "DB_NOT_REPLICATING": Code(
        True,
        "replication on the replica has stopped, so that the row cannot appear",
        "start replication again; SHOW REPLICA STATUS says why it stopped",
    ),
    "DB_UNAVAILABLE": Code(True, "the database cannot be reached", "check its name, port and security group"),
    "DB_BUSY": Code(True, "the database has no free connection", "lower MaximumConcurrency"),
    "DB_TIMEOUT": Code(True, "the database did not answer in time", "add an index, or ask for less"),
    "DB_LOGIN": Code(True, "the database refused the login", "check the secret and the account's host and TLS rules"),
    "DB_DENIED": Code(False, "the account may not read this", "GRANT SELECT on what the template reads"),
    "DB_TLS": Code(True, "the database's certificate is not trusted", "give its CA with ;ca= in Databases"),
    "DB_TIME_ZONE": Code(
        True,
        "the database does not know the time zone that ;tz= in Databases names",
        "load its time zone tables (mysql_tzinfo_to_sql), or correct the name",
    ),
    "DB_UNKNOWN_ERROR": Code(
        True,
        "the database refused the SQL with an error number that the notifier does not know",
        "run the SQL against the database by hand; look up the number in the database's manual",
    ),
    "DB_UNKNOWN": Code(False, "the template names a database that is not deployed", "add it to Databases"),
    "API_UNAVAILABLE": Code(True, "the API cannot be reached, or answers with a server error", "check the API"),
    "API_TIMEOUT": Code(True, "the API did not answer in time", "check the API"),
    "API_NOT_FOUND": Code(
        True,
        "the API knows nothing under this path, at least not yet",
        "use `expect: optional` where it may be missing",
    ),
    "API_DENIED": Code(True, "the API refused the credentials", "check the API's secret"),
    "API_BAD_ANSWER": Code(
        False,
        "the API's answer is not a JSON document of at most 256 KiB",
        "correct the path in the template, or the API",
    ),
    "VALUE_UNUSABLE": Code(
        False,
        "the template uses a value of an API's answer that cannot be read",
        "correct the API, or write what to show instead: {{ x | default('-') }}",
    ),
    "API_NO_INSTANCE": Code(
        True,
        "no instance of the API is registered with an address and a port, or its name does not exist",
        "check that its tasks run and are healthy, and the name in Apis",
    ),
    "API_UNRESOLVED": Code(
        True,
        "Cloud Map or the DNS, which know where the API is, did not answer",
        "check the way to them: see docs/discovery.md",
    ),
    "API_LOOKUP_DENIED": Code(
        True,
        "the function may not ask Cloud Map where the API is",
        "allow it servicediscovery:DiscoverInstances: see docs/discovery.md",
    ),
    "API_WRONG_SERVICE": Code(
        True,
        "another service answers at the API's address",
        "nothing if it passes, because new tasks can get old addresses; else correct identity= or host= in Apis",
    ),
    "API_UNKNOWN": Code(False, "the template names an API that is not deployed", "add it to Apis"),
    "API_TLS": Code(True, "the API's certificate is not trusted", "give its CA with ;ca= in Apis"),
    # Polls
    "POLL_STATE_LOST": Code(
        True,
        "what the poll has seen is lost, so it cannot tell new rows from old ones and is on hold",
        "run `notifier poll start`, which takes the rows that are there now as seen",
    ),
    "POLL_STATE_UNREADABLE": Code(
        True,
        "what the poll has seen was written by a newer version, or is damaged, so the poll is on hold",
        "deploy the newer version again; if it is damaged, run `notifier poll start`",
    ),
    "POLL_IDS_SPARSE": Code(
        True,
        "the ids of the polled rows are too far apart to be remembered",
        "poll a table whose ids the database counts up (AUTO_INCREMENT), or publish events instead",
    ),
    "POLL_VALUES_UNFIT": Code(
        True,
        "the watched column has too many different values, or a long one, so the poll is on hold",
        "watch a column with few short values, such as a status: see docs/templates.md",
    ),
    "POLL_IDS_REUSED": Code(
        True,
        "ids of the polled table are used again, as after TRUNCATE or a restored backup, so the poll is on hold",
        "run `notifier poll rebase`, which takes the rows that are there now as seen and gives later ones new "
        "identities; if no id is used again, `notifier poll resume`",
    ),
    "POLL_CURSOR_CHANGED": Code(
        True,
        "the template finds rows in another way, or rows have other times (`tz=`), than when the poll saw them, so it "
        "is on hold",
        "take the change back; or run `notifier poll start`, which takes the rows that are there now as seen",
    ),
    "POLL_TIMES_UNFIT": Code(
        True,
        "more rows have a time in the future than the poll can remember, so it is on hold",
        "leave them out of the SELECT, or poll by another column: see docs/templates.md",
    ),
    "POLL_ID_UNFIT": Code(
        True,
        "the id of a polled row is empty or too long for an event; the row is left out and counted",
        "select a shorter id; publish an event for the row that was left out",
    ),
    "POLL_BUSY": Code(True, "another run of the poll has written its state", "nothing: the next run continues"),
    # Slack
    "SLACK_RATE_LIMITED": Code(True, "Slack asks to wait", "nothing: it is tried again"),
    "SLACK_UNAVAILABLE": Code(True, "the message did not reach Slack", "check NAT, DNS and Slack's status page"),
    "SLACK_AMBIGUOUS": Code(True, "nobody can know whether Slack took the message", "look in the channel"),
    "SLACK_UNREADABLE": Code(
        True,
        "the channel's history cannot be read, so nobody can know whether Slack took the message",
        "give the app channels:history and groups:history and invite it, or deploy with Slack=bot",
    ),
    "SLACK_REDIRECT": Code(
        True,
        "Slack's address answered with a redirect, which is never followed",
        "check api= in Slack, the webhook, and what stands between",
    ),
    "SLACK_CONFIG": Code(
        False,
        "Slack will not let the app post there",
        "invite the app, or correct the channel; docs/codes.md lists Slack's words",
    ),
    "SLACK_CREDENTIAL": Code(False, "Slack refuses the token or the webhook", "put a valid one into the secret"),
    "SLACK_CONTENT": Code(False, "Slack refuses the message's content", "preview the template"),
    "SLACK_HELD": Code(True, "an earlier message to this channel has to go first", "nothing: it is tried again"),
    "THREAD_BUSY": Code(
        True, "the first message of its thread is being posted by another event", "nothing: it is tried again"
    ),
    # The deployment
    "CONFIG_INVALID": Code(True, "the deployment's parameters are wrong", "correct those that the detail names"),
    "CONFIG_UNAVAILABLE": Code(
        True,
        "a secret, or a queue, cannot be reached",
        "check its name, the function's policy, and the way to AWS (NAT or endpoint)",
    ),
    "CONFIG_SECRET_FORMAT": Code(True, "a secret does not have the form it should", "see docs/deploy.md, Secrets"),
    "CATALOG_INVALID": Code(True, "the compiled templates are missing or damaged", "build and deploy again"),
    "LEDGER_UNAVAILABLE": Code(
        True,
        "the table that remembers deliveries cannot be reached, so nothing is posted",
        "check the table, the function's policy, and the way to DynamoDB (NAT or endpoint)",
    ),
    "LEDGER_BUSY": Code(True, "another attempt at this delivery is under way", "nothing: it is tried again"),
    "TIME_SHORT": Code(True, "the invocation has too little time left for this event", "nothing: it is tried again"),
    "INTERNAL": Code(True, "an error that has no name yet: a defect of the notifier", "report it, with the log line"),
}

# Codes that are tried again, but fewer times than the queue allows: at this attempt of the event they are final.
LAST_ATTEMPT: Final = {"DB_UNKNOWN_ERROR": 5}

# With these codes an event waits by a rule, and nothing is broken: its row may be late, another attempt is posting it
# or the first message of its thread, or Slack sets the pace. SLACK_HELD is not one: it is always behind a failure.
CHOSEN_WAITS: Final = frozenset(
    {
        "ROW_NOT_FOUND",
        "ROW_STALE",
        "ROW_STUB",
        "API_NOT_FOUND",
        "THREAD_BUSY",
        "LEDGER_BUSY",
        "SLACK_RATE_LIMITED",
    }
)


def bounded(text: str, size: int = MAX_DETAIL) -> str:
    """Return the text with secrets redacted, and cut to `size` characters with … at its end."""
    clean = redact(text)
    return clean if len(clean) <= size else clean[: size - 1] + "…"


class NotifierError(Exception):
    """A failure with a code of the table above and a detail that is safe to show anywhere.

    The detail has at most MAX_DETAIL characters, and nothing that looks like a secret. For an error that is `given_up`,
    the event has already waited as long as the template says.
    """

    _max_detail: ClassVar[int] = MAX_DETAIL

    def __init__(self, code: str, detail: str = "", *, given_up: bool = False) -> None:
        self.code = code
        self.detail = bounded(detail, self._max_detail)
        super().__init__(code, self.detail)
        self.given_up = given_up

    @property
    def retry(self) -> bool:
        """Whether the same event can succeed later with nothing changed by hand."""
        return CODES[self.code].retry and not self.given_up

    def __str__(self) -> str:
        return f"{self.code}: {self.detail or CODES[self.code].meaning}"


def named(error: Exception) -> NotifierError:
    """Return `error` itself, or INTERNAL with its type and place: its text may quote a row."""
    if isinstance(error, NotifierError):
        return error
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return NotifierError("INTERNAL", type(error).__name__ + place)


class EventError(NotifierError):
    """What the application published cannot be read as an event."""


class TemplateError(NotifierError):
    """What ops wrote does not fit the event, its rows, or Slack."""


class SourceError(NotifierError):
    """The database or an API did not give what a lookup asked for."""


class ConfigError(NotifierError):
    """The deployment is set up wrongly, or cannot read its own settings: its detail may list many mistakes."""

    _max_detail: ClassVar[int] = 8 * MAX_DETAIL


class SlackError(NotifierError):
    """Slack did not take the message. `reason` is Slack's own word for it, `retry_after` its wish in seconds."""

    def __init__(self, code: str, reason: str = "", retry_after: float | None = None) -> None:
        super().__init__(code, reason)
        self.reason = reason
        self.retry_after = retry_after
