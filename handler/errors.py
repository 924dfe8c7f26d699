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
        "the function was invoked with an event that is neither an SQS batch nor an SNS batch",
        "invoke it through its queue or topic; tests/events/ has examples",
    ),
    "EVENT_ENVELOPE": Code(
        False,
        "the message has an envelope that is not an SNS notification",
        "publish the event itself as the message body",
    ),
    "EVENT_NOT_JSON": Code(False, "the message is not JSON", 'publish {"type": "...", "id": ...}'),
    "EVENT_NOT_OBJECT": Code(False, "the message is JSON, but not an object", 'publish {"type": "...", "id": ...}'),
    "EVENT_DUPLICATE_KEY": Code(False, "a key occurs twice in the message", "send each key once"),
    "EVENT_ENCODING": Code(False, "the message contains text that is not valid Unicode", "send UTF-8"),
    "EVENT_TOO_LARGE": Code(
        False,
        "the message or a number in it is too large, or it is nested too deeply",
        "send only the type and the id; the template reads the rest",
    ),
    "EVENT_FIELD_MISSING": Code(False, "a required field is missing", "add the field that the detail names"),
    "EVENT_FIELD_INVALID": Code(False, "a field has the wrong form", "see docs/event.schema.json"),
    "EVENT_TYPE_INVALID": Code(
        False,
        "the type is not a valid name, such as order.created",
        "use lower-case words, digits and _, joined by dots; at most 128 characters",
    ),
    "EVENT_TYPE_UNKNOWN": Code(
        False, "no template exists for this type", "add templates/<type>.yaml, or deploy with EventTypes=known"
    ),
    "EVENT_ID_INVALID": Code(
        False,
        "the id does not have the form that the template declares",
        "send an id of the form that the template's `id:` declares",
    ),
    "EVENT_IDENTITY_REUSED": Code(
        False,
        "an earlier event had the same event_id, so this one was treated as its repetition and was not posted",
        "publish each event with its own event_id, or without one",
    ),
    "EVENT_STALE": Code(
        False,
        "the event was sent too long ago, or its `occurred_at` is too far in the past or in the future",
        "check the publisher's clock and `occurred_at`",
    ),
    "EVENT_VERSION": Code(
        False,
        "the event's version and the row's version cannot be compared",
        "publish as `version` the value of the column in the template's `version:`; both must be numbers, or "
        "both times",
    ),
    # Templates
    "TEMPLATE_SYNTAX": Code(
        False, "the syntax of an expression is wrong", "correct the expression that the detail names"
    ),
    "TEMPLATE_FORBIDDEN": Code(
        False, "an expression uses something that templates may not use", "see the list of filters in docs/templates.md"
    ),
    "TEMPLATE_MARKUP": Code(
        False,
        "an expression is in a place where Slack reads its value as markup: after a `<` in the template's own text",
        "make links and mentions with the filters `link` and `mention`; write &lt; for a literal <",
    ),
    "TEMPLATE_UNDEFINED": Code(
        False,
        "an expression uses a name that does not exist",
        "correct the name; for a column, the detail suggests similar names",
    ),
    "TEMPLATE_FAILED": Code(
        False, "an expression failed with the values of this row", "guard it: {{ x if x else '-' }}"
    ),
    "TEMPLATE_LIMIT": Code(
        False,
        "an expression is too large, takes too long, or produces a text or a number that is too large",
        "simplify it: see Limits in docs/templates.md",
    ),
    "TEMPLATE_URL": Code(
        False, "these values do not make a valid URL", "use values that are not empty, not . and not .."
    ),
    "TEMPLATE_BIND": Code(False, "a bound value is not a number, a text, a date or null", "bind a single column"),
    "MESSAGE_EMPTY": Code(False, "the text of the message is empty", "write a text that is never empty"),
    "BLOCK_LIMIT": Code(
        False, "a part of the message is larger than Slack allows", "shorten the part that the detail names"
    ),
    "QUERY_FORBIDDEN": Code(False, "the SQL is not a single plain SELECT", "write one SELECT"),
    "QUERY_INVALID": Code(
        False, "the database rejected the SQL", "check it with `notifier lint --db URL`, or run it by hand"
    ),
    "QUERY_LOSSY": Code(
        False,
        "the database lost a part of a value when it compared or converted it, so the rows may be wrong",
        "compare texts with texts, numbers with numbers, dates with dates; convert only values that can be converted",
    ),
    "QUERY_CUT": Code(
        False, "the database truncated the result", "read less: fewer rows in GROUP_CONCAT, a recursion that ends"
    ),
    "QUERY_DUPLICATE_COLUMN": Code(False, "two columns have the same name", "rename one of them with AS"),
    "ROW_VALUE_UNSUPPORTED": Code(False, "a column contains bytes", "select text: HEX(column), or column + 0 for BIT"),
    "TOO_MANY_ROWS": Code(False, "a lookup found more rows than it allows", "narrow the SQL, or use `expect: many`"),
    "ROWS_TOO_LARGE": Code(
        False,
        "one lookup, or all lookups together, read more data than a message may use",
        "select only what the message shows: LEFT(column, 3000) for a long text, or fewer rows",
    ),
    # The database and the API
    "ROW_NOT_FOUND": Code(
        True,
        "no row has this id, or the replica does not have the row yet",
        "check that the id exists; use `expect: optional` where it may not",
    ),
    "ROW_STUB": Code(
        True,
        "the message was posted without its row, which does not exist yet",
        "nothing: the message is edited once the row exists",
    ),
    "ROW_STALE": Code(
        True,
        "the row is older than the event's version, or the replica does not have the new version yet",
        "nothing if it passes when the replica catches up; else check that the event is published after the commit",
    ),
    "DB_NOT_REPLICATING": Code(
        True,
        "replication to the replica has stopped, so the row cannot appear",
        "start replication again; SHOW REPLICA STATUS says why it stopped",
    ),
    "DB_UNAVAILABLE": Code(True, "the database cannot be reached", "check its name, port and security group"),
    "DB_BUSY": Code(True, "the database has no free connection", "lower MaximumConcurrency"),
    "DB_TIMEOUT": Code(True, "the database did not answer in time", "add an index, or read less"),
    "DB_LOGIN": Code(True, "the database refused the login", "check the secret and the account's host and TLS rules"),
    "DB_DENIED": Code(False, "the database account may not read this", "GRANT SELECT on what the template reads"),
    "DB_TLS": Code(True, "the database's certificate is not trusted", "name its CA with ;ca= in Databases"),
    "DB_TIME_ZONE": Code(
        True,
        "the database does not know the time zone of ;tz= in Databases",
        "load the server's time zone tables (mysql_tzinfo_to_sql), or correct the name",
    ),
    "DB_UNKNOWN_ERROR": Code(
        True,
        "the database rejected the SQL with an error number that the notifier does not know",
        "run the SQL against the database by hand; look up the number in the database's manual",
    ),
    "DB_UNKNOWN": Code(False, "the template names a database that the deployment does not have", "add it to Databases"),
    "API_UNAVAILABLE": Code(
        True,
        "the API cannot be reached, or answers with a server error",
        "check whether the API runs, and the network path to it",
    ),
    "API_TIMEOUT": Code(
        True, "the API did not answer in time", "check the API's response time, and the network path to it"
    ),
    "API_NOT_FOUND": Code(
        True, "the API answers 404 for this path; it may appear later", "use `expect: optional` where it may be missing"
    ),
    "API_DENIED": Code(True, "the API refused the credentials", "check the API's secret"),
    "API_BAD_ANSWER": Code(
        False,
        "the API's answer is not a JSON document of 256 KiB or less",
        "correct the path in the template, or the API",
    ),
    "VALUE_UNUSABLE": Code(
        False,
        "the template uses a value from an API's answer that cannot be read",
        "fix the API, or write what to show instead: {{ x | default('-') }}",
    ),
    "API_NO_INSTANCE": Code(
        True,
        "no instance of the API is registered with an address and a port, or its name does not exist",
        "check that its tasks run and are healthy, and that the name in Apis is correct",
    ),
    "API_UNRESOLVED": Code(
        True,
        "Cloud Map or the DNS did not answer when asked for the API's address",
        "check the network path to them: see docs/discovery.md",
    ),
    "API_LOOKUP_DENIED": Code(
        True,
        "the function's role may not ask Cloud Map for the API's address",
        "allow servicediscovery:DiscoverInstances: see docs/discovery.md",
    ),
    "API_WRONG_SERVICE": Code(
        True,
        "a different service answers at the API's address",
        "nothing if it passes, because new tasks can get old addresses; else correct identity= or host= in Apis",
    ),
    "API_UNKNOWN": Code(False, "the template names an API that the deployment does not have", "add it to Apis"),
    "API_TLS": Code(True, "the API's certificate is not trusted", "name its CA with ;ca= in Apis"),
    # Polls
    "POLL_STATE_LOST": Code(
        True,
        "the state of the poll is lost; it cannot tell new rows from old ones, so it is on hold",
        "run `notifier poll start`, which counts all rows that exist now as seen",
    ),
    "POLL_STATE_UNREADABLE": Code(
        True,
        "the state of the poll was written by a newer version or is damaged, so the poll is on hold",
        "deploy the newer version again; if the state is damaged, run `notifier poll start`",
    ),
    "POLL_IDS_SPARSE": Code(
        True,
        "the ids of the polled rows have too many gaps to be remembered, so the poll is on hold",
        "poll a table whose ids the database assigns in sequence (AUTO_INCREMENT), or publish events instead",
    ),
    "POLL_VALUES_UNFIT": Code(
        True,
        "the watched column has too many different values, or a value that is too long, so the poll is on hold",
        "watch a column with few short values, such as a status: see docs/templates.md",
    ),
    "POLL_IDS_REUSED": Code(
        True,
        "the table uses ids again, for example after TRUNCATE or a restored backup, so the poll is on hold",
        "run `notifier poll rebase`, which counts the rows that exist now as seen and gives later rows new "
        "identities; if no id is used again, run `notifier poll resume`",
    ),
    "POLL_CURSOR_CHANGED": Code(
        True,
        "the template now finds rows in another way, or the times of the rows have changed (`tz=`), so the "
        "poll is on hold",
        "undo the change; or run `notifier poll start`, which counts all rows that exist now as seen",
    ),
    "POLL_TIMES_UNFIT": Code(
        True,
        "more rows than the poll can remember have a time in the future, so it is on hold",
        "exclude them from the SELECT, or poll by another column: see docs/templates.md",
    ),
    "POLL_ID_UNFIT": Code(
        True,
        "the id of a polled row is empty or too long for an event; the row is left out and counted",
        "select a shorter id; publish an event for the row that was left out",
    ),
    "POLL_BUSY": Code(True, "another run of the poll has written its state", "nothing: the next run continues"),
    # Slack
    "SLACK_RATE_LIMITED": Code(True, "Slack limits the rate of messages to this channel", "nothing: it is retried"),
    "SLACK_UNAVAILABLE": Code(True, "the message did not reach Slack", "check NAT, DNS and Slack's status page"),
    "SLACK_AMBIGUOUS": Code(
        True,
        "it is unknown whether Slack accepted the message",
        "look in the channel; replay the event if the message is not there",
    ),
    "SLACK_UNREADABLE": Code(
        True,
        "the channel's history cannot be read, so it is unknown whether Slack accepted the message",
        "give the app channels:history and groups:history and invite it, or deploy with Slack=bot",
    ),
    "SLACK_REDIRECT": Code(
        True,
        "Slack's address answered with a redirect, which the function never follows",
        "check api= in Slack, the webhook's URL, and any proxy on the path to Slack",
    ),
    "SLACK_CONFIG": Code(
        False,
        "Slack does not let the app post in this channel",
        "invite the app, or correct the channel; docs/codes.md lists Slack's own error words",
    ),
    "SLACK_CREDENTIAL": Code(False, "Slack rejected the token or the webhook", "put a valid one into the secret"),
    "SLACK_CONTENT": Code(False, "Slack rejected the content of the message", "preview the template, and correct it"),
    "SLACK_HELD": Code(True, "an earlier message to this channel must be posted first", "nothing: it is retried"),
    "THREAD_BUSY": Code(True, "another event is posting the first message of the thread", "nothing: it is retried"),
    # The deployment
    "CONFIG_INVALID": Code(
        True, "the deployment's parameters are wrong", "correct the parameters that the detail names"
    ),
    "CONFIG_UNAVAILABLE": Code(
        True,
        "a secret or a queue cannot be reached",
        "check its name, the function's policy, and the network path to AWS (NAT or endpoint)",
    ),
    "CONFIG_SECRET_FORMAT": Code(True, "a secret does not have the required form", "see docs/deploy.md, Secrets"),
    "CATALOG_INVALID": Code(True, "the compiled templates are missing or damaged", "build and deploy again"),
    "LEDGER_UNAVAILABLE": Code(
        True,
        "the state table, which records deliveries, cannot be reached, so nothing is posted",
        "check the table, the function's policy, and the network path to DynamoDB (NAT or endpoint)",
    ),
    "LEDGER_BUSY": Code(True, "another attempt is processing this delivery", "nothing: it is retried"),
    "TIME_SHORT": Code(True, "the invocation has too little time left for this event", "nothing: it is retried"),
    "INTERNAL": Code(
        True, "an error without a code of its own: a defect of the notifier", "report it with its log line"
    ),
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
