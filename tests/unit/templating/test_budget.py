"""No operation of the language makes more than a message can hold, and all together are counted.

The tables below have to name every filter, test, operator and node that a template may use: what is added without a
bound fails here.
"""

from __future__ import annotations

import tracemalloc
from decimal import Decimal
from typing import Any

import pytest

from handler.errors import TemplateError
from handler.model import Leaf, LeafContext
from handler.templating import FILTERS, Templates
from handler.templating.arithmetic import _OPERATORS
from handler.templating.budget import MAX_SEQUENCE, MAX_TEXT, MAX_WORK, Budget
from handler.templating.filters import TESTS
from handler.templating.language import _ALLOWED, MAX_DEPTH, MAX_NODES

MEBIBYTE = 2**20
# Two texts that only what shows them may copy, a list of long texts, and numbers of any size.
CONTEXT: dict[str, Any] = {
    "a": "x &<é" * 400_000,
    "b": "山👍🏽\n" * 500_000,
    "rows": [{"note": "山" * 40_000, "n": n} for n in range(100)],
    "d": Decimal("1E+999999"),
    "n": 10**90,
    "row": {"k": "v"},
}
NESTED = "[[[[[1] * 200] * 200] * 200] * 200] * 200"
REFUSED = {"TEMPLATE_LIMIT", "TEMPLATE_FAILED", "TEMPLATE_FORBIDDEN", "TEMPLATE_UNDEFINED", "TEMPLATE_URL"}
TEMPLATES = Templates()


def leaf(source: str, context: LeafContext = "expression") -> Leaf:
    return Leaf(context, source, "f.yaml:3 text")


def ended(source: str, context: LeafContext = "expression", budget: int = MAX_WORK // 10) -> tuple[Any, int, int]:
    """What a source gives or the code of its error, what it is charged, and the bytes at its peak."""
    templates = TEMPLATES
    templates.check(leaf(source, context))  # compiling has a peak of its own
    tracemalloc.start()
    try:
        with templates.budget.notification():
            templates.budget.charge(MAX_WORK - budget)
            try:
                call = templates.evaluate if context == "expression" else templates.render
                result: Any = call(leaf(source, context), CONTEXT)
            except TemplateError as error:
                result = error.code
            spent = templates.budget.spent - (MAX_WORK - budget)
        return result, spent, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def refused(result: Any) -> bool:
    return isinstance(result, str) and result in REFUSED


def size(value: Any) -> int:
    return len(value) if isinstance(value, str | list) else 0


# Whatever a filter may be given, in every place: texts without end, huge numbers, lists of lists.
GIVEN = ("a", "rows", NESTED)
ARGUMENTS = ("", "(a)", "(9)", "('note')", f"({NESTED})", "(a, b)", "('-', 'note')")


@pytest.mark.parametrize("name", sorted(FILTERS))
@pytest.mark.parametrize("value", GIVEN)
def test_no_filter_makes_more_than_a_message_holds(name: str, value: str) -> None:
    for source in [f"({value}) | {name}{arguments}" for arguments in ARGUMENTS]:
        result, spent, peak = ended(source)
        assert refused(result) or spent > 0, source
        # `default` hands on what it is given; all others make something.
        assert name in ("default", "first", "last") or size(result) <= MAX_TEXT, source
        assert peak < 12 * MEBIBYTE, (source, peak)


@pytest.mark.parametrize("name", TESTS)
@pytest.mark.parametrize("value", [*GIVEN, "'%999999999d'", "'%s%%' * 2000"])
def test_no_test_makes_anything(name: str, value: str) -> None:
    argument = f"({NESTED})" if name == "in" else ""
    result, _, peak = ended(f"({value}) is {name} {argument}")
    assert isinstance(result, bool) or refused(result)
    assert peak < 2 * MEBIBYTE


OPERANDS = ("a", "d", "n", "rows", "'x' * 9999", NESTED)


@pytest.mark.parametrize("sign", [*_OPERATORS, "~", "==", "<", "in", "and", "or"])
@pytest.mark.parametrize("left", OPERANDS)
def test_no_operator_makes_more_than_a_message_holds(sign: str, left: str) -> None:
    for right in OPERANDS:
        source = f"({left}) {sign} ({right})"
        result, _, peak = ended(source)
        assert size(result) <= MAX_TEXT or sign in ("and", "or"), source
        assert peak < 4 * MEBIBYTE, (source, peak)


# For each node: a source in which it makes as much as it can, and whether that is charged; what is not cannot grow.
NODES: dict[str, tuple[str, LeafContext, bool]] = {
    "Template": ("", "plain", False),
    "Output": ("{{ a }}", "plain", True),
    "TemplateData": ("x" * MAX_TEXT, "plain", False),  # what the author wrote
    "If": ("{% if a %}x{% endif %}", "plain", False),
    "For": ("{% for r in rows %}{{ r.note }}{% endfor %}", "plain", True),
    "Name": ("a", "expression", False),
    "Const": ("'x'", "expression", False),
    "List": ("[" + "a, " * 900 + "b]", "expression", False),  # as long as the author wrote it
    "Tuple": ("(a, b)", "expression", False),
    "Getattr": ("row.k", "expression", False),
    "Getitem": ("row['k']", "expression", False),
    "Slice": ("a[1:]", "expression", True),
    "Filter": ("a | upper", "expression", True),
    "Test": ("[a] is in [[a]] * 100", "expression", True),
    "Keyword": ("a | number(decimals=b)", "expression", False),
    "CondExpr": ("a if a else b", "expression", False),
    "Compare": ("rows == rows + []", "expression", True),
    "Operand": ("a in rows", "expression", True),
    "And": ("a and b", "expression", False),
    "Or": ("a or b", "expression", False),
    "Not": ("not a", "expression", False),
    "Neg": ("-n", "expression", True),
    "Pos": ("+n", "expression", True),
    "Concat": ("a ~ b ~ a", "expression", True),
    "Add": ("a + b", "expression", True),
    "Sub": ("n - 1", "expression", True),
    "Mul": ("'x' * 9999", "expression", True),
    "Div": ("n / 7", "expression", True),
    "FloorDiv": ("n // 7", "expression", True),
    "Mod": ("n % 7", "expression", True),
    "Pow": ("9 ** 9", "expression", True),
}


def test_the_table_has_every_node() -> None:
    assert set(NODES) == {node.__name__ for node in _ALLOWED}


@pytest.mark.parametrize("name", NODES)
def test_every_node_is_charged_or_cannot_grow(name: str) -> None:
    source, context, charged = NODES[name]
    result, spent, peak = ended(source, context)
    assert (spent > 0) is charged
    assert size(result) <= MAX_TEXT or result is CONTEXT["a"] or result is CONTEXT["b"]
    assert peak < 12 * MEBIBYTE
    if charged:
        assert ended(source, context, budget=0)[0] == "TEMPLATE_LIMIT"


JOIN = "([1] * 200) | join(([1] * 200) | join('x' * 9999))"


@pytest.mark.parametrize(
    "source",
    [
        f"({JOIN})[:1]",
        f"(({JOIN}) ~ 'a')[:1]",
        f"({JOIN}) ~ ({JOIN})",
        f"({JOIN}) + ({JOIN})",
        "[" + ", ".join(["b ~ a"] * 200) + "] | length",
        "[" + ", ".join(["[1] * 10000"] * 200) + "] | length",
        "rows * 100 + rows",
        f"{NESTED} == {NESTED}",
        f"2 in {NESTED}",
        f"row[{NESTED}]",
        f"row[({NESTED}, 1)]",
    ],
)
def test_operations_that_multiply_one_another_stay_small(source: str) -> None:
    result, _, peak = ended(source)
    assert size(result) <= MAX_TEXT or refused(result)
    assert peak < 40 * MEBIBYTE


def test_all_leaves_of_a_notification_have_one_budget() -> None:
    templates = Templates()
    long = leaf("[" + ", ".join(["a ~ b"] * 250) + "] | length")
    templates.evaluate(long, CONTEXT)
    templates.evaluate(long, CONTEXT)
    templates.evaluate(long, CONTEXT)  # each with a budget of its own
    with templates.budget.notification():
        templates.evaluate(long, CONTEXT)
        templates.evaluate(long, CONTEXT)
        with pytest.raises(TemplateError, match=f"makes more than {MAX_WORK:,} bytes"):
            templates.evaluate(long, CONTEXT)
    with templates.budget.notification():
        assert templates.evaluate(long, CONTEXT) == 250


def test_constants_are_not_computed_while_a_template_is_compiled() -> None:
    templates = Templates()
    with templates.budget.notification():
        templates.check(leaf("{{ ('x' ~ 'y') | upper }}{{ 'a' }}", "mrkdwn"))
        assert templates.budget.spent == 0


def test_a_list_is_bounded_before_it_is_made() -> None:
    with pytest.raises(TemplateError, match="TEMPLATE_LIMIT"):
        Budget().charge_list(MAX_SEQUENCE + 1)


# Constructs that stand in one another: how `depth` of them are written.
DEEP = {
    "+": lambda depth: "1" + " + 1" * depth,
    "~": lambda depth: "('a' ~ " * depth + "'b'" + ")" * depth,
    "and": lambda depth: "1" + " and 1" * depth,
    "not": lambda depth: "not " * depth + "1",
    "-": lambda depth: "- " * depth + "1",
    "if else": lambda depth: "1 if 0 else " * depth + "2",
    "in": lambda depth: "(1 in [" * depth + "1" + "])" * depth,
    "is": lambda depth: "(" * depth + "1" + " is number)" * depth,
    "is in": lambda depth: "(1 is in [" * depth + "1" + "])" * depth,
    "<": lambda depth: "(1 < " * depth + "1" + ")" * depth,
    "filter": lambda depth: "1" + " | default(2)" * depth,
    "filter in filter": lambda depth: "(1 | default(" * depth + "1" + "))" * depth,
    "list": lambda depth: "[" * depth + "1" + "]" * depth,
    "tuple": lambda depth: "(" * depth + "1" + ",)" * depth,
    "attribute": lambda depth: "row" + ".k" * depth,
    "item": lambda depth: "row" + "['k']" * depth,
    "slice": lambda depth: "a" + "[1:]" * depth,
    "brackets": lambda depth: "(" * depth + "1" + ")" * depth,
}


@pytest.mark.parametrize("name", DEEP)
def test_what_stands_in_one_another_is_compiled_or_named(name: str) -> None:
    """As deep as is allowed, it is more than Jinja and Python fail for; deeper, it is a final error with a place."""
    step = {"in": 3, "is in": 2, "<": 2, "~": 2, "filter in filter": 2}.get(name, 1)
    allowed = (MAX_DEPTH - 3) // step if name != "brackets" else 20
    Templates().check(leaf(DEEP[name](allowed)))
    Templates().check(leaf("{{ " + DEEP[name](allowed) + " }}", "plain"))
    for depth in (MAX_DEPTH + 1, 210, 5_000):
        with pytest.raises(TemplateError) as caught:
            Templates().check(leaf(DEEP[name](depth if name != "brackets" else depth + 100)))
        assert caught.value.code == "TEMPLATE_LIMIT"
        assert caught.value.detail.startswith("f.yaml:3 text: parts")
        assert "compute it in the SQL" in caught.value.detail


@pytest.mark.parametrize("depth", [MAX_DEPTH - 3, 100, 5_000])
def test_conditions_in_one_another_are_compiled_or_named(depth: int) -> None:
    source = "{% if 1 %}" * depth + "x" + "{% endif %}" * depth
    if depth < MAX_DEPTH:
        assert Templates().render(leaf(source, "plain"), {}) == "x"
        return
    with pytest.raises(TemplateError, match="TEMPLATE_LIMIT: f.yaml:3 text: parts"):
        Templates().render(leaf(source, "plain"), {})


def test_as_many_parts_as_are_allowed_can_be_compiled() -> None:
    branches = "".join(f"{{% elif 1 == {n} %}}a" for n in range(2, MAX_NODES // 8))
    assert Templates().render(leaf("{% if 1 == 0 %}a" + branches + "{% else %}b{% endif %}", "plain"), {}) == "b"
    with pytest.raises(TemplateError, match="more than 3,000 parts"):
        Templates().check(leaf("{{ 1 }}" * MAX_NODES, "plain"))
