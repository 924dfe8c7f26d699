"""Strategies for fuzzing: bodies, payloads, rows, documents, and templates with mistakes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from handler.model import ApiLookup, Group, Leaf, Notification, Route, SqlLookup
from tests.kit import notification
from tests.unit.templating.examples import of_docstrings


@st.composite
def mutated(draw: Callable[..., Any], texts: st.SearchStrategy[str], pieces: st.SearchStrategy[str]) -> str:
    """Return a text with a few places changed."""
    text = draw(texts)
    for _ in range(draw(st.integers(1, 4))):
        place, length = draw(st.integers(0, len(text))), draw(st.integers(0, 6))
        text = text[:place] + draw(pieces | st.just("")) + text[place + length :]
    return text


def mostly(usual: Any, other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy that gives a usual value three times out of four."""
    return st.sampled_from([st.just(usual)] * 3 + [other]).flatmap(lambda chosen: chosen)


# ---- Events ----

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=16,
)
EVENT = json.dumps(
    {
        "type": "echo",
        "id": 7,
        "event_id": "e",
        "version": 3,
        "occurred_at": "2026-11-22T11:00:00Z",
        "data": {"a": 1.5},
    }
)
NEARLY = st.dictionaries(
    st.sampled_from(["type", "id", "event_id", "version", "occurred_at", "data"]),
    JSON | st.sampled_from(["echo", 1, "2026-11-22T12:00:00Z"]),
    max_size=6,
)


def enveloped(message: str) -> str:
    """Return a message in an SNS envelope, as a queue gets it."""
    attributes = {"type": {"Type": "String", "Value": "echo"}}
    return json.dumps(
        {"Type": "Notification", "MessageId": "m", "TopicArn": "t", "Message": message, "MessageAttributes": attributes}
    )


_PIECES = st.sampled_from(
    [
        *'{}[]",:\\0-+.eE',
        "null",
        "NaN",
        "1e400",
        "9" * 50,
        "\\ud800",
        "\\u0000",
        "\ud800",
        "\u202e",
        "\x00",
        "[" * 5000,
        '{"a":' * 5000,
    ]
)
BODIES = st.one_of(
    st.text(),
    st.text(alphabet=st.characters()),
    st.binary().map(lambda some: some.decode("utf-8", "replace")),
    st.binary().map(lambda some: some.decode("utf-8", "surrogateescape")),
    JSON.map(json.dumps),
    NEARLY.map(json.dumps),
    NEARLY.map(json.dumps).map(enveloped),
    mutated(st.sampled_from([EVENT, enveloped(EVENT)]), _PIECES),
)
_NUMBERS = st.integers().map(str) | st.sampled_from(["0", "-1", "9" * 30, "1e3", "１", ""]) | SCALARS
_MOMENTS = st.datetimes().map(str) | st.sampled_from(["2026-11-22T12:00:00.000Z", "2026-11-22", ""]) | SCALARS
_TYPED = st.dictionaries(
    st.sampled_from(["type", "first_sent_at", "replayed_at"]),
    st.dictionaries(st.sampled_from(["stringValue", "Value", "Type"]), st.just("String") | _MOMENTS, max_size=3) | JSON,
    max_size=3,
)
_SYSTEM = st.fixed_dictionaries({}, optional={"SentTimestamp": _NUMBERS, "ApproximateReceiveCount": _NUMBERS})
_RECORDS = st.fixed_dictionaries(
    {"eventSource": st.just("aws:sqs"), "messageId": mostly("m", SCALARS), "body": mostly(EVENT, SCALARS)},
    optional={"attributes": _SYSTEM | JSON, "messageAttributes": _TYPED | JSON, "receiptHandle": SCALARS},
) | st.fixed_dictionaries(
    {
        "EventSource": st.just("aws:sns"),
        "Sns": st.fixed_dictionaries(
            {"MessageId": mostly("m", SCALARS), "Message": mostly(EVENT, SCALARS)},
            optional={"Timestamp": _MOMENTS, "MessageAttributes": _TYPED | JSON, "Type": st.just("Notification")},
        ),
    }
)
PAYLOADS = JSON | st.fixed_dictionaries({"Records": JSON}) | st.fixed_dictionaries({"Records": st.lists(_RECORDS)})

# ---- Rows and documents ----

_NUMBERS_OF_ROWS = st.sampled_from([0, 1, -1, 7, 2**64 - 1, Decimal(0), Decimal("-0.5"), Decimal("1E+400"), True])
_MARKUP = st.sampled_from(["<!channel>", "<!here|x>", "<@U024BE7LH>", "<http://a.example|b>", "{{ row.b }}", "&lt;"])
_LONG = st.sampled_from(["&", "<!channel>", "😀", "あ", "x"]).map(lambda piece: piece * 5000)
_DECIMALS = st.decimals(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [Decimal("1E+999999"), Decimal("-1E-999999"), Decimal("0E+400"), Decimal("9" * 65), Decimal("-0")]
)
_TIMES = st.datetimes(timezones=st.just(UTC)) | st.sampled_from(
    [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
COLUMNS = st.one_of(
    st.sampled_from([None, "", " ", ".", "..", "0", "EUR", "oncall", "\u202e"]),
    st.booleans(),
    st.integers(),
    st.integers(-(2**63), 2**64 - 1),
    _DECIMALS,
    _TIMES,
    st.dates() | st.sampled_from([date.min, date.max]),
    st.text(alphabet="<>&!@#|*_~`{}%\"'\\\n\t\x00\u202e\u200da山😀\u0301", max_size=60),
    st.text(),
    _LONG,
)
# Columns whose values have one type, or any.
ROWS = st.sampled_from([_NUMBERS_OF_ROWS, _MARKUP, _LONG, COLUMNS]).flatmap(
    lambda kind: st.fixed_dictionaries({"a": kind, "b": kind})
)
_KEYS = st.text(max_size=5) | st.sampled_from(["a", "b", "name"])
DOCUMENTS = st.recursive(
    COLUMNS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=20,
)
_FILTERS = """
    upper abs length first last date datetime time weekday ago code mention title trim lower link(row.b) money('JPY')
    money(row.b) number(2) number(row.b) round(row.b) plural(row.b,'x') join(row.b) truncate(row.b) truncate(9)
    truncate_width(7) mask('tail') mask('email') label('order_status') trim(row.b) datetime(row.b) default(row.b)
    mention_person
"""
_OPERATORS = ["~", "+", "-", "*", "/", "//", "%", "**", ">", "==", "and", "or", "in", "not in"]
_SHOWN = [
    *("{{ row.a }}", "*{{ row.a }}*", "{{ row.a ~ row.b }}", "{{ row.a | upper }}", "{{ row.a | default('-') }}"),
    "{{ row.a if row.b else row.b }}",
]
_USED = [
    *(
        "{{ -row.a }}",
        "{{ not row.a }}",
        "{{ row.a[:3] }}",
        "{{ row.a[row.b] }}",
        "{{ row.a.year }}",
        "{{ row.a.name }}",
    ),
    *("{{ range(row.a) | join }}", "{% for one in row.a %}{{ loop.index }}{{ one }}{% endfor %}"),
]
USES = st.sampled_from(
    [
        _SHOWN,
        _USED,
        [f"{{{{ row.a {operator} row.b }}}}" for operator in _OPERATORS],
        [f"{{{{ row.a | {name} }}}}" for name in _FILTERS.split()],
    ]
).flatmap(st.sampled_from)


def layout(source: str) -> list[Any]:
    """Return a block of each kind that has this source everywhere that a value may be."""
    plain, marked = Leaf("plain", source, "f:1"), Leaf("mrkdwn", source, "f:1")
    text = {"type": "mrkdwn", "text": marked, "verbatim": True}
    return [
        {"type": "header", "text": {"type": "plain_text", "text": plain}},
        {"type": "section", "text": text, "fields": [text, {"type": "mrkdwn", "text": "here", "verbatim": True}]},
        {"type": "context", "elements": [text]},
        {"type": "table", "rows": [[{"type": "raw_text", "text": plain}, {"type": "raw_text", "text": "here"}]]},
    ]


# ---- Templates ----

ROW = SqlLookup("row", "SELECT 1", {}, where="f:1")
_GOOD = [
    *(source for _, source, _, _ in of_docstrings()),
    "*{{ row.a }}*: {{ row.b | default('-') }}",
    "{% for one in data.rows[:3] %}{{ loop.index }}. {{ one.sku | upper }}\n{% endfor %}",
    "{% if row.a > 3 and row.b is not none %}high{% elif row.a %}low{% else %}none{% endif %}",
    "{{ (row.a * 1.1 + 3) // 2 ** 2 % 7 }} {{ row.a if row.a else '-' }} {{ not row.b }}",
    "{{ data.rows | join(', ', 'sku') | truncate(20) }} {{ row['a'] }} {{ data.rows[0].sku[:1] }}",
    "row.a > 3 and data.rows | length == 2",
    "/customers/{{ row.a }}/orders?x={{ row.b }}",
]
_TOKENS = """
    {{ }} {% %} {# #} | ( ) [ ] . , ' " ~ ** * - // : == = < ! for in if else elif endif endfor not is and or set
    include row row.a data.rows loop range( self __class__ none true upper money join attr format lipsum recursive
    |safe é
"""
SOURCES = st.text() | mutated(
    st.sampled_from(_GOOD),
    st.sampled_from(
        [*_TOKENS.split(), *(f" {token} " for token in _TOKENS.split()), "\n", "\x00", "9" * 30, "1e999", "'x' * 99999"]
    ),
)
PLACES = st.sampled_from(["text", "when", "thread", "route", "bind", "version", "path", "block", "loop"])


def at(place: str, source: str) -> Notification:
    """Return a notification of `bent` with this source in one place."""
    bare, marked = Leaf("expression", source, "f:1"), Leaf("mrkdwn", source, "f:1")
    group = Group([{"type": "section", "text": {"type": "mrkdwn", "text": "x", "verbatim": True}}], bare, "one", bare)
    changes: dict[str, Any] = {
        "text": {"text": source},
        "when": {"when": bare},
        "thread": {"thread": marked},
        "route": {"routes": [Route(["vip"], bare), Route(["orders"])]},
        "bind": {"lookups": [ROW, SqlLookup("more", "SELECT 1", {"x": bare}, where="f:1")]},
        "version": {"version": bare},
        "path": {"lookups": [ROW, ApiLookup("api", Leaf("url", source, "f:1"))]},
        "block": {"blocks": layout(source)},
        "loop": {"blocks": [group]},
    }[place]
    return notification(**{"text": "it is {{ id }}", "name": "bent", "event": "bent", "lookups": [ROW], **changes})
