"""An expression inside the author's own `<...>` is a finding at its line, which says what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.commands.bundle import bundle

from .conftest import Compile

FRAME = """\
id: integer
channel: orders
lookups: {{v: {{sql: "SELECT x, y FROM t WHERE id = :id"}}}}
text: {text}
{blocks}samples: {{one: {{id: 1, lookups: {{v: {{x: "!channel", y: "https://evil.example|click"}}}}}}}}
"""
FIXES = (
    ("hello <{{ v.x }}> <{{ v.y }}>", "write {{ v.x | link }}"),
    ("<@{{ v.x }}>", "write {{ v.x | mention }}, and list the alias under `mentions` in _stages/"),
    ("<!subteam^{{ v.x }}>", "write {{ v.x | mention }}, and list the alias under `mentions` in _stages/"),
    ("<#{{ v.x }}>", "write the channel's id out: <#C0123456789>"),
    ("<https://{{v.x}}|label>", "write {{ ('https://' ~ v.x) | link('label') }}"),
    ("<https://example.org/{{ v.x }}|open>", "write {{ ('https://example.org/' ~ v.x) | link('open') }}"),
    ("<https://example.org|{{ v.x | upper }} a>", "write {{ 'https://example.org' | link((v.x | upper) ~ ' a') }}"),
    ("<https://example.org|it's {{ v.x }}>", "write {{ 'https://example.org' | link(\"it's \" ~ v.x) }}"),
    ('<https://example.org|it\'s "{{ v.x }}">', "write {{ 'https://example.org' | link("),
    ("<" + "{{ v.x }}" * 200, "write &lt; for the sign <"),
    ("<!date^{{ v.x }}^{date}|now>", "write {{ v.x | datetime }}"),
    (
        "<{% if v.x %}{{ v.x }}{% endif %}>",
        "write {{ address | link('label') }} or {{ alias | mention }} in each branch",
    ),
    (
        "{% if v.x %}<{% endif %}{{ v.x }}>",
        "write {{ address | link('label') }} or {{ alias | mention }} in each branch",
    ),
    ("{% if v.x %}<{% endif %}{{ v.x }}", "write &lt; for the sign <"),
    ("3 < {{ v.x }}", "write &lt; for the sign <"),
    ("3 < {{ v.x }} > 2", "write &lt; for the sign <"),
    ("a <b\n  {{ v.x }}>", "write &lt; for the sign <"),
    ("<{{ 'oncall' | mention }}>", "write {{ 'oncall' | mention }}"),
    ("<@{{ 'oncall' | mention }}>", "write {{ 'oncall' | mention }}"),
    ("<!subteam^{{ 'oncall' | mention }}|@oncall>", "write {{ 'oncall' | mention }}"),
    ("<{{ 'oncall' | mention }}{{ 'oncall' | mention }}>", "write {{ 'oncall' | mention }}{{ 'oncall' | mention }}"),
    ("<{{ v.y | link }}>", "write {{ v.y | link }}"),
    ("<{{ v.y | link }}|x>", "write {{ v.y | link('x') }}"),
    ("<{{ v.y | link }}|{{ v.x | upper }}>", "write {{ v.y | link(v.x | upper) }}"),
    ("<{{ v.y | link((v.x) ~ '|') }}|x>", "write {{ v.y | link((v.x) ~ '|') }}"),
    ("<{{ v.y | upper }}>", "write {{ (v.y | upper) | link }}"),
    ("<{{ v.y\n  | upper }}>", "write {{ (v.y | upper) | link }}"),
    ("<!here {{ v.x }}>", "write <!here> {{ v.x }}"),
    ("<!channel|{{ v.x }}>", "write <!channel>"),
    ("<@U024BE7LH|{{ v.x }}>", "write <@U024BE7LH>"),
    ("<!subteam^S024BE7LD|{{ v.x }}>", "write <!subteam^S024BE7LD>"),
)
PLACES = (
    "- section: {}\n",
    "- fields: {{Label: {}}}\n",
    "- context: {}\n",
    "- context: [{}]\n",
    "- {{type: section, text: {{type: mrkdwn, text: {}}}}}\n",
    "- {{type: context, elements: [{{type: mrkdwn, text: {}}}]}}\n",
    "- {{for: 'one in [1]', section: {}}}\n",
)


def _line(source: str) -> int:
    return 6 + source[: source.index("{{")].count("\n")


@pytest.mark.parametrize(("source", "fix"), FIXES)
def test_the_finding_shows_what_to_write(compiled: Compile, source: str, fix: str) -> None:
    findings = compiled(FRAME.format(text=f"|\n  first line\n  {source}", blocks="")).findings
    finding = next(one for one in findings if one.code == "TEMPLATE_MARKUP")
    assert (finding.code, finding.severity, finding.line) == ("TEMPLATE_MARKUP", "error", _line(source))
    assert "`link`" in finding.message
    assert "`mention`" in finding.message
    assert finding.fix.startswith(fix)
    assert "\n" not in finding.fix


@pytest.mark.parametrize("source", [source for source, _ in FIXES])
def test_what_it_shows_passes(compiled: Compile, source: str) -> None:
    findings = compiled(FRAME.format(text=f"|\n  first line\n  {source}", blocks="")).findings
    first, *others = [one for one in findings if one.code == "TEMPLATE_MARKUP"]
    if others:
        return  # each is a mistake of its own
    written = first.fix.removeprefix("write ").partition(", and list")[0].partition(" in each branch")[0]
    written = written.removeprefix("the channel's id out: ").replace("for the sign <", "")
    written = written.replace("{{ address ", "{{ v.x ").replace("{{ alias ", "{{ v.x ")
    text = FRAME.format(text=f"|\n  first line\n  {written}", blocks="").replace('!channel"', '2026-01-05T10:00:00Z"')
    stage = "channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\nmentions: {oncall: S024BE7LD}\n"
    assert compiled(text, {"_stages/test.yaml": stage}).findings == ()


def test_a_sign_in_the_label_of_a_field_is_no_markup(compiled: Compile) -> None:
    block = 'blocks:\n  - fields: {"a <b": "{{ v.x }}>"}\n'
    [finding] = compiled(FRAME.format(text="Hello", blocks=block)).findings
    assert finding.fix == "write &lt; for the sign <"


@pytest.mark.parametrize("place", PLACES)
def test_every_place_of_mrkdwn_is_held_to_it(compiled: Compile, place: str) -> None:
    block = f"blocks:\n  {place.format(chr(34) + '<@{{ v.x }}>' + chr(34))}"
    compilation = compiled(FRAME.format(text="Hello", blocks=block))
    assert {finding.code for finding in compilation.findings} == {"TEMPLATE_MARKUP"}
    assert compilation.catalog["notifications"] == []


def test_nothing_is_built_of_it(compiled: Compile, tmp_path: Path) -> None:
    compiled(FRAME.format(text='"<@{{ v.x }}>"', blocks=""))
    built = tmp_path / "built"
    result = CliRunner().invoke(bundle, [str(built), "--templates", str(tmp_path)])
    assert result.exit_code == 1
    assert "TEMPLATE_MARKUP" in result.output
    assert not built.exists()


def test_a_label_of_a_field_is_before_its_value(compiled: Compile) -> None:
    block = 'blocks:\n  - fields: {"<https://example.org": "{{ v.x }}|label>"}\n'
    assert {one.code for one in compiled(FRAME.format(text="Hello", blocks=block)).findings} == {
        "MARKUP_BRACKETS",
        "TEMPLATE_MARKUP",
    }


def test_lines_of_a_value_stay_inside_preformatted_text(compiled: Compile) -> None:
    for kind in ("rich_text_section", "rich_text_preformatted", "rich_text_quote"):
        text = "{type: text, text: '{{ v.x }}'}"
        block = f"- {{type: rich_text, elements: [{{type: {kind}, elements: [{text}]}}]}}\n"
        compilation = compiled(FRAME.format(text="Hello", blocks=f"blocks:\n  {block}"))
        assert compilation.findings == ()
        [made] = compilation.catalog["notifications"][0]["blocks"]
        leaf = made["elements"][0]["elements"][0]["text"]["leaf"]
        assert leaf == ("plain" if kind == "rich_text_section" else "exact")
