"""An odd value of an API's answer: nothing where it is not used, an error with a name wherever it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handler.adapters.http import api_answers
from handler.errors import NotifierError, TemplateError
from handler.model import ApiLookup, Group, Leaf, LeafContext, SqlLookup
from handler.outcome import State
from handler.templating import FILTERS, Templates
from handler.templating.filters import TESTS
from handler.templating.filters.arguments import parameters
from handler.templating.language import TemplateEnvironment
from tests.kit import FakeApi, FakeDatabase, expression, notification, pipeline, plenty, record

KEY = "c4n4ry"  # of the document: no detail may quote it
# Members of a document that no program reads alike.
ODD = {
    "the smallest double": "4.9E-324",
    "55 digits after the point": "0." + "1234567890" * 5 + "12345",
    "55 digits": "1234567890" * 5 + "12345",
    "an exponent": "1E400",
    "an exponent beyond any decimal": "1e99999999999999999999",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "-Infinity": "-Infinity",
    "a key twice": f'1, "{KEY}": 2',
    "a key thrice": f'1, "{KEY}": 2, "\\u00634n4ry": 3',
}


def document(member: str = "4.9E-324") -> dict[str, Any]:
    found = api_answers._parsed(f'{{"fine": 1.5, "{KEY}": {member}, "list": [1, NaN]}}'.encode())
    assert isinstance(found, dict)
    return found


def evaluated(source: str, context: LeafContext = "mrkdwn", **values: Any) -> Any:
    templates = Templates()
    leaf = Leaf(context, source, "f.yaml:3 text")
    known = {"doc": document(), **values}
    return templates.evaluate(leaf, known) if context == "expression" else templates.render(leaf, known)


def refused(source: str, context: LeafContext = "mrkdwn", **values: Any) -> NotifierError:
    with pytest.raises(TemplateError) as caught:
        evaluated(source, context, **values)
    return caught.value


@pytest.mark.parametrize("member", ODD.values(), ids=ODD)
def test_what_is_not_used_is_no_error_and_what_is_used_has_a_name(member: str) -> None:
    assert evaluated("{{ doc.fine }}", doc=document(member)) == "1.5"
    error = refused(f"{{{{ doc.{KEY} }}}}", doc=document(member))
    assert error.code == "VALUE_UNUSABLE"
    assert not error.retry
    assert error.detail.startswith("f.yaml:3 text: the API's answer has ")
    assert KEY not in error.detail
    assert member not in error.detail


ARGUMENTS = {"label": "('x')", "money": "('EUR')", "plural": "('a', 'b')", "truncate": "(3)", "truncate_width": "(3)"}
SIGNS = TemplateEnvironment.intercepted_binops
OPERATORS = [*sorted(SIGNS), "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"]


@pytest.mark.parametrize("name", sorted(set(FILTERS) - {"default"}))
def test_every_filter_refuses_it(name: str) -> None:
    assert refused(f"{{{{ doc.{KEY} | {name}{ARGUMENTS.get(name, '')} }}}}").code == "VALUE_UNUSABLE"


@pytest.mark.parametrize(
    ("name", "argument"),
    [(name, one) for name in sorted(set(FILTERS) - {"default"}) for one in parameters(FILTERS[name])],
)
def test_every_argument_of_a_filter_refuses_it(name: str, argument: str) -> None:
    needed = {"plural": {"one": "'a'"}}.get(name, {})
    given = ", ".join(f"{key}={value}" for key, value in {**needed, argument: f"doc.{KEY}"}.items())
    assert refused(f"{{{{ doc.fine | {name}({given}) }}}}").code == "VALUE_UNUSABLE"


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_refuses_it_on_its_left(operator: str) -> None:
    assert refused(f"doc.{KEY} {operator} [1]", "expression").code == "VALUE_UNUSABLE"


@pytest.mark.parametrize("operator", sorted(set(OPERATORS) - {"and", "or"}))
def test_every_operator_refuses_it_on_its_right(operator: str) -> None:
    assert refused(f"1 {operator} doc.{KEY}", "expression").code == "VALUE_UNUSABLE"


@pytest.mark.parametrize("test", sorted(set(TESTS) - {"defined", "undefined", "none", "number", "string"}))
def test_every_test_that_looks_at_the_value_refuses_it(test: str) -> None:
    argument = "([1])" if test == "in" else ""
    assert refused(f"doc.{KEY} is {test}{argument}", "expression").code == "VALUE_UNUSABLE"


@pytest.mark.parametrize(
    "source",
    [
        f"{{{{ doc.{KEY}.x }}}}",
        f"{{{{ doc.{KEY}[0] }}}}",
        f"{{% if doc.{KEY} %}}x{{% endif %}}",
        f"{{% for x in doc.{KEY} %}}x{{% endfor %}}",
        f"{{{{ 'x' if doc.{KEY} else 'y' }}}}",
        f"{{{{ not doc.{KEY} }}}}",
        f"{{{{ -doc.{KEY} }}}}",
        f"{{{{ 1 | default(doc.{KEY}) ~ doc.{KEY} }}}}",
        "{{ doc.list[1] }}",
        "{{ doc.list | last }}",
        "{{ doc.list | join }}",
        "{{ 2 in doc.list }}",
        "{% for x in doc.list %}{{ x }}{% endfor %}",
        f"{{% for x in range(doc.{KEY}) %}}{{% endfor %}}",
        f"{{% for x in range(1, doc.{KEY}) %}}{{% endfor %}}",
        f"{{{{ doc[doc.{KEY}] }}}}",
        f"{{{{ doc.list[doc.{KEY}] }}}}",
        f"{{{{ 'a'[doc.{KEY}] }}}}",
        f"{{{{ 'a'[doc.{KEY}:] }}}}",
        f"{{{{ 'a'[:doc.{KEY}] }}}}",
        f"{{{{ doc.list[::doc.{KEY}] | length }}}}",
        f"{{{{ 'a' * doc.{KEY} }}}}",
    ],
)
def test_every_other_use_refuses_it(source: str) -> None:
    assert refused(source).code == "VALUE_UNUSABLE"


@pytest.mark.parametrize("context", ["plain", "url", "mrkdwn", "expression"])
def test_every_context_refuses_it(context: LeafContext) -> None:
    source = f"doc.{KEY}" if context == "expression" else f"{{{{ doc.{KEY} }}}}"
    assert refused(source, context).code == "VALUE_UNUSABLE"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (f"{{{{ doc.{KEY} | default('-') }}}}", "-"),
        (f"{{{{ 'yes' if doc.{KEY} is defined else 'no' }}}}", "no"),
        (f"{{{{ doc.{KEY} is undefined }}}}", "true"),
        (f"{{{{ doc.{KEY} is none }}}}", "false"),
        ("{{ doc.list | length }}{{ doc.list | first }}{{ 1 in doc.list }}", "21true"),
    ],
)
def test_it_counts_as_missing_where_a_template_asks_whether_it_is_there(source: str, shown: str) -> None:
    assert evaluated(source) == shown


def test_half_of_a_pair_becomes_the_sign_for_what_cannot_be_read() -> None:
    """As WHATWG's and Unicode's decoders do, so that the text can go to Slack, into SQL, and into a log."""
    found = api_answers._parsed(b'{"a": "cut \\ud83d", "b": "\\ud83d\\ude00", "c": "\\\\ud83d", "\\udc00": 1}')
    assert found == {"a": "cut \ufffd", "b": "😀", "c": "\\ud83d", "\ufffd": 1}


def test_a_control_character_within_a_text_is_read() -> None:
    assert api_answers._parsed(b'{"a": "x\ny\tz"}') == {"a": "x\ny\tz"}


def test_twenty_six_thousand_keys_of_which_each_is_there_twice() -> None:
    body = json.dumps({f"k{number}": 1 for number in range(13_000)})
    found = api_answers._parsed(f"{body[:-1]}, {body[1:]}".encode())
    assert isinstance(found, dict)
    assert len(found) == 13_000
    assert refused("{{ doc.k7 }}", doc=found).code == "VALUE_UNUSABLE"


PLACE = "order.created.yaml:8"
ASK = ApiLookup("doc", Leaf("url", "/c/{{ id }}", f"{PLACE} lookups.doc.get"))
FIND = SqlLookup("row", "SELECT 1 AS name", {"x": expression(f"doc.{KEY}")}, where=f"{PLACE} lookups.row")
EVENT = {"type": "order.created", "id": 1, "version": 3}


def ended(**changes: Any) -> tuple[str, str, str]:
    """The state, code and detail of an event whose API answers with one odd value."""
    api = FakeApi(lambda path: document())
    database = FakeDatabase(lambda sql, parameters: pytest.fail("nothing may be bound"))
    shown = notification(**{"text": "{{ doc.fine }}", "lookups": [ASK], **changes})
    run = pipeline(shown, api=api, database=database).run([record(EVENT)], plenty)
    (outcome,) = [one for one in run if not one.notice]
    return outcome.state.value, outcome.code, outcome.detail


def test_an_event_is_delivered_whose_template_does_not_use_it() -> None:
    assert ended()[0] == State.DELIVERED


@pytest.mark.parametrize(
    "use",
    [
        {"text": f"{{{{ doc.{KEY} }}}}"},
        {"when": expression(f"doc.{KEY} > 1")},
        {"when": expression(f"doc.{KEY}")},
        {"version": expression(f"doc.{KEY}")},
        {"thread": Leaf("plain", f"{{{{ doc.{KEY} }}}}", f"{PLACE} thread")},
        {"lookups": [ASK, FIND]},
        {"lookups": [ASK, ApiLookup("other", Leaf("url", f"/c/{{{{ doc.{KEY} }}}}", f"{PLACE} lookups.other.get"))]},
        {"blocks": [{"type": "header", "text": Leaf("plain", f"{{{{ doc.{KEY} }}}}", f"{PLACE} blocks[0]")}]},
        {"blocks": [Group([{"type": "divider"}], name="x", over=expression(f"doc.{KEY}"))]},
    ],
    ids=["text", "when >", "when", "version", "thread", "bind", "get", "block", "for"],
)
def test_an_event_is_parked_whose_template_uses_it_and_the_place_is_named(use: dict[str, Any]) -> None:
    state, code, detail = ended(**use)
    assert (state, code) == (State.PARKED, "VALUE_UNUSABLE")
    assert detail.startswith("order.created.yaml:")
    assert KEY not in detail
