"""What is too deep, too long or too large for Python, Jinja or YAML is a finding with its line, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.compiler import compile_templates

TEMPLATE = """id: integer
channel: orders
lookups:
  order: {{sql: "SELECT number, total FROM orders WHERE id = :id"}}
{rest}
samples: {{one: {{id: 42, lookups: {{order: {{number: A-17, total: 5200}}}}}}}}
"""
NESTED = "[[[[[1]*200]*200]*200]*200]*200"
LOOPS = "{% for a in range(200) %}{% for b in range(200) %}"
TEXTS = {
    "terms": "{{ " + "+".join(["1"] * 210) + " }}",
    "conditions": "{% if id %}" * 100 + "x" + "{% endif %}" * 100,
    "brackets": "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "lists": "{{ " + "[" * 5_000 + "1" + "]" * 5_000 + " }}",
    "filters": "{{ id" + " | abs" * 3_000 + " }}",
    "signs": "{{ " + "- " * 5_000 + "1 }}",
    "choices": "{{ " + "1 if id else " * 3_000 + "2 }}",
    "branches": "{% if id == 0 %}a" + "".join(f"{{% elif id == {n} %}}a" for n in range(1_000)) + "{% endif %}",
    "digits": "{{ " + "9" * 5_000 + " }}",
    "power": "{{ 9 ** 9 ** 9 ** 9 }}",
    "division": "{{ 1 / 0 }} {{ 1.5 // 0 }}",
    "argument": "{{ id | number(decimals=1, decimals=2) }}",
    "formatting": "{{ '%999999999d' is even }}",
    "comparison": f"{{{{ {NESTED} == {NESTED} }}}}",
    "key": f"{{{{ order[{NESTED}] }}}}",
    "loops": LOOPS + "{% if 'x' * 999 == 'y' * 999 %}{% endif %}" * 200 + "{% endfor %}{% endfor %}",
}


def found(tmp_path: Path, source: str) -> list[tuple[int, str, str]]:
    (tmp_path / "_stages").mkdir()
    (tmp_path / "_stages/test.yaml").write_text("channels: {orders: C0ORDERS1}\nfallback: C0FALLBACK\n")
    (tmp_path / "order.created.yaml").write_text(source)
    findings = compile_templates(tmp_path).findings
    return [(one.line, one.code, one.fix) for one in findings if one.file == "order.created.yaml"]


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_a_finding_with_its_line(tmp_path: Path, name: str) -> None:
    findings = found(tmp_path, TEMPLATE.format(rest=f'text: "{TEXTS[name]}"'))
    assert findings
    for line, code, fix in findings:
        assert line == 5
        assert code.startswith("TEMPLATE_")
        assert fix


def test_a_condition_is_a_finding_with_its_line(tmp_path: Path) -> None:
    [(line, code, _)] = found(tmp_path, TEMPLATE.format(rest="text: x\nwhen: " + "(" * 5_000 + "1" + ")" * 5_000))
    assert (line, code) == (6, "TEMPLATE_LIMIT")


@pytest.mark.parametrize("pattern", ["(" * 5_000, "(" * 5_000 + ")" * 5_000, "a{99999999999}"])
def test_a_pattern_is_a_finding_with_its_line(tmp_path: Path, pattern: str) -> None:
    source = TEMPLATE.format(rest="text: x").replace("id: integer", f"id: {{pattern: '{pattern}'}}", 1)
    [(line, code, _)] = found(tmp_path, source)
    assert (line, code) == (1, "VALUE_INVALID")


@pytest.mark.parametrize(
    "source",
    ["[" * 5_000, "[" * 5_000 + "]" * 5_000, "{a: " * 5_000 + "}" * 5_000, "- " * 5_000 + "x", "k" * 5_000 + ": x"],
)
def test_yaml_is_a_finding(tmp_path: Path, source: str) -> None:
    [(line, code, _)] = found(tmp_path, source)
    assert line == 1
    assert code.startswith("YAML_")


@pytest.mark.parametrize("number", ["1e999999", "1e99", "-1e-99", ".inf", ".nan", "9" * 5_000])
def test_a_number_without_measure_in_a_sample_is_read(tmp_path: Path, number: str) -> None:
    source = TEMPLATE.format(rest='text: "{{ order.total }}"').replace("5200", number)
    assert found(tmp_path, source) == []
