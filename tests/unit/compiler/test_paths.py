"""A path that the function would refuse whatever its values are is a finding."""

from __future__ import annotations

import pytest

from handler.api_path import stays_below

from .conftest import Compile

TEXT = """\
id: integer
channel: orders
lookups: {{doc: {{get: {path}}}}}
text: Hello
samples: {{one: {{id: 1, lookups: {{doc: {{a: 1}}}}}}}}
"""
REFUSED = (
    "/.{# x #}./admin",
    "/{# x #}../admin",
    "/.{#- x -#}./admin",
    "/a/..;/b",
    "/a/..;x=1/b",
    "/a/.;/b",
    "/a/%2e%2e/b",
    "/a/%2E%2e;/b",
    "/a/.%2e",
    "/a/%2e",
    "/..",
    "/.",
    "/a/../",
    "/a/..?x=1",
    "/a/..;{{ id }}/b",
    "/{{ id }}/../admin",
    "/a/%2f../b",
    "/a/..%2fb",
    "/a/..%5cb",
    "/a%5c..",
    "/.{{ '' }}./admin",
    "/{{ '..' }}/admin",
    "/{{ '.' }}",
    "/.{% if true %}.{% endif %}/admin",
    "/a{% if id == 7 %}/..{% endif %}/b",
    "/a/{% if id == 7 %}.{% endif %}./b",
    "/a/{% if id == 7 %}ok{% else %}..{% endif %}/b",
    "/a/{% for n in [1, 2] %}.{% endfor %}/b",
    "/a{% for n in [1, 2] %}./b/.{% endfor %}c",
    "/a/{% for n in [] %}x{% else %}..{% endfor %}/b",
    "/.{% raw %}.{% endraw %}/admin",
    "{% if id == 7 %}/a{% endif %}",
    "a/b",
    "//elsewhere.example/a",
    "/a b",
    "/a#b",
    "/a\\\\b",
)
TAKEN = (
    "/orders/{{ id }}",
    "/a.b/..c/{{ id }}.json",
    "/.{{ id }}./x",
    "/..{{ id }}/x",
    "/a/...?next=/../b",
    "/%2ehidden",
    "/a{# .. #}/b",
    "/a{% if id == 7 %}/{{ id }}{% endif %}/b",
    "{% if id == 7 %}/a{% else %}/b{% endif %}",
    "/a?tags={% for n in [1, 2] %}{{ n }},{% endfor %}",
    "/{{ 'a b' }}",
)


@pytest.mark.parametrize("path", REFUSED)
def test_a_path_that_leads_out_is_a_finding(compiled: Compile, path: str) -> None:
    [finding] = compiled(TEXT.format(path=f'"{path}"')).findings
    assert (finding.code, finding.severity, finding.line) == ("TEMPLATE_URL", "error", 3)


@pytest.mark.parametrize("path", TAKEN)
def test_a_path_below_the_base_is_taken(compiled: Compile, path: str) -> None:
    assert compiled(TEXT.format(path=f'"{path}"')).findings == ()


def test_a_path_of_too_many_forms_is_a_finding(compiled: Compile) -> None:
    path = "/a" + "".join(f"{{% if id == 7 %}}{letter}{{% endif %}}" for letter in "bcdefghijklm")
    [finding] = compiled(TEXT.format(path=f'"{path}"')).findings
    assert "forms" in finding.message


@pytest.mark.parametrize("path", ["/a/../b", "/..;/b", "/%2e%2e", "a", "", "/a\\b", "/a/..%2fb", "/ä", "/a b", "/a#b"])
def test_the_function_refuses_the_same(path: str) -> None:
    assert not stays_below(path)
    assert stays_below("/a.b/..c?../x")
