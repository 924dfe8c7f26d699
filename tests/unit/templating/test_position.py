"""What a value can do depends on where exactly its expression stands: it never becomes markup, and never a line."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.errors import TemplateError
from handler.model import Leaf, LeafContext
from handler.templating import FILTERS, Templates

from .examples import CONTEXT, LOCALES, rendered

# What str.splitlines takes for a line break:
# https://docs.python.org/3/library/stdtypes.html#str.splitlines, 2026-11-29
BREAKS = ("\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
ROWS = [{"sku": "a\nb"}, {"sku": "c"}]

INSIDE = (
    "hello <{{ x }}> <{{ x }}>",
    "<@{{ x }}>",
    "<#{{ x }}>",
    "<#C0123456789|{{ x }}>",
    "<!{{ x }}>",
    "<!subteam^{{ x }}>",
    "<!date^{{ x }}^{date}|now>",
    "<https://{{ x }}|label>",
    "<https://example.org/{{ x }}|open>",
    "<https://example.org|{{ x }}>",
    "<mailto:{{ x }}>",
    "<{# a comment #}@{{ x }}>",
    "<{{ 'a literal' }}>",
    "{% raw %}<{% endraw %}{{ x }}>",
    "<\n{{ x }}\n>",
    "`<{{ x }}>`",
    "```<{{ x }}>```",
    "a < b {{ x }}",
    "{% if x %}<{% endif %}{{ x }}>",
    "{% if x %}a{% elif y %}<{% else %}b{% endif %}{{ x }}>",
    "{% if x %}a{% else %}<{% endif %}{{ x }}>",
    "<{% if x %}>{% endif %}{{ x }}>",
    "<{% if x %}{{ x }}{% endif %}>",
    "{% for r in rows %}<{% endfor %}{{ x }}>",
    "{% for r in rows %}{{ x }}<{% endfor %}>",
    "{% for r in rows %}a{% else %}<{% endfor %}{{ x }}>",
    "<{% for r in rows %}>{% endfor %}{{ x }}>",
    "{% for r in rows %}{% if x %}<{% else %}>{% endif %}{% endfor %}{{ x }}",
    "{% for r in rows %}{% for s in rows %}{{ x }}{% endfor %}<{% endfor %}",
)
OUTSIDE = (
    "{{ x }} <https://example.org|open> {{ x }}",
    "<!here> {{ x }}",
    "&lt;{{ x }}>",
    "> {{ x }}",
    "{{ x }} > 3 < 5",
    "{{ '<' }}{{ x }}{{ '>' }}",
    "{% if x %}<!here>{% else %}<!channel>{% endif %}{{ x }}",
    "{% for r in rows %}<https://example.org|a> {{ x }}{% endfor %}",
)


@pytest.mark.parametrize("source", INSIDE)
def test_an_expression_inside_the_authors_markup_is_an_error_that_names_the_filters(source: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Templates().check(Leaf("mrkdwn", source, "f.yaml:3 text"))
    assert caught.value.code == "TEMPLATE_MARKUP"
    assert caught.value.detail.startswith("f.yaml:3 text: ")
    assert "`link`" in caught.value.detail
    assert "`mention`" in caught.value.detail
    with pytest.raises(TemplateError, match="TEMPLATE_MARKUP"):  # also where a catalog has such a leaf
        rendered(source, x="a|Pay here", y="")


@pytest.mark.parametrize("source", OUTSIDE)
def test_beside_markup_an_expression_may_stand(source: str) -> None:
    text = rendered(source, x="<!channel>")
    assert text.count("&lt;!channel&gt;") == source.count("{{ x }}") * (2 if "for" in source else 1)


@pytest.mark.parametrize("context", ["plain", "exact"])
def test_where_slack_reads_no_markup_the_signs_mean_nothing(context: LeafContext) -> None:
    assert rendered("<{{ x }}>", context, x="a") == "<a>"


@pytest.mark.parametrize("context", ["mrkdwn", "plain"])
@pytest.mark.parametrize("mark", BREAKS, ids=ascii)
def test_a_line_break_in_a_value_is_a_space(mark: str, context: LeafContext) -> None:
    assert rendered("> {{ x }}!", context, x=f"a{mark}b") == "> a b!"


@pytest.mark.parametrize("name", sorted(set(FILTERS) - {"quote"}))
def test_no_filter_makes_lines_of_a_value(name: str) -> None:
    arguments = {"join": "(x)", "money": "('EUR')", "label": "('order_status')", "plural": "(x)", "link": "(x)"}
    arguments |= {"truncate": "(9)", "truncate_width": "(9)", "trim": "('a')", "default": "(x)"}
    values: list[Any] = ["a\nb c", [{"k": "a\nb"}], ["a\nb", "c"], None, 3]
    for value in values:
        for source in (f"{{{{ y | {name}{arguments.get(name, '')} }}}}", f"{{{{ y | {name} ~ x }}}}"):
            try:
                text = rendered(source, x="x\nx", y=value)
            except (TemplateError, TypeError):
                continue
            assert "\n" not in text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("one\n{{ x }}\ntwo", "one\na b\ntwo"),
        ("{{ rows | join('\\n', 'sku') }}", "a b\nc"),
        ("{{ rows | join('\n', 'sku') }}", "a b\nc"),
        ("{{ rows | join(separator='\\n', attribute='sku') }}", "a b\nc"),
        ("{{ rows | join('\\n', 'sku') | truncate(40) }}", "a b\nc"),
        ("{{ rows | join('\\n', 'sku') | default('-') }}", "a b\nc"),
        ("{{ rows | join('\\n', 'sku') | upper | trim }}", "A B\nC"),
        ("{{ rows | join(x, 'sku') }}", "a ba bc"),
        ("{{ ([x | code, x] | join('\\n')) }}", "`a b`\na b"),
        ("{{ x ~ '\\n' ~ x }}", "a b\na b"),
        ("{{ x + '\\n' + x }}", "a b\na b"),
        ("{{ 'a\\nb' * 2 }}", "a\nba\nb"),
        ("{{ 'a\\nb' if x else x }}", "a\nb"),
        ("{{ x if x else 'a\\nb' }}", "a b"),
        ("{{ nothing or 'a\\nb' }}{{ x or '' }}{{ x and x }}", "a\nba ba b"),
        ("{{ nothing | default('a\\nb') }}{{ nothing | default(instead=x) }}", "a\nba b"),
        ("{% for r in rows %}{{ r.sku }}\n{% endfor %}.", "a b\nc\n."),
        ("{{ x[:3] }}{{ rows[0].sku }}{{ [x] | first }}{{ rows | first | default(0) == 1 }}", "a ba ba bfalse"),
    ],
)
def test_line_breaks_of_the_author_stay(source: str, text: str) -> None:
    for context in ("mrkdwn", "plain"):
        plain = text.replace("`", "") if context == "plain" else text
        assert rendered(source, context, x="a\nb", rows=ROWS, nothing=None) == plain  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("`{{ x }}`", "`a'b c`"),
        ("`no end {{ x }}", "`no end a'b c"),
        ("`a` {{ x }}", "`a` a`b c"),
        ("`a\n{{ x }}", "`a\na`b c"),
        ("{% if x %}`{% endif %}{{ x }}`", "`a'b c`"),
        ("`{{ x | code }}`", "`a'b c`"),
        ("`{{ 'oncall' | mention }}`", "`@oncall`"),
        ("`{{ 7 }}`", "`7`"),
        ("```\n{{ x }}\n```", "```\na'b\nc\n```"),
        ("```{{ x }}``` {{ x }}", "```a'b\nc``` a`b c"),
        ("> ```{{ x }}```", "> ```a'b c```"),
        ("&gt; ```{{ x }}```", "&gt; ```a'b c```"),
        ("{% if y %}```{% endif %}{{ x }}", "a'b c"),
    ],
)
def test_a_value_never_ends_the_authors_code(source: str, text: str) -> None:
    assert rendered(source, x="a`b\nc", y="") == text


def test_a_quote_has_its_sign_before_every_line() -> None:
    text = "".join(f"<line>{mark}" for mark in BREAKS)
    lines = rendered("said:\n{{ x | quote }}\nend", x=text).split("\n")
    assert lines == ["said:", *["> &lt;line&gt;"] * len(BREAKS), "end"]
    assert rendered("{{ x | quote }}", x="\n \n") == ""
    assert rendered("{{ x | quote }}", x=7) == "> 7"
    assert rendered("{{ x | quote | truncate(9) }}", x="one\ntwo\nthree") == "&gt; one\n&gt;…"


@pytest.mark.parametrize(
    "source",
    [
        "a {{ x | quote }}",
        "> {{ x | quote }}",
        "{{ x }}{{ x | quote }}",
        "{{ '' ~ (x | quote) }}b{{ x | quote }}",
        "`{{ x | quote }}`",
    ],
)
def test_a_quote_stands_at_the_beginning_of_a_line(source: str) -> None:
    with pytest.raises(TemplateError, match="TEMPLATE_MARKUP.*must begin a line"):
        rendered(source, x="a")


def test_plain_text_has_no_quote() -> None:
    with pytest.raises(TemplateError, match="TEMPLATE_MARKUP.*plain text"):
        rendered("{{ x | quote }}", "plain", x="a")


@settings(max_examples=300)
@given(value=st.text(alphabet="ab <&>\n\r\u2028`", max_size=80), limit=st.integers(4, 60))
def test_a_quote_that_is_cut_is_a_quote_of_fewer_characters(value: str, limit: int) -> None:
    text = Templates().render(Leaf("mrkdwn", "{{ x | quote }}", "f.yaml:1"), {"x": value}, limit)
    assert all(line.startswith(">") for line in text.split("\n") if text)
    assert not set("<") & set(text)
    assert len(text) <= limit


PIECES = st.sampled_from(
    ["<", ">", "`", "```", "\n", "> ", "&gt; ", "a", " ", "{{ x }}", "{% if y %}", "{% else %}", "{% endif %}",
     "{% for r in rows %}", "{% endfor %}"]
)  # fmt: skip
HOSTILE = "!channel|\n> https://evil.example|`click`<@U024BE7LH>"


@settings(max_examples=1500)
@given(source=st.lists(PIECES, max_size=14).map("".join), y=st.booleans())
def test_whatever_the_author_writes_around_it_a_value_is_text(source: str, y: bool) -> None:
    templates = Templates(locale=LOCALES["en"])
    context = {**CONTEXT, "x": HOSTILE, "y": y}
    try:
        text = templates.render(Leaf("mrkdwn", source, "f.yaml:1"), context)
    except TemplateError as error:
        assert error.code in ("TEMPLATE_MARKUP", "TEMPLATE_SYNTAX", "TEMPLATE_FORBIDDEN")
        return
    # Slack: "Detect all sub-strings matching <(.*?)>".
    # https://docs.slack.dev/messaging/formatting-message-text#retrieving-messages, 2026-11-29
    assert not any("channel" in inside for inside in re.findall("(?s)<(.*?)>", text))
    assert "```" in source or "\n&gt; https" not in text
