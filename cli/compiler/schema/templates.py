"""The schema of `templates/<event type>.yaml`."""

from __future__ import annotations

from typing import Final

from cli import moments
from cli.compiler import channels, crontab, durations, lateness, polls, queries
from cli.compiler.cron_fields import FIELDS
from cli.compiler.schema.parts import (
    ALIAS,
    LANGUAGES,
    NAME,
    TIME_ZONE,
    Schema,
    choice,
    described,
    each,
    exactly_one,
    expression,
    keys,
    listed,
    literal,
    matching,
    not_with,
    ref,
    text,
)
from cli.compiler.template import MAX_OWNER, REQUIRED

_ALIAS: Final = matching(
    ALIAS, "an alias has small letters, digits, _ and -, and no #", "An alias from the files in _stages/.", "orders"
)
_CHANNEL: Final[Schema] = {
    "description": "The alias of a channel, or a list of aliases: the message then goes once to each.",
    "if": {"type": "array"},
    "then": listed(_ALIAS, minItems=1, uniqueItems=True),
    "else": _ALIAS,
}
_ROUTE: Final = keys(
    {
        "when": expression("Where this holds, the message goes to `channel`.", "order.total >= 1000"),
        "channel": _CHANNEL,
    },
    required=("channel",),
)
_ID: Final[Schema] = {
    "description": "The form of the event's id, checked before any query.",
    "if": {"type": "object"},
    "then": keys(
        {"pattern": described({"type": "string"}, "A regular expression for all of the id.", "[A-Z]{2}[0-9]+")},
        required=("pattern",),
    ),
    "else": choice({"integer": "A whole number of 64 bits.", "uuid": "A UUID."}, "The form of the event's id."),
}
_EXPECT: Final = choice(
    {
        "one": "Exactly one row, or an object (the default).",
        "optional": "One, or nothing: the name is then empty.",
        "many": "A list, of at most 100 rows.",
    },
    "How much the lookup finds.",
)


def _duration(allowed: durations.Range, words: str, *examples: str, usual: str = "") -> Schema:
    """Return the schema of a duration; `words` say what it is for, `usual` what the default is."""
    bounds = f"{durations.written(allowed.least)} to {durations.written(allowed.most)}"
    message = f"a time such as {', '.join(examples[:-1])} or {examples[-1]}"
    return {
        "description": f"{words}: {bounds}{usual and f'; {usual} if it is left out'}.",
        "examples": list(examples),
        "if": {"type": "string"},
        "then": {"pattern": f"^{durations.FORM}$", "patternErrorMessage": message},
        "else": {"type": "integer", "minimum": round(allowed.least), "maximum": round(allowed.most)},
    }


_LATE: Final[dict[str, Schema]] = {
    "wait": _duration(lateness.WAIT, "How long an event waits for its row", "30s", "5m", "2h", usual="5m"),
    "missing": choice(
        {
            "park": "The event goes to the dead-letter queue (the default).",
            "skip": "Nothing is posted.",
            "render": "Post now: the name is then empty, and the message is edited once the row is there.",
        },
        "What follows when nothing has been found for as long as `wait` says.",
    ),
}
_NOT_LATE: Final = not_with("expect", ("optional", "many"), lateness.KEYS, "`wait` and `missing` go with `expect: one`")
_DATABASE: Final = matching(
    f"^{queries.DATABASE}$", "small letters", "Which database, where there are several.", "default"
)
_SQL: Final = keys(
    {
        "sql": literal("One SELECT. `:id` is the event's id.", "SELECT number, total FROM orders WHERE id = :id"),
        "bind": described(
            each(expression("A bare expression.", "order.customer_id"), NAME), "Values for further parameters."
        ),
        "db": _DATABASE,
        "expect": _EXPECT,
        **_LATE,
    },
    required=("sql",),
    **_NOT_LATE,
)
_PATH: Final = ("^([a-z][a-z0-9_-]*:)?/(?!/)", "a path begins with /, or with an API's name and :/, and has no host")
_ON_FAILURE: Final = choice(
    {
        "retry": "The message waits until the API answers (the default).",
        "without": "Post now: the name is then empty, and the message says so.",
    },
    "What follows when the API does not answer.",
)
_API: Final = keys(
    {
        "get": matching(*_PATH, "The path of a GET.", "/customers/{{ order.customer_id }}"),
        "expect": _EXPECT,
        "on_failure": _ON_FAILURE,
        **_LATE,
    },
    required=("get",),
    **_NOT_LATE,
)
_FAN_OUT: Final = keys(
    {
        "get_all": matching(
            *_PATH, "The path of a GET that every instance of the API is asked.", "cache:/keys/{{ id }}"
        ),
        "on_failure": _ON_FAILURE,
    },
    required=("get_all",),
)
_LOOKUP: Final[Schema] = {
    "title": "A lookup: `sql` for the database, `get` for an API, or `get_all` for every instance of one",
    "if": {"required": ["get"]},
    "then": _API,
    "else": {"if": {"required": ["get_all"]}, "then": _FAN_OUT, "else": _SQL},
}
_ROWS: Final[Schema] = {
    "description": "More new rows than this become one message: 1 to 1000, or `never`; 100 if it is left out.",
    "examples": [100, "never"],
    "if": {"type": "string"},
    "then": {"pattern": f"^([0-9]+|{polls.NEVER})$", "patternErrorMessage": f"a whole number, or {polls.NEVER}"},
    "else": {"type": "integer", "minimum": 1, "maximum": polls.MAX_ROWS},
}
_CATCH_UP: Final = keys(
    {
        "rows": _ROWS,
        "age": _duration(
            polls.AGE, "Rows that are found after a pause longer than this become one message", "30m", "1h", "1d"
        ),
    },
    minProperties=1,
)


def _crontab() -> str:
    """Return the pattern of a cron expression with five fields."""
    number, named = "[0-9]{1,2}", "([0-9]{1,2}|[A-Za-z]{3})"
    parts = {value: rf"(\*(/[0-9]+)?|{value}(-{value}(/[0-9]+)?)?)" for value in (number, named)}
    fields = [parts[named if field.words else number] for field in FIELDS]
    return r"\s+".join(f"{one}(,{one})*" for one in fields)


_EVERY: Final = _duration(polls.EVERY, "How often the table is read", "1m", "15m", "1d")
_POLL: Final = keys(
    {
        "every": {
            **_EVERY,
            "description": f"{_EVERY['description'].removesuffix('.')}; or when, as five fields of crontab.",
            "examples": [*_EVERY["examples"], crontab.USUAL],
            "then": {
                "pattern": f"^{durations.FORM}$|^\\s*{_crontab()}\\s*$",
                "patternErrorMessage": f"a time such as 1m, 15m or 1d, or five fields such as {crontab.USUAL}",
            },
        },
        "time_zone": matching(
            *TIME_ZONE,
            "The time zone of a cron expression; that of the template, or of the stage, if it is left out.",
            "Asia/Tokyo",
        ),
        "sql": literal(
            "One SELECT without parameters: of `id`; of `watched` if changes of it are events; of `at`, a time, if new "
            "rows are found by it.",
            "SELECT o.id FROM orders o WHERE o.is_test = 0",
        ),
        "db": _DATABASE,
        "longest_transaction": _duration(
            polls.LONGEST, "How long a transaction may take", "1h", "24h", "3d", usual="24h"
        ),
        "catch_up": described(_CATCH_UP, "When many new rows become one message."),
        "identity": described(
            {"enum": [[*one] for one in polls.IDENTITIES]}, "Which events of one row count as the same one."
        ),
        "start": matching(
            f"^({polls.NOW}|{moments.PATTERN})$",
            f"write now, or a time with its zone, such as {moments.EXAMPLE}",
            "The first run posts the rows that were created, or have a time `at`, from then on; with `now` none.",
            polls.NOW,
            moments.EXAMPLE,
        ),
    },
    required=polls.REQUIRED,
)
_SAMPLE: Final = keys(
    {
        "id": described({"type": ["string", "integer"]}, "The event's id."),
        "data": described({"type": ["object", "null"]}, "The event's extras."),
        "lookups": described({"type": "object"}, "What each lookup finds: a row, a list of rows, or null."),
    },
    required=("id",),
)

TEMPLATE: Final[Schema] = keys(
    {
        "description": text("For people."),
        "owner": matching(
            f"^[^\\n]{{1,{MAX_OWNER}}}\\n?$",
            f"one line of at most {MAX_OWNER} characters",
            "Whom to ask about this notification: a team or a person. It is never posted.",
            "Payments team",
        ),
        "event": matching(
            r"^[a-z0-9_]+(\.[a-z0-9_]+)*$",
            "an event type has small letters, digits and _, in parts with dots between",
            "The event's type, where it is not the file's name.",
            "order.created",
        ),
        "id": _ID,
        "channel": _CHANNEL,
        "route": described(
            listed(_ROUTE, minItems=1),
            "Which channel when: the first that holds counts, and one without `when` always.",
        ),
        "lookups": described(each(ref("lookup"), NAME), "What to read, by name; later ones may use earlier ones."),
        "when": expression("Where this is false, nothing is posted.", "order.total > 0"),
        "text": text("The message. With `blocks` it is the line in the notification.", "Order *{{ order.number }}*"),
        "blocks": described(listed(ref("block")), "The layout of the message."),
        "thread": text("Messages of one channel with the same text here are one thread.", "order-{{ order.number }}"),
        "update": described({"type": "boolean"}, "Edit the thread's first message instead of replying to it.", True),
        "version": matching(
            r"^\s*\w+(\.\w+)+\s*$",
            "one column of a lookup, as order.updated_at",
            "The column that is compared with the event's `version`, to tell a row that is not up to date yet.",
            "order.updated_at",
        ),
        "time_zone": matching(
            *TIME_ZONE, "The time zone of its messages; that of the stage if it is left out.", "Asia/Tokyo"
        ),
        "language": choice(LANGUAGES, "The language of its messages; that of the stage if it is left out."),
        "poll": described(_POLL, "New rows of a table become events: no application has to publish them."),
        "samples": described(each(ref("sample"), minProperties=1), "Events with what their lookups find."),
    },
    required=REQUIRED,
    title="A notification: what is posted when an event happens",
    dependencies={"update": ["thread"]},
    **exactly_one(channels.KEYS, "a template has either `channel` or `route`"),
)
PARTS: Final[dict[str, Schema]] = {"lookup": _LOOKUP, "sample": _SAMPLE}
