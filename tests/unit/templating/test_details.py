"""What an error of a template says: never a value, never a key of a document, and never more than can be read."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import MAX_DETAIL, NotifierError, TemplateError, named
from handler.model import Leaf, LeafContext, Row
from handler.templating import FILTERS, Templates, suggestion
from handler.templating.filters import TESTS
from handler.templating.suggestions import MAX_NAMES
from tests.unit.templating.examples import LOCALES

WHERE = "f.yaml:3 text"
CONTEXTS: tuple[LeafContext, ...] = ("mrkdwn", "plain", "url", "expression")
# A value of each type of the normal form, and what of it must never be read.
CANARIES: dict[str, Any] = {
    "str": "Kanarie",
    "number in a str": "918273645",
    "time in a str": "1987-06-05T04:03:02+01:00",
    "int": 918273645,
    "negative": -918273645,
    "Decimal": Decimal("91827.3645"),
    "datetime": datetime(1987, 6, 5, 4, 3, 2, tzinfo=UTC),
    "date": date(1987, 6, 5),
    "list": ["Kanarie", 918273645],
    "document": {"Kanarie": {"kanarie_key": "Kanarie"}},
    "row": Row(name="Kanarie"),
    "none": None,
    "bool": True,
}
WORDS = ("kanarie", "918273645", "91827", "3645", "1987", "06-05")
GOOD = {"text": "text", "number": 17, "at": datetime(2026, 1, 5, 10, tzinfo=UTC), "rows": [Row(sku="TEA")]}
OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or")
KEYS = [
    "v[w]",
    "v[w].x",
    "v[w][w]",
    "v[w:]",
    "v[:w]",
    "v[::w]",
    "v.nmae",
    "v['nmae']",
    "v[w] | default(w) | upper",
    "v.kanari",
    "document[w]",
    "document.Kanari",
    "document.x[w]",
    "row[w]",
    "rows[w]",
    "(rows | first)[w]",
    "text[w]",
    "at[w]",
    "range(w)",
    "range(v, w)",
    "range(1, 2, w)",
    "v if w else v",
    "-v",
    "+v",
    "not v",
    "[v, w]",
    "(v, w)[w]",
    "v",
]


def calls(name: str) -> Iterator[str]:
    """A filter with the canaries at each of its places, by position and by name."""
    parameters = [one for one in inspect.signature(FILTERS[name]).parameters if one not in ("environment", "context")]
    for value in ("v", *GOOD):
        yield f"{value} | {name}"
        yield f"{value} | {name}(w)"
        yield f"{value} | {name}('', w)"
        yield f"{value} | {name}(2, w)"
        yield f"{value} | {name}(w, w, w, w)"
        yield from (f"{value} | {name}({parameter}=w)" for parameter in [*parameters, "nothing"])


EXPRESSIONS = {
    **{f"filter {name}": list(calls(name)) for name in FILTERS},
    **{f"operator {one}": [f"v {one} w", f"number {one} w", f"w {one} text"] for one in OPERATORS},
    **{f"test {one}": [f"v is {one}", f"v is {one}(w)", f"text is {one}(w)"] for one in TESTS},
    "keys": KEYS,
}
STATEMENTS = [
    "{% for x in v %}{{ x }}{{ x[w] }}{% endfor %}",
    "{% for x in v %}{{ loop.previtem }}{{ loop[w] }}{% endfor %}",
    "{% for x, y in v %}{{ x }}{% endfor %}",
    "{% for x, y in [v, w] %}{{ x }}{% endfor %}",
    "{% if v[w] %}a{% elif v > w %}b{% endif %}",
]


def details(source: str, context: LeafContext) -> Iterator[str]:
    """What is said of an expression that fails, with each canary beside itself and two others."""
    templates = Templates(locale=LOCALES["en"])
    leaf = Leaf(context, source, WHERE)
    canaries = list(CANARIES.values())
    for (place, v), step in itertools.product(enumerate(canaries), (0, 4, 9)):
        w = canaries[(place + step) % len(canaries)]
        values = {**GOOD, "document": {"Kanarie": {"x": "y"}}, "row": Row(name="x"), "now": GOOD["at"], "v": v, "w": w}
        try:
            (templates.evaluate if context == "expression" else templates.render)(leaf, values)
        except Exception as error:  # noqa: BLE001 - as the pipeline does
            yield named(error).detail


@pytest.mark.parametrize("subject", EXPRESSIONS)
def test_no_detail_holds_a_value_wherever_it_stands(subject: str) -> None:
    failed = 0
    for number, expression in enumerate(EXPRESSIONS[subject]):
        for context in {"expression", CONTEXTS[number % 3]}:
            source = expression if context == "expression" else f"{{{{ {expression} }}}}"
            for detail in details(source, context):
                failed += 1
                assert not any(word in detail.lower() for word in WORDS), (source, detail)
                assert len(detail) <= MAX_DETAIL
    assert failed or not subject.startswith("filter")


@pytest.mark.parametrize("source", STATEMENTS)
def test_no_detail_holds_a_value_of_a_statement(source: str) -> None:
    for detail in details(source, "mrkdwn"):
        assert not any(word in detail.lower() for word in WORDS), detail


@given(
    st.text(max_size=80).map("kanarie{}".format),
    st.sampled_from(
        ["o[n]", "r[n]", "n[n]", "n | label(n)", "n | mask(n)", "at | date(n)", "1 | money(n)", "[o] | join(n, n)"]
    ),
)
def test_a_computed_name_is_never_quoted(name: str, expression: str) -> None:
    values = {"o": {name: {}}, "r": Row(name="x"), "n": name, "at": GOOD["at"]}
    for source in (f"{{{{ {expression} }}}}", f"{{{{ {expression}.x }}}}"):
        try:
            Templates(locale=LOCALES["en"]).render(Leaf("mrkdwn", source, WHERE), values)
        except NotifierError as error:
            assert "kanarie" not in error.detail


@pytest.mark.parametrize("arguments", ["*v", "**v", "1, *v", "1, **v"])
@pytest.mark.parametrize("called", ["1 | round({})", "1 is in({})", "range({})"])
def test_a_key_of_a_document_never_becomes_the_name_of_an_argument(called: str, arguments: str) -> None:
    with pytest.raises(TemplateError, match="TEMPLATE_FORBIDDEN"):
        Templates().render(Leaf("plain", f"{{{{ {called.format(arguments)} }}}}", WHERE), {"v": {"kanarie": 1}})


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("{{ row.nmae }}", "there is no nmae; nearest: name"),
        ("{{ row['nmae'] }}", "there is no nmae; nearest: name"),
        ("{{ row[w] }}", "there is no [a computed name]; nearest: name"),
        ("{{ document.nmae }}", "there is no nmae"),
        ("{{ document[w] }}", "there is no [a computed name]"),
        (
            "{{ rows[7].sku }}",
            "there is no element 7; check before whether it is there: {{ rows[2].name if rows | length > 2 else '-' }}",
        ),
        ("{{ rows[w].sku }}", "a list has no [a computed name]"),
        ("{{ at | date('shrt') }}", "there is no style shrt; nearest: short"),
        ("{{ at | date(w) }}", "there is no style [a computed name]; known: iso, long, medium, short"),
        ("{{ text | mask(w) }}", "mask does not know [a computed name]; known: email, tail"),
    ],
)
def test_what_the_template_itself_names_is_said(source: str, says: str) -> None:
    values = {**GOOD, "row": Row(name="x", id=1), "document": {"name": "x"}, "w": "nam"}
    with pytest.raises(TemplateError) as caught:
        Templates(locale=LOCALES["en"]).render(Leaf("plain", source, WHERE), values)
    assert caught.value.detail == f"{WHERE}: {says}"


def test_a_row_whose_columns_are_called_after_values_suggests_none() -> None:
    row = Row(kanarie=1)
    row.named = False
    with pytest.raises(TemplateError) as caught:
        Templates().render(Leaf("plain", "{{ row.kanari }}", WHERE), {"row": row})
    assert caught.value.detail == f"{WHERE}: there is no kanari"


def test_a_large_document_makes_a_short_detail() -> None:
    document = {f"key_{number}": number for number in range(20_000)}
    for values in ({"document": document}, {"document": Row(document)}):
        with pytest.raises(TemplateError) as caught:
            Templates().render(Leaf("plain", "{{ document.kye_1 }}", WHERE), values)
        assert len(caught.value.detail) < 200


@pytest.mark.parametrize("count", [0, 1, MAX_NAMES, MAX_NAMES + 1, 5_000])
@pytest.mark.parametrize("name", ["column_7", "zzz", "", "x" * 100_000])
def test_at_most_five_names_are_suggested_of_however_many(name: str, count: int) -> None:
    said = suggestion(name, (f"column_{number}" for number in range(count)))
    assert said.count("column_") <= MAX_NAMES
    assert said.endswith("…") == (said.startswith("known") and count > MAX_NAMES)


def test_every_detail_is_bounded_and_without_what_has_the_form_of_a_secret() -> None:
    error = NotifierError("INTERNAL", "password=kanarie " + "x" * 10_000)
    assert len(error.detail) == MAX_DETAIL
    assert error.detail.startswith("password=[redacted] xxx")
    assert error.detail.endswith("x…")
    assert "kanarie" not in str(error) + repr(error) + str(error.args)
