"""Families of bad input that the pipeline handles, each with its number in docs/faults.md and at least ten cases.

Other families are rejected earlier (settings at deployment, templates at build time) or in an adapter, and are tested
there.
"""

from __future__ import annotations

import json
from typing import Any, Final

# Values that occur only in an event and in a row, so that a leak is found.
CANARY: Final = "c4n4ry"
DEEP: Final = 50_000

# The input, and the error code that it must end in.
Case = tuple[str, str]


def event(**fields: Any) -> str:
    return json.dumps({"type": "good", "id": 1, "data": {"secret": CANARY}, **fields})


def without(*names: str, **more: Any) -> str:
    fields = {"type": "good", "id": 1, "data": {"secret": CANARY}, **more}
    return json.dumps({name: value for name, value in fields.items() if name not in names})


def wrapped(message: object, times: int = 1, **changes: Any) -> str:
    for _ in range(times):
        message = json.dumps({"Type": "Notification", "MessageId": "m", "Message": message, **changes})
    return str(message)


def each(code: str, *given: str) -> list[Case]:
    return [(one, code) for one in given]


WHOLE: Final = event()
# Searching for each key separately would take seconds.
MANY_KEYS: Final = event(**{f"k{number}": 1 for number in range(15_000)})[:-1] + ', "k14999": 2}'
# Bodies of messages.
BODIES: Final[dict[int, list[Case]]] = {
    1: [
        *each("EVENT_NOT_JSON", "", " ", "\n", "hello", "{", "{'type': 'good'}", '{"type": good}', "//"),
        *each("EVENT_NOT_JSON", "\ufeff" + WHOLE, '{"type": "good",}', "{type: good}"),
        *each("EVENT_NOT_JSON", WHOLE[: len(WHOLE) // 2], WHOLE[:-1], WHOLE + WHOLE, WHOLE + " x", wrapped("hello")),
        *each("EVENT_NOT_JSON", '{"type": "good", "id": NaN}', '{"type": "good", "id": -Infinity}', '{"a": "\n"}'),
    ],
    2: each(
        "EVENT_NOT_OBJECT",
        *("[]", "[{}]", "0", "1042", "-1", "1.5", "true", "false", "null", '""', '"good"'),
        *(wrapped("[1]"), wrapped("null")),
    ),
    3: [
        *each("EVENT_FIELD_MISSING", "{}", without("type"), without("id"), without("type", "id")),
        *each("EVENT_FIELD_MISSING", wrapped("{}"), wrapped(without("id")), wrapped(without("type"))),
        *each("EVENT_FIELD_MISSING", without("type", typ="a"), '{"ID": 1, "TYPE": "x"}', event(type=None)),
        *each("EVENT_FIELD_MISSING", without("type", event_type="good"), without("id", order_id=1)),
    ],
    4: [
        (event(type=name), "EVENT_TYPE_UNKNOWN")
        for name in ("god", "goods", "a", "0", "order.created", "good.created", "goodgood", "x" * 128, "g_o_o_d", "_")
    ],
    5: [
        (event(id=value), "EVENT_ID_INVALID")
        for value in (
            *("1abc", "1 or 1=1", " 1", "1 ", "1e3", "0x10", "01", "+1", "", "１", "1\n", "1;--", "' OR ''='"),
            "x" * 201,
            *(True, False, None, 1.5, [1], {"id": 1}, 2**64, -(2**63) - 1),
        )
    ],
    6: [
        (event(id=7).replace("7", "9" * digits, 1), "EVENT_TOO_LARGE") for digits in (41, 400, 5000, 100_000)
    ] + [
        *each("EVENT_TOO_LARGE", event(note="x" * 262_144), event(data={"x": "y" * 1_000_000}), '{"id": 1e400}'),
        *each("EVENT_TOO_LARGE", '{"id": 1e999999999999999999999}', '{"id": 1E-400}', '{"id": 0.' + "1" * 50 + "}"),
        ('{"type": "good", "id": 1, "data": ' + "[" * DEEP + "]" * DEEP + "}", "EVENT_TOO_LARGE"),
        ('{"type": "good", "id": 1, "data": ' + '{"a":' * DEEP + "1" + "}" * DEEP + "}", "EVENT_TOO_LARGE"),
        ("[" * DEEP, "EVENT_TOO_LARGE"),
    ],
    7: each(
        "EVENT_DUPLICATE_KEY",
        *('{"id": 1, "id": 2}', '{"id": 1, "id": 1}', '{"type": "good", "type": "good", "id": 1}'),
        '{"a": 1, "\\u0061": 2}',
        *('{"type": "good", "id": 1, "data": {"x": 1, "x": 2}}', '{"data": [{"x": 1, "x": 1}]}', '{"": 1, "": 2}'),
        *('{"event_id": "a", "event_id": "b"}', '{"a": {"b": {"c": 1, "c": 2}}}', '{"id": 1, "a": 1, "id": 1}'),
        MANY_KEYS,
        *('{"Type": "Notification", "Type": "Notification"}', wrapped('{"id": 1, "id": 2}'), '[{"a": 1, "a": 2}]'),
    ),
    8: [
        *each("EVENT_ENVELOPE", '{"Type": "Notification"}', '{"Type": "UnsubscribeConfirmation"}', '{"Type": null}'),
        *each("EVENT_ENVELOPE", '{"Type": 7}', '{"Type": "SubscriptionConfirmation", "MessageId": "", "Message": ""}'),
        *each("EVENT_ENVELOPE", '{"Type": "Notification", "MessageId": "m"}', wrapped({"type": "good"})),
        *each("EVENT_ENVELOPE", '{"Type": "Notification", "Message": "{}"}', wrapped(WHOLE, Type="notification")),
        *each("EVENT_ENVELOPE", wrapped(None), wrapped(WHOLE, MessageId=5), wrapped(WHOLE, 5)),
        *each("EVENT_ENVELOPE", wrapped(WHOLE, MessageId=None), wrapped('{"Type": "Notification"}')),
    ],
    9: [
        *each("EVENT_ENCODING", event(id="\ud800"), event(note="\udfff"), event(data={"\ud83d": 1})),
        *each("EVENT_ENCODING", event(data=["\ud83d"])),
        *each("EVENT_ENCODING", '{"type": "\\ud800", "id": 1}', '{"\\udead": 1}', wrapped('{"id": "\\ud800"}')),
        *each("EVENT_ENCODING", '"\\ud800"', event(event_id="\udc00"), '{"id": 1, "note": "\ud800"}'),
        *each("EVENT_FIELD_INVALID", event(event_id="a\x00b"), event(event_id="a\u202eb"), event(event_id="\u2028")),
        *each("EVENT_FIELD_INVALID", event(version="\x1b[31m"), event(event_id="a\nb"), event(occurred_at="\x00")),
    ],
    10: each(
        "EVENT_TYPE_INVALID",
        *(event(type=name) for name in ("../x", "/etc/passwd", "a/b", "a\\b", "good\n", "Good", "good..", "..")),
        *(event(type=name) for name in ("x" * 129, "x" * 300, "", " good", "good-x", "good.yaml\x00", "gööd")),
        *(event(type=name) for name in ("a b", "%2e", ".good")),
        *(event(type=value) for value in (5, True, 1.5, [], ["good"], {}, {"good": 1})),
    ),
    11: each(
        "EVENT_STALE",
        *(event(occurred_at=f"{day}T12:00:00Z") for day in ("2026-10-01", "2026-01-01", "2001-01-01", "0001-01-01")),
        *(event(occurred_at=f"{day}T12:00:00+09:00") for day in ("2026-10-22", "2026-11-24", "9999-12-30")),
        *(event(occurred_at=f"2026-11-22T{clock}") for clock in ("13:00:01Z", "23:00:00Z", "13:00:00-09:00")),
        event(occurred_at="2026-10-23T11:59:59.999Z"),
    ),
}  # fmt: skip

ROW: Final[dict[str, Any]] = {
    "name": CANARY,
    "nothing": None,
    "seven": 7,
    "blank": "  ",
    "hidden": "\u202e",
    "list": [CANARY],
}
# Template texts for that row.
SOURCES: Final[dict[int, list[Case]]] = {
    13: each(
        "TEMPLATE_UNDEFINED",
        *("{{ row.nmae }}", "{{ rwo.name }}", "{{ name }}", "{{ row['nmae'] }}", "{{ row.name.x }}"),
        "{{ row.nothing.x }}",
        *("{{ row.list[9] }}", "{{ row.list[0].x }}", "{% for x in row.lsit %}{% endfor %}", "{% if rwo %}{% endif %}"),
        *("{{ data.x }}", "{{ vars.x }}", "{{ event.x }}", "{{ row.seven.real }}", "{{ loop.index }}"),
    ),
    14: each(
        "TEMPLATE_FORBIDDEN",
        *("{{ row.name | uper }}", "{% include 'x' %}", "{% import 'x' as x %}", "{% from 'x' import y %}"),
        *("{% extends 'x' %}", "{% set x = 1 %}", "{% macro m() %}{% endmacro %}", "{% call m() %}{% endcall %}"),
        *("{% filter upper %}a{% endfilter %}", "{{ 1 is callable }}", "{{ row.name | map('upper') }}"),
        "{{ {'a': 1} }}",
        *("{{ row.name | tojson }}", "{% block b %}{% endblock %}", "{{ row.name.upper() }}"),
    ),
    15: [
        *each("TEMPLATE_UNDEFINED", "{{ row.name.__class__ }}", "{{ ''.__class__.__mro__ }}", "{{ row.__init__ }}"),
        *each("TEMPLATE_UNDEFINED", "{{ row.name['__class__'] }}", "{{ lipsum }}", "{{ cycler }}", "{{ config }}"),
        *each("TEMPLATE_FORBIDDEN", "{{ row.name | attr('x') }}", "{{ self }}", "{{ '%s' % row.name }}"),
        *each("TEMPLATE_FORBIDDEN", "{{ x.format(1) }}", "{{ ''.format_map(row) }}", "{{ lipsum.__globals__() }}"),
        *each("TEMPLATE_FORBIDDEN", "{{ row.name | format(1) }}"),
        *each("TEMPLATE_LIMIT", "{{ 'x' * 99999999 }}", "{{ 9 ** 9 ** 9 ** 9 }}", "{{ range(10 ** 9) | length }}"),
    ],
    16: each(
        "MESSAGE_EMPTY",
        *("{{ row.nothing }}", " {{ row.nothing }} ", "\n", "{# x #}", "{% if false %}x{% endif %}", "{{ row.blank }}"),
        *("{{ '' }}", "{{ row.nothing | default('') }}", "{% for x in [] %}x{% endfor %}", "{{ row.hidden }}", "\t\n "),
        *("{{ 'x' if row.nothing else '' }}", "{{ row.nothing | upper }}", "{{ row.name[:0] }}"),
    ),
}  # fmt: skip
