"""The JSON Schema for editors takes what the compiler takes, and names the usual mistakes where they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor

from cli.compiler import privacy, schema, stages, tables, template
from cli.compiler.loops import GROUPING
from cli.compiler.short_forms import SHORT_FORMS
from cli.main import main

from .test_docs import DOCS, completed, examples
from .test_mistakes import GOOD, HEADER

TEMPLATE, LABELS, STAGE, PRIVACY = schema.SCHEMAS.values()
FOLDER = Path("templates")
TEMPLATES = sorted(FOLDER.glob("[!_.]*.yaml"))
STAGES = sorted((FOLDER / "_stages").glob("*.yaml"))


class _Core(SafeConstructor):
    """YAML 1.2 has no times, so that one is a text."""


_Core.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def parsed(text: str) -> Any:
    """A file as an editor's YAML 1.2 reader sees it: every key is a text."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Core
    return _texts(yaml.load(text))


def _texts(tree: Any) -> Any:
    match tree:
        case dict():
            return {str(key): _texts(value) for key, value in tree.items()}
        case list():
            return [_texts(value) for value in tree]
    return tree


def problems(text: str, content: Any = TEMPLATE) -> list[str]:
    """The place of each mistake, with what an editor says."""
    return [line for error in Draft7Validator(content).iter_errors(parsed(text)) for line in _said(error)]


def _said(error: Any) -> Iterator[str]:
    """What an editor shows of an error: its own words where the schema has none, and those of the parts below."""
    place = ".".join(map(str, error.absolute_path))
    if error.schema is False:
        yield f"{place}: this key cannot stand here"
        return
    if error.context and "errorMessage" not in error.schema:
        for inner in error.context:
            yield from _said(inner)
        return
    words = error.schema.get("errorMessage" if error.validator != "pattern" else "patternErrorMessage", error.message)
    yield f"{place}: {words}"


@pytest.mark.parametrize("name", schema.SCHEMAS)
def test_the_file_is_a_schema_and_the_one_that_the_program_writes(name: str) -> None:
    Draft7Validator.check_schema(schema.SCHEMAS[name])
    assert (FOLDER / name).read_text("utf-8") == schema.document(schema.SCHEMAS[name]), "run `notifier schema`"


def test_the_command_writes_and_prints_it(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["schema", "--templates", str(tmp_path)]).exit_code == 0
    for name, content in schema.SCHEMAS.items():
        assert (tmp_path / name).read_text("utf-8") == schema.document(content)
    assert CliRunner().invoke(main, ["schema", "--print"]).output == schema.document(TEMPLATE)


def test_every_key_of_the_format_is_in_it() -> None:
    short = TEMPLATE["$defs"]["block"]["else"]["else"]["properties"]
    assert TEMPLATE["properties"].keys() == {*template.REQUIRED, *template.OPTIONAL}
    assert short.keys() == {*SHORT_FORMS, *GROUPING}
    assert short["table"]["properties"].keys() == set(tables.KEYS)
    assert STAGE["properties"].keys() == {*stages.REQUIRED, *stages.OPTIONAL}


def test_every_key_is_explained() -> None:
    for properties in _properties([TEMPLATE, STAGE, PRIVACY]):
        for name, one in properties.items():
            assert one is False or "description" in one, name


def _properties(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        if isinstance(tree.get("properties"), dict):
            yield tree["properties"]
        for name, value in tree.items():
            if name != "if":  # a condition is shown to nobody
                yield from _properties(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _properties(value)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_it_takes_the_templates_and_they_name_it(path: Path) -> None:
    text = path.read_text("utf-8")
    assert problems(text) == []
    assert text.startswith("# yaml-language-server: $schema=./.schema.json\n")


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.stem)
def test_it_takes_the_stages(path: Path) -> None:
    text = path.read_text("utf-8")
    assert problems(text, STAGE) == []
    assert text.startswith("# yaml-language-server: $schema=./.schema.json\n")


def test_it_takes_the_rules_of_privacy() -> None:
    text = (FOLDER / "_privacy.yaml").read_text("utf-8")
    assert problems(text, PRIVACY) == []
    assert text.startswith("# yaml-language-server: $schema=./.privacy.schema.json\n")
    assert PRIVACY["properties"].keys() == set(privacy.KEYS)


def test_it_takes_the_labels() -> None:
    text = (FOLDER / "_labels.yaml").read_text("utf-8")
    assert problems(text, LABELS) == []
    assert text.startswith("# yaml-language-server: $schema=./.labels.schema.json\n")


@pytest.mark.parametrize(
    ("words", "example"), [one for one in examples(DOCS) if one[0].startswith("yaml") and "finding" not in one[0]]
)
def test_it_takes_the_examples_of_the_docs(words: str, example: str) -> None:
    content = {"yaml stage": STAGE, "yaml labels": LABELS, "yaml privacy": PRIVACY}.get(words, TEMPLATE)
    assert problems(completed(example) if content is TEMPLATE else example, content) == []


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("id: integer\n", "", ": 'id' is a required property"),
        ("id: integer", "id: int", "id: 'int' is not one of ['integer', 'uuid']"),
        ("id: integer", "id: {patern: x}", "id: 'pattern' is a required property"),
        ("id: integer", "id: integer\nchanel: x", ": Additional properties are not allowed ('chanel' was unexpected)"),
        ("id: integer", "id: integer\nevent: Order", "event: an event type has small letters"),
        ("id: integer", f"id: integer\nowner: {'a' * 81}", "owner: one line of at most 80 characters"),
        ("id: integer", "id: integer\nowner: |\n  Ada\n  Zoë", "owner: one line of at most 80 characters"),
        ("channel: orders\n", "", ": a template has either `channel` or `route`"),
        ("channel: orders", "channel: orders\nroute: [{channel: orders}]", ": this key cannot stand here"),
        ("channel: orders", "channel: '#orders'", "channel: an alias has small letters"),
        ("channel: orders", "channel: [orders, A]", "channel.1: an alias has small letters"),
        ("channel: orders", "channel: []", "channel: [] should be non-empty"),
        ("channel: orders", "route: [{when: id}]", "route.0: 'channel' is a required property"),
        ("    on_failure: without", "    on_failure: never", "lookups.customer.on_failure: 'never' is not one of"),
        ("get: /customers", "get: https://x/customers", "lookups.customer.get: a path begins with /"),
        ("id = :id", "id = {{ id }}", "lookups.order.sql: no {{ }} here"),
        ("id = :id", "id = :id\n    wait: 5 min", "lookups.order.wait: a time such as 30s"),
        ("id = :id", "id = :id\n    wait: 20000", "lookups.order.wait: 20000 is greater than the maximum of 7200"),
        ("id = :id", "id = :id\n    missing: rendr", "lookups.order.missing: 'rendr' is not one of"),
        ("id = :id", "id = :id\n    missing: skip\n    expect: many", "lookups.order: this key cannot stand"),
        ("get: /customers", "wait: 5m\n    get_all: /customers", "lookups.customer: Additional properties"),
        ("when: order.total > 0", "update: true", ": 'thread' is a dependency of 'update'"),
        ("when: order.total > 0", "thread: a\nupdate: yes", "update: 'yes' is not of type 'boolean'"),
        ("when: order.total > 0", "version: order", "version: one column of a lookup"),
        ("when: order.total > 0", "when: '{{ order.total }}'", "when: write the expression alone"),
        (HEADER, "headr: x", "blocks.0: Additional properties are not allowed ('headr' was unexpected)"),
        (HEADER, "header: x\n    section: y", "blocks.0: this key cannot stand here"),
        (HEADER, "if: order.total", "blocks.0: a block has exactly one of"),
        (HEADER, "for: items\n    section: y", "blocks.0.for: write for: item in items"),
        (HEADER, "if: id\n    do: [{headr: x}]", "blocks.0.do.0: Additional properties"),
        (HEADER, "type: dividr", "blocks.0.type: 'dividr' is not one of"),
        (HEADER, "buttons: {Open: '{{ order.url }}'}", "blocks.0.buttons.Open: an address begins with"),
        (HEADER, "image: {url: https://example.org/a.png}", "blocks.0.image: 'alt' is a required property"),
        (HEADER, "markdown: '{{ id }}'", "blocks.0.markdown: no {{ }} here"),
        (HEADER, "table: {heads: [a]}", "blocks.0.table: Additional properties"),
        (HEADER, "fields: [a]", "blocks.0.fields: ['a'] is not of type 'object'"),
        (f"- {HEADER}", "- dividr", "blocks.0: a block is `divider`"),
        ("samples:\n  one:", "samples:\n  one: {}\n  two:", "samples.one: 'id' is a required property"),
    ],
)
def test_a_mistake_is_named_where_it_is(good: str, bad: str, said: str) -> None:
    assert good in GOOD
    found = problems(GOOD.replace(good, bad, 1))
    assert any(line.startswith(said) for line in found), found
    assert len(found) <= 2, found


@pytest.mark.parametrize(
    ("content", "text", "said"),
    [
        (STAGE, "channels: {}", ": 'fallback' is a required property"),
        (STAGE, "channels: {orders: '#orders'}\nfallback: C01234567", "channels.orders: a channel's id"),
        (STAGE, "channels: {}\nfallback: C01234567\nlanguage: de", "language: 'de' is not one of"),
        (STAGE, "channels: {}\nfallback: C01234567\nmentions: {a: '@ada'}", "mentions.a: the id of a person"),
        (STAGE, "channels: {}\nfallback: C01234567\nthreads: no", "threads: 'no' is not one of"),
        (STAGE, "channels: {}\nfallback: C01234567\nvar: {}", ": Additional properties"),
        (LABELS, "order_status: new", "order_status: 'new' is not of type 'object'"),
    ],
)
def test_a_mistake_in_what_templates_share_is_named(content: Any, text: str, said: str) -> None:
    found = problems(text, content)
    assert [line for line in found if line.startswith(said)], found
