"""What looks personal in the samples, and the rules that say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.commands.lint import lint

from .conftest import Compile

GOOD = """\
id: integer
channel: orders
lookups:
  order: {sql: "SELECT number FROM orders WHERE id = :id"}
text: Order {{ order.number }}
samples:
  one: {id: 1, lookups: {order: {number: A-1}}}
"""
PERSONAL = """\
id: integer
channel: orders
lookups:
  order: {sql: "SELECT number, name FROM orders WHERE id = :id"}
text: Order {{ order.number }} of {{ order.name }}
samples:
  one: {id: 1, lookups: {order: {number: A-17, name: Ines Brandt}}}
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(lint, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ("name: [name]\nkeep: [number]\n", ["name"]),
        ("keep: [number, name]\n", []),
        ("keep: [number]\ninvented: [Ines Brandt]\n", []),
        ("keep: [number]\n", ["name"]),
        ("keep: name\n", None),  # which cannot be read: that is a finding of its own
    ],
)
def test_pii_warns_of_what_looks_personal(
    compiled: Compile, tmp_path: Path, rules: str, found: list[str] | None
) -> None:
    compiled(PERSONAL, {"_privacy.yaml": rules})
    silent, answer = run(tmp_path, "--json"), run(tmp_path, "--json", "--pii")
    assert "SAMPLE_PERSONAL" not in silent.output
    said = [one for one in json.loads(answer.output)["findings"] if one["code"] == "SAMPLE_PERSONAL"]
    assert [one["message"].split("`")[1].split(".")[1] for one in said] == (found or [])
    assert all("Brandt" not in one["message"] + one["fix"] and one["severity"] == "warning" for one in said)
    assert answer.exit_code == silent.exit_code == (found is None)


SAMPLES = """\
  two: {id: 2, lookups: {order: {number: A-18, name: Umut Ueda}}}
  three: {id: 3, lookups: {order: {number: A-19, name: Lorem}}}
"""


def test_pii_says_once_of_a_column_in_how_many_samples_it_looks_personal(compiled: Compile, tmp_path: Path) -> None:
    compiled(PERSONAL + SAMPLES, {"_privacy.yaml": "name: [name]\nkeep: [number]\n"})
    [found] = json.loads(run(tmp_path, "--json", "--pii").output)["findings"]
    assert found["message"].startswith("`order.name` looks personal in 2 samples: `name` is under `name`")
    assert found["line"] == 7


@pytest.mark.parametrize(
    ("value", "found"), [("A-17", 0), ("ines@shop.jp", 1), ("person1@example.com", 0), ("to ines@shop.jp", 1)]
)
def test_pii_warns_of_an_address_in_what_may_be_shown(
    compiled: Compile, tmp_path: Path, value: str, found: int
) -> None:
    compiled(GOOD.replace("A-1", value), {"_privacy.yaml": "keep: [number]\n"})
    said = json.loads(run(tmp_path, "--json", "--pii").output)["findings"]
    assert len(said) == found
    assert all("under `keep`, but there is an address" in one["message"] for one in said)


@pytest.mark.parametrize(
    ("rules", "value"),
    [
        ("name: [a]\nkeep: [number]\n", "Ines Brandt"),
        ("name: [name]\nkeep: [number]\n", "Ines Brandt"),
        ("name: ['*name']\nkeep: [number]\n", "Ines Brandt"),
        ("name: [a]\nkeep: [number, name]\n", "ines@shop.jp"),
    ],
)
def test_the_entry_that_pii_offers_lets_the_value_stay(
    compiled: Compile, tmp_path: Path, rules: str, value: str
) -> None:
    compiled(PERSONAL.replace("Ines Brandt", value), {"_privacy.yaml": rules})
    [found] = json.loads(run(tmp_path, "--json", "--pii").output)["findings"]
    entry = found["fix"].partition("or add `")[2].partition("`")[0]
    (tmp_path / "_privacy.yaml").write_text(rules.replace("keep: [", f"keep: [{entry}, "))
    assert json.loads(run(tmp_path, "--json", "--pii").output)["findings"] == []


def test_the_shipped_samples_are_nobodys() -> None:
    answer = run(Path("templates"), "--pii")
    assert (answer.exit_code, "no findings" in answer.output) == (0, True), answer.output


@pytest.mark.parametrize(
    ("text", "line", "code", "says"),
    [
        ("- a\n", 1, "VALUE_INVALID", "`key: value` lines"),
        ("names: [a]\n", 1, "KEY_UNKNOWN", "there is no key `names`"),
        ("name: a\n", 1, "VALUE_INVALID", "takes a list"),
        ("name: [a]\nid: [b, A]\n", 2, "KEY_DUPLICATE", "`A` stands under `name` already"),
        ("keep: ['*']\n", 1, "VALUE_INVALID", "would keep everything"),
        ("keep: ['*.*']\n", 1, "VALUE_INVALID", "would keep everything"),
        ("keep: [*_id]\n", 1, "YAML_FORBIDDEN", "alias"),
        ("keep: [[a]]\n", 1, "VALUE_INVALID", "takes a text"),
        ("keep: ['{{ a }}']\n", 1, "TEMPLATE_FORBIDDEN", "as it stands"),
        ("keep: [\n", 1, "YAML_SYNTAX", ""),
    ],
)
def test_the_rules_of_privacy_are_checked(compiled: Compile, text: str, line: int, code: str, says: str) -> None:
    compilation = compiled(GOOD, {"_privacy.yaml": text})
    assert [(one.file, one.line, one.code) for one in compilation.findings] == [("_privacy.yaml", line, code)]
    assert says in compilation.findings[0].message
    assert compilation.privacy is None
