"""What the guides, the table of filters and the filters' own examples show passes lint, and is posted as shown."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest

from cli.compiler import lateness, locales, lookups, polls, stages, tables, template
from cli.compiler.faults import Scope
from cli.compiler.findings import Place, Report
from cli.compiler.leaves import Leaves
from cli.compiler.loops import GROUPING
from cli.compiler.nodes import Scalar
from cli.compiler.render_samples import NOW
from cli.compiler.short_forms import SHORT_FORMS
from handler import catalog
from handler.model import Event, Row
from handler.stages.enrich import enrich
from handler.stages.render import render
from handler.templating import FILTERS, Templates
from handler.templating.filters.arguments import parameters
from tests.unit.templating.examples import CONTEXT, of_docs, of_docstrings, rendered

from .conftest import Compile
from .test_docs import DOCS, JAPANESE, completed, examples, refused

STAGE = """\
channels: {orders: C0ORDERS01}
fallback: C0FALLBACK
mentions: {oncall: S024BE7LD, ada: U024BE7LH, all: here}
people: {ada@example.org: U024BE7LH, 17: S024BE7LD}
"""
STAGES = {
    "_stages/test.yaml": STAGE,
    "_stages/en.yaml": STAGE,
    "_stages/ja.yaml": f"{STAGE}language: ja\ntime_zone: Asia/Tokyo\n",
}
EXAMPLES = [
    *of_docstrings(),
    *of_docs("docs/templates.md", "Filters"),
    *of_docs("docs/ja/templates.md", "フィルター"),
    *(
        (name, f"{{{{ {source} }}}}", shown, "en")
        for name, source, shown in (
            ("join", "rows | join(', ', attribute='sku')", "TEA-1, TEA-2"),
            ("join", "rows | join(attribute='sku')", "TEA-1TEA-2"),
            ("join", "list.l | join", "ab"),
            ("join", "list.l | join('-')", "a-b"),
            ("trim", "'--tea-' | trim(characters='-')", "tea"),
            ("default", "order.note | default(instead='-')", "-"),
        )
    ),
]
# What the examples name: tests/unit/templating/examples.py.
TEMPLATE = """\
id: integer
channel: orders
lookups:
  order: {{sql: "SELECT at, note FROM orders WHERE id = :id"}}
  rows: {{sql: "SELECT sku FROM items WHERE id = :id", expect: many}}
  list: {{get: "/lists/{{{{ id }}}}"}}
text: |
  {}
samples:
  one:
    id: 1
    lookups:
      order: {{at: 2026-01-05T10:00:00Z, note: null}}
      rows: [{{sku: TEA-1}}, {{sku: TEA-2}}]
      list: {{l: [a, b]}}
"""
LABELS = {"en": "order_status: {shipped: On its way}\n", "ja": "order_status: {shipped: 発送済み}\n"}


def posted(document: dict[str, Any], language: str, answers: dict[str, Any]) -> str:
    """The text that the function makes of the catalog, as it is deployed."""
    loaded = catalog.read(json.loads(json.dumps(document)), language)
    [notification] = loaded.notifications["order.created"]
    templates = Templates(locale=notification.locale(loaded.stage.locale))
    context = enrich(
        Event("order.created", 1, "e"), notification, lambda lookup, _: answers[lookup.name], NOW, loaded.stage.vars
    ).context
    return render(notification, context, templates).text


@pytest.mark.parametrize(("name", "source", "shown", "language"), EXAMPLES)
def test_an_example_of_a_filter_passes_lint_and_is_posted_as_shown(
    compiled: Compile, name: str, source: str, shown: str, language: str
) -> None:
    assert name in FILTERS
    compilation = compiled(TEMPLATE.format(source), {**STAGES, "_labels.yaml": LABELS[language]})
    assert [finding for finding in compilation.findings if finding.severity == "error"] == []
    answers = dict(compilation.samples[0].answers)
    assert posted(compilation.catalog, language, answers) == shown.strip()


# An example of each argument that the guides' tables of filters name.
GIVEN = {
    "currency": "'EUR'", "style": "'short'", "instead": "'-'", "separator": "'-'", "attribute": "'sku'",
    "group": "'order_status'", "label": "'x'", "kind": "'tail'", "decimals": "1", "grouping": "false", "one": "'item'",
    "many": "'items'", "characters": "'-'", "size": "3",
}  # fmt: skip
ON = {"join": "rows", "date": "order.at", "datetime": "order.at", "weekday": "order.at"}
NEEDED = {"plural": ["one"], "join": ["attribute"]}


def arguments(page: str) -> dict[str, list[str]]:
    """The arguments of each filter in the first column of a guide's table of filters."""
    found: dict[str, list[str]] = {}
    for name, _, written in re.findall(r"(?m)^\| `(\w+)(\((.*?)\))?` \|", page):
        found.setdefault(name, []).extend(re.findall(r"[^,\s]+", written))
    return {name: given for name, given in found.items() if name in FILTERS}


@pytest.mark.parametrize("page", [DOCS, JAPANESE], ids=["en", "ja"])
def test_the_table_names_every_argument_of_every_filter(page: str) -> None:
    assert arguments(page) == {name: list(parameters(FILTERS[name])) for name in FILTERS}


@pytest.mark.parametrize(
    ("name", "argument"), [(name, one) for name, given in arguments(DOCS).items() for one in given]
)
def test_an_argument_of_the_table_can_be_given_by_its_name(compiled: Compile, name: str, argument: str) -> None:
    named = dict.fromkeys([*NEEDED.get(name, ()), argument])
    source = f"{ON.get(name, '1')} | {name}({', '.join(f'{one}={GIVEN[one]}' for one in named)})"
    compilation = compiled(TEMPLATE.format(f"-{{{{ {source} }}}}"), {**STAGES, "_labels.yaml": LABELS["en"]})
    assert [finding for finding in compilation.findings if finding.severity == "error"] == []
    assert len(posted(compilation.catalog, "en", dict(compilation.samples[0].answers))) > 1


WRONG = [
    ("rows | join(column='sku')", "`join` has no argument column: it takes separator and attribute"),
    ("rows | join(', ', 'sku', 3)", "`join` is given 3 arguments: it takes separator and attribute"),
    ("rows | join(', ', separator='-')", "`join` is given separator twice: it takes separator and attribute"),
    ("'a' | upper(3)", "`upper` is given 1 argument: it takes none"),
    ("'a' | upper(value=3)", "`upper` has no argument value: it takes none"),
    ("'a' | trim(ends='-')", "`trim` has no argument ends: it takes characters"),
    ("'a' | truncate(characters=3)", "`truncate` has no argument characters: it takes size"),
    ("1 | number(1, false, 3)", "`number` is given 3 arguments: it takes decimals and grouping"),
    ("order.at | ago(1)", "`ago` is given 1 argument: it takes none"),
    ("order.note | default('-', true)", "`default` is given 2 arguments: it takes instead"),
]


@pytest.mark.parametrize(("source", "message"), WRONG)
def test_an_argument_that_a_filter_has_not_is_a_finding(compiled: Compile, source: str, message: str) -> None:
    findings = compiled(TEMPLATE.format(f"-{{{{ {source} }}}}"), STAGES).findings
    [finding] = [one for one in findings if one.severity == "error"]
    assert (finding.code, finding.message) == ("TEMPLATE_FAILED", message)
    assert finding.fix.startswith("write ")


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_every_filter_refuses_what_it_does_not_take(compiled: Compile, name: str) -> None:
    for given in ("nothing=1", ", ".join("1" * 9)):
        findings = compiled(TEMPLATE.format(f"{{{{ 1 | {name}({given}) }}}}"), STAGES).findings
        found = [finding.message for finding in findings if finding.code == "TEMPLATE_FAILED"]
        assert [message for message in found if message.startswith(f"`{name}` ") and ": it takes " in message]


# Every expression in the running text and in the tables of the guides; those in examples are compiled by test_docs.py.
WRITTEN = sorted({
    expression
    for page in (DOCS, JAPANESE)
    for span in re.findall(r"`([^`\n]*(?:`[A-Z][^`\n]*`)?[^`\n]*)`", re.sub(r"(?ms)^```.*?^```$", "", page))
    for expression in re.findall(r"\{\{.*?\}\}", span.replace("\\|", "|"))
    if re.search(r"\w", expression)
    and not any(one in expression for one in ("...", "名前", *refused(page)))
})  # fmt: skip


def test_the_guides_have_expressions() -> None:
    assert len(WRITTEN) > 40


@pytest.mark.parametrize("source", WRITTEN)
def test_an_expression_of_the_guides_passes_lint(source: str) -> None:
    report = Report()
    names = (*re.findall(r"[a-z]\w*", source),)
    leaves = Leaves(report, Templates(), Scope(names))
    leaves.leaf("mrkdwn", Scalar(Place("f.yaml"), source, source))
    assert report.findings() == ()


# What the expressions of the running text name, beside what the examples of the filters do. A new name needs a value.
NAMED: dict[str, Any] = {
    "a": "https://a.example.org",
    "b": "https://b.example.org",
    "amount": Decimal("9.50"),
    "id": 42,
    "note": None,
    "loop": Row(index=1),
    "order": Row(
        CONTEXT["order"],
        number="A-17",
        score=None,
        status="shipped",
        total=5200,
        url="https://a.example.org",
        owner_email="ada@example.org",
    ),
    "refund": Row(reason="never arrived"),
    "ticket": Row(body="never arrived"),
    "vars": Row(name="x"),
}


@pytest.mark.parametrize("source", WRITTEN)
def test_an_expression_of_the_guides_shows_something(source: str) -> None:
    x = Row(name="Ada") if "x." in source else "Ada"
    for language in locales.LANGUAGES:
        assert rendered(source, language=language, x=x, **NAMED)


# What the format has and no example of the guides shows.
_ORDER = 'lookups: {{order: {{sql: "SELECT number, total FROM orders WHERE id = :id", {}}}}}\n'
_API = 'lookups: {order: {get: "/orders/{{ id }}", on_failure: retry}}\n'
SHORT = {
    "db": _ORDER.format("db: shop"),
    "one": _ORDER.format("expect: one"),
    "park": _ORDER.format("missing: park"),
    "skip": _ORDER.format("missing: skip"),
    "retry": _API,
    "rows": 'blocks: [{table: {head: [a], rows: [["{{ order.number }}"]]}}]\n',
    "never": "poll: {every: 1d, sql: SELECT id FROM orders, catch_up: {rows: never}}\n",
    "markdown": "blocks: [{markdown: Hello}]\n",
}
OF_A_STAGE = [
    *(f"language: {word}" for word in locales.LANGUAGES),
    *(f"threads: {word}" for word in stages.THREADS),
]
WORDS = {
    *template.REQUIRED, *template.OPTIONAL, "sql", "bind", "db", "get", "get_all", "on_failure", "expect",
    *lookups.EXPECT, *lookups.ON_FAILURE, *lateness.KEYS, *lateness.MISSING, *SHORT_FORMS, *GROUPING, *tables.KEYS,
    *polls.REQUIRED, *polls.OPTIONAL, *polls.CATCH_UP, polls.NEVER,
    *stages.REQUIRED, *stages.OPTIONAL, *locales.LANGUAGES, *stages.THREADS,
}  # fmt: skip


@pytest.mark.parametrize("page", [DOCS, JAPANESE], ids=["en", "ja"])
def test_every_key_and_word_of_the_format_stands_in_an_example_that_passes(page: str) -> None:
    shown = [example for words, example in examples(page) if words in ("yaml", "yaml stage")]
    written = {word for example in [*shown, *SHORT.values(), *OF_A_STAGE] for word in re.findall(r"\w+", example)}
    assert written >= WORDS


@pytest.mark.parametrize("example", SHORT.values(), ids=SHORT.keys())
def test_what_only_the_tables_of_the_guides_show_passes_lint(compiled: Compile, example: str) -> None:
    assert compiled(completed(example)).findings == ()


@pytest.mark.parametrize("line", OF_A_STAGE)
def test_what_only_the_table_of_stages_shows_passes_lint(compiled: Compile, line: str) -> None:
    assert compiled(completed(""), {"_stages/test.yaml": f"{STAGE}{line}\n"}).findings == ()
