"""Every operator, test, loop variable, part of a time, name and style of the guides: lint takes it, and it works."""

from __future__ import annotations

import re

import pytest

from cli.compiler.names import KEYWORDS
from handler.templating import language
from handler.templating.filters import TESTS, texts, wording
from tests.sample_run import run

from .conftest import STAGE, Compile
from .test_docs import DOCS, JAPANESE

TEMPLATE = """\
id: integer
channel: orders
lookups:
  order: {{sql: "SELECT at, due, note, total, items FROM orders WHERE id = :id"}}
  rows: {{sql: "SELECT sku FROM items WHERE id = :id", expect: many}}
text: |
  {}
samples:
  one:
    id: 7
    data: {{source: shop}}
    lookups:
      order: {{at: 2026-01-05T10:20:30Z, due: 2026-01-05, note: null, total: 12.5, items: 3}}
      rows: [{{sku: TEA-1}}, {{sku: TEA-2}}, {{sku: TEA-3}}]
"""
STAGES = {"_stages/test.yaml": f"{STAGE}vars: {{admin: https://x}}\nprefix: ''\n"}
LOOP = "{{% for row in rows %}}{{{{ {} }}}} {{% endfor %}}"

ENGLISH = wording.WORDINGS["en"]
WORD = re.compile(r"[A-Za-z]\w*")
Cases = dict[str, tuple[str, str]]
OPERATORS: Cases = {
    "+": ("{{ order.total + 1 }}", "13.5"),
    "-": ("{{ order.total - 1 }}", "11.5"),
    "*": ("{{ order.total * 2 }}", "25.0"),
    "/": ("{{ order.items / 2 }}", "1.5"),
    "//": ("{{ order.items // 2 }}", "1"),
    "%": ("{{ order.items % 2 }}", "1"),
    "**": ("{{ order.items ** 2 }}", "9"),
    "~": ("{{ 'a' ~ order.items }}", "a3"),
    "==": ("{{ order.items == 3 }}", "true"),
    "!=": ("{{ order.items != 3 }}", "false"),
    "<": ("{{ order.items < 3 }}", "false"),
    "<=": ("{{ order.items <= 3 }}", "true"),
    ">": ("{{ order.items > 3 }}", "false"),
    ">=": ("{{ order.items >= 3 }}", "true"),
    "and": ("{{ order.items == 3 and id == 7 }}", "true"),
    "or": ("{{ order.items == 4 or id == 7 }}", "true"),
    "not": ("{{ not order.note }}", "true"),
    "in": ("{{ order.items in [1, 3] }}", "true"),
    "x if y else z": ("{{ order.note if order.note else 'none' }}", "none"),
}
IS: Cases = {
    "defined": ("{{ order is defined }}", "true"),
    "undefined": ("{{ order is undefined }}", "false"),
    "none": ("{{ order.note is none }}", "true"),
    "number": ("{{ order.total is number }}", "true"),
    "string": ("{{ data.source is string }}", "true"),
    "even": ("{{ order.items is even }}", "false"),
    "odd": ("{{ order.items is odd }}", "true"),
    "in": ("{{ order.items is in [1, 2] }}", "false"),
}
IN_A_LOOP: Cases = {
    "index": (LOOP.format("loop.index"), "1 2 3"),
    "index0": (LOOP.format("loop.index0"), "0 1 2"),
    "first": (LOOP.format("loop.first"), "true false false"),
    "last": (LOOP.format("loop.last"), "false false true"),
    "length": (LOOP.format("loop.length"), "3 3 3"),
    "revindex": (LOOP.format("loop.revindex"), "3 2 1"),
    "previtem": (LOOP.format("loop.previtem.sku if not loop.first else '-'"), "- TEA-1 TEA-2"),
    "nextitem": (LOOP.format("loop.nextitem.sku if not loop.last else '-'"), "TEA-2 TEA-3 -"),
}
OF_A_TIME: Cases = {
    "year": ("{{ order.at.year }}", "2026"),
    "month": ("{{ order.at.month }}", "1"),
    "day": ("{{ order.due.day }}", "5"),
    "hour": ("{{ order.at.hour }}", "10"),
    "minute": ("{{ order.at.minute }}", "20"),
    "second": ("{{ order.at.second }}", "30"),
}
NAMES: Cases = {
    "id": ("{{ id }}", "7"),
    "type": ("{{ type }}", "order.created"),
    "data": ("{{ data.source }}", "shop"),
    "event": ("{{ event.event_id | default('-') | length > 0 }}", "true"),
    "event.event_id": ("{{ event.event_id is defined }}", "true"),
    "event.version": ("{{ event.version | default('none') }}", "none"),
    "event.occurred_at": ("{{ event.occurred_at | default('none') }}", "none"),
    "now": ("{{ now | date('iso') }}", "2026-01-05"),
    "vars": ("{{ vars.admin }}", "https://x"),
    "order.items": ("{{ order.items }}", "3"),
    "items": ("{{ order.items }}", "3"),
}
STYLES: Cases = {
    **{f"date {style}": (f"{{{{ order.at | date('{style}') }}}}", "5") for style in ENGLISH.dates},
    **{f"datetime {style}": (f"{{{{ order.at | datetime('{style}') }}}}", "10:20") for style in ENGLISH.dates},
    **{f"weekday {style}": (f"{{{{ order.at | weekday('{style}') }}}}", "Mon") for style in ENGLISH.weekdays},
    **{f"mask {kind}": (f"{{{{ 'ada@example.org' | mask('{kind}') }}}}", "••••") for kind in texts._MASKS},
}
STATEMENTS: Cases = {
    "if": ("{% if order.note %}a{% elif order.items == 3 %}b{% else %}c{% endif %}", "b"),
    "for": ("{% for row in rows[:2] %}{{ row.sku }} {% endfor %}", "TEA-1 TEA-2"),
    "for if": ("{% for row in rows if row.sku != 'TEA-2' %}{{ row.sku }} {% else %}none{% endfor %}", "TEA-1 TEA-3"),
    "nested": (
        "{% for a in range(2) %}{% for b in range(1, 3) %}{{ a }}{{ b }} {% endfor %}{% endfor %}",
        "01 02 11 12",
    ),
    "range": ("{% for n in range(0, 10, 5) %}{{ n }} {% endfor %}", "0 5"),
    "brackets": ("{{ order['total'] }} {{ rows[0].sku }} {{ rows[-1]['sku'] }}", "12.5 TEA-1 TEA-3"),
    "comment": ("{# not shown #}a", "a"),
    "dates": ("{{ (order.at | date('iso')) == (order.due | date('iso')) }}", "true"),
    "constants": ("{{ [true, True, false, False, none, None] | length }}", "6"),
    "times": ("{{ order.at < now }}", "true"),
}
ALL = {"operator": OPERATORS, "test": IS, "loop": IN_A_LOOP, "time": OF_A_TIME, "name": NAMES, "statement": STATEMENTS}


def text_of(compiled: Compile, source: str) -> str:
    compilation = compiled(TEMPLATE.format(source), STAGES)
    assert compilation.findings == ()
    [one] = run(compilation)
    [message] = one.messages
    return message.text


@pytest.mark.parametrize(
    ("source", "shown"),
    [pytest.param(*case, id=f"{kind} {name}") for kind, cases in ALL.items() for name, case in cases.items()],
)
def test_what_the_guides_name_works(compiled: Compile, source: str, shown: str) -> None:
    assert text_of(compiled, source) == shown


@pytest.mark.parametrize(("source", "part"), STYLES.values(), ids=STYLES.keys())
def test_every_style_works(compiled: Compile, source: str, part: str) -> None:
    assert part in text_of(compiled, source)


def listed(page: str, title: str) -> str:
    """The point of the list under "Expressions" that begins with this word."""
    found = re.search(rf"(?m)^- \*\*{title}\*\*:((?:.*\n)(?:  .*\n)*)", page)
    assert found, title
    return found[1]


@pytest.mark.parametrize(("page", "title"), [(DOCS, "Operators"), (JAPANESE, "演算子")], ids=["en", "ja"])
def test_every_operator_of_the_guides_has_a_case(page: str, title: str) -> None:
    spans = re.findall(r"`([^`]+)`", listed(page, title))
    words = [word for span in spans for word in ([span] if " if " in span else span.split())]
    assert {*words} == {*OPERATORS}


@pytest.mark.parametrize(("page", "title"), [(DOCS, "Parts of a time"), (JAPANESE, "日時の各部分")], ids=["en", "ja"])
def test_every_part_of_a_time_has_a_case(page: str, title: str) -> None:
    assert {*OF_A_TIME} == language._DATE_PARTS
    assert {*re.findall(r"`(\w+)`", listed(page, title))} == language._DATE_PARTS


@pytest.mark.parametrize(("page", "title"), [(DOCS, "Names"), (JAPANESE, "名前")], ids=["en", "ja"])
def test_every_name_has_a_case(page: str, title: str) -> None:
    assert {*re.findall(r"`([\w.]+)`", listed(page, title))} <= {*NAMES}


def test_every_test_and_loop_variable_has_a_case() -> None:
    assert [*IS] == [*TESTS]
    assert {*IN_A_LOOP} == language._LOOP_PARTS


def test_every_word_of_the_language_has_a_case() -> None:
    assert {*KEYWORDS} <= {
        word for cases in ALL.values() for source, _ in cases.values() for word in WORD.findall(source)
    }
