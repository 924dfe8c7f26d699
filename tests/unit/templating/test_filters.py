"""What the filters do beside their examples: at the edges, with nothing, and with what they cannot take."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from handler.errors import ConfigError, NotifierError, TemplateError
from handler.model import Leaf, Locale
from handler.templating import FILTERS, Templates

from .examples import CONTEXT, rendered

NOW = CONTEXT["now"]
ARGUMENTS = {"label": "('order_status')", "money": "('EUR')", "plural": "('a', 'b')", "truncate": "(3)"}
ARGUMENTS["truncate_width"] = "(3)"


@pytest.mark.parametrize("name", sorted(set(FILTERS) - {"default"}))
def test_an_empty_value_passes_and_default_follows(name: str) -> None:
    source = f"{{{{ x | {name}{ARGUMENTS.get(name, '')} | default('-') }}}}"
    assert rendered(source, x=None) == "-"
    assert rendered(source.replace("x |", "(x if false) |"), x=1) == "-"


@pytest.mark.parametrize("name", sorted(set(FILTERS) - {"default"}))
def test_a_missing_value_is_an_error(name: str) -> None:
    with pytest.raises(TemplateError, match="TEMPLATE_UNDEFINED: .*there is no nothing"):
        rendered(f"{{{{ order.nothing | {name}{ARGUMENTS.get(name, '')} }}}}")


@pytest.mark.parametrize(
    ("source", "value", "text"),
    [
        ("{{ x | money('USD') }}", "12.50", "$12.50"),
        ("{{ x | money('jpy') }}", Decimal("0.4"), "¥0"),
        ("{{ x | money('ＪＰＹ') }}", 5200, "¥5,200"),
        ("{{ x | money('EUR') }}", Decimal("-0.004"), "€0.00"),
        ("{{ x | money('KWD') }}", 1, "1.000 KWD"),
        ("{{ x | money('EUR') }}", 10**30, "€1" + ",000" * 10 + ".00"),
        ("{{ x | number }}", Decimal("1E+3"), "1,000"),
        ("{{ x | number }}", Decimal("1234.50"), "1,234.50"),
        ("{{ x | number(0) }}", Decimal("-0.4"), "0"),
        ("{{ x | number }}", " ＋１２．５ ", "12.5"),
        ("{{ x | plural('item', 'items') }}", 0, "0 items"),
        ("{{ x | plural('item', 'items') }}", Decimal("1.0"), "1.0 item"),
        ("{{ x | round + 1 }}", "2.5", "4"),
        ("{{ x | abs }}", Decimal("-2.50"), "2.50"),
        ("{{ x | upper }}{{ x | title }}", 7, "77"),
        ("{{ x | length }}", {"a": 1}, "1"),
        ("{{ x | first }}{{ x | last }}", "👍🏽 é", "👍🏽é"),
        ("{{ x | join(' ', 'a.b') }}", [{"a": {"b": 1}}, {"a": {"b": None}}], "1"),
        ("{{ x | mask }}", "1234567", "••••567"),
        ("{{ x | mask }}", "x", "••••"),
        ("{{ x | mask }}{{ x | mask('email') }}", " ", ""),
        ("{{ x | mask | default('-') }}", "", "-"),
        ("{{ x | join('\\n') | default('-') }}", None, "-"),
        ("{{ x | mask }}", 12345678, "••••5678"),
        ("{{ x | mask }}", "id 👍🏽👍🏽👍🏽👍🏽👍🏽", "••••👍🏽👍🏽👍🏽👍🏽"),
        ("{{ x | mask('email') }}", "a@example.com", "••••@example.com"),
        ("{{ x | mask('email') }}", "no address", "••••"),
        ("{{ x | mask('email') }}", "name@", "••••"),
        ("{{ x | label('order_status') }}", "<b>", "&lt;b&gt;"),
        ("{{ x | label('order_status') }}", 7, "7"),
    ],
)  # fmt: skip
def test_edges_of_numbers_and_texts(source: str, value: Any, text: str) -> None:
    assert rendered(source, x=value) == text


@pytest.mark.parametrize(
    "name", ["abs", "ago", "date", "datetime", "money", "number", "plural", "round", "time", "weekday"]
)
@pytest.mark.parametrize("value", ["", "  ", "\u3000", "\n"])
def test_a_blank_text_in_place_of_a_number_or_a_time_is_empty(name: str, value: str) -> None:
    assert rendered(f"{{{{ x | {name}{ARGUMENTS.get(name, '')} | default('-') }}}}", x=value) == "-"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        ("", "-"),
        (0, "0"),
        (Decimal(0), "0"),
        (False, "false"),
        (" ", " "),
        ("\n", " "),  # a line break of a value is a space
        ("0", "0"),
        ("x", "x"),
    ],
)
def test_default_replaces_what_is_empty_and_nothing_else(value: Any, shown: str) -> None:
    assert rendered("{{ x | default('-') }}", x=value) == shown
    assert rendered("{{ x | trim | default('-') }}", x=value) == (shown.strip() or "-")


@pytest.mark.parametrize(
    "source", ["'' | code", "[] | join(', ')", "'' | link", "'  ' | trim", "('x' if false)", "'' | mention"]
)
def test_default_follows_a_filter_that_shows_nothing(source: str) -> None:
    assert rendered(f"{{{{ {source} | default('-') }}}}") == "-"


@pytest.mark.parametrize(
    ("value", "ends", "left"),
    [
        ("refs/heads/feature", "refs/heads/", "feature"),
        ("refs/heads/refs", "refs/heads/", "refs"),
        ("shed", "refs/heads/", "shed"),
        ("refs/heads/", "refs/heads/", ""),
        ("12 kg", " kg", "12"),
        ("kg kg", "kg", " "),
        ("株式会社抹茶", "株式会社", "抹茶"),
        ("--tea---", "-", "tea"),
        ("0012", "0", "12"),
        ("aab", "aa", "b"),
        ("[[tea]", "[]", "tea"),
        ("-_tea_-", "_-", "tea"),
        ("'\"tea\"'", "\"'", "tea"),
        (" tea ", "", "tea"),
        (" tea ", None, "tea"),
        (1001, 1, "00"),
        ("A-17", "A-", "17"),
    ],
)
def test_trim_removes_a_text_whole_and_signs_one_by_one(value: Any, ends: Any, left: str) -> None:
    assert rendered("{{ x | trim(ends) }}", x=value, ends=ends) == left


@pytest.mark.parametrize(
    ("source", "value", "en", "ja"),
    [
        ("{{ x | datetime }}", datetime(2026, 1, 5, 15, tzinfo=UTC), "5 Jan 2026, 15:00", "2026年1月6日 00:00"),
        ("{{ x | date }}", date(2026, 1, 5), "5 Jan 2026", "2026年1月5日"),
        ("{{ x | date }}", "2026-01-05T15:00:00Z", "5 Jan 2026", "2026年1月6日"),
        ("{{ x | date }}", "2026-01-05 15:00:00", "5 Jan 2026", "2026年1月6日"),
        ("{{ x | weekday }}", date(2026, 1, 4), "Sunday", "日曜日"),
        ("{{ x | date('iso') }}", date(1, 2, 3), "0001-02-03", "0001-02-03"),
        ("{{ x | ago }}", NOW, "just now", "たった今"),
        ("{{ x | ago }}", NOW - timedelta(seconds=59), "just now", "たった今"),
        ("{{ x | ago }}", NOW - timedelta(seconds=60), "1 minute ago", "1分前"),
        ("{{ x | ago }}", NOW - timedelta(minutes=119), "1 hour ago", "1時間前"),
        ("{{ x | ago }}", NOW + timedelta(hours=2), "in 2 hours", "2時間後"),
        ("{{ x | ago }}", NOW - timedelta(days=29), "29 days ago", "29日前"),
        ("{{ x | ago }}", NOW - timedelta(days=61), "2 months ago", "2か月前"),
        ("{{ x | ago }}", NOW - timedelta(days=800), "2 years ago", "2年前"),
        ("{{ x | ago }}", date(2026, 1, 5), "today", "今日"),
        ("{{ x | ago }}", date(2026, 1, 7), "in 2 days", "2日後"),
    ],
)
def test_times_are_in_the_zone_and_the_language_of_the_stage(source: str, value: Any, en: str, ja: str) -> None:
    assert rendered(source, x=value) == en
    assert rendered(source, language="ja", x=value) == ja


def test_an_unknown_language_is_english_and_an_unknown_zone_an_error_of_the_deployment() -> None:
    leaf = Leaf("plain", "{{ order.at | weekday }}", "f.yaml:1 text")
    assert Templates(locale=Locale(language="tlh")).render(leaf, CONTEXT) == "Monday"
    for zone in ("Asia/Tokio", "../etc/passwd", ""):
        with pytest.raises(ConfigError, match="CONFIG_INVALID: the time zone .* tzdata"):
            Templates(locale=Locale(time_zone=zone)).render(leaf, CONTEXT)


def test_ago_needs_a_now() -> None:
    with pytest.raises(TemplateError, match="TEMPLATE_UNDEFINED: .*now"):
        Templates().render(Leaf("plain", "{{ x | ago }}", "f.yaml:1 text"), {"x": NOW})


@pytest.mark.parametrize(
    ("address", "label", "markup"),
    [
        ("https://a.example/x?y=1&z=2#f", "A", "<https://a.example/x?y=1&amp;z=2#f|A>"),
        ("http://10.0.0.1:8080/", "A", "<http://10.0.0.1:8080/|A>"),
        ("HTTPS://A.example", "A", "<HTTPS://A.example|A>"),
        ("mailto:ada@example.com?subject=a b", "Ada", "<mailto:ada@example.com?subject=a%20b|Ada>"),
        ("https://a.example/日本", "日本", "<https://a.example/%E6%97%A5%E6%9C%AC|日本>"),
        ("https://a.example/a%20b", None, "<https://a.example/a%20b|https://a.example/a%20b>"),
        ("  https://a.example/\n", "a\nb", "<https://a.example/|a b>"),
        ("https://a.example/><!channel>", "A", "<https://a.example/%3E%3C!channel%3E|A>"),
        ("https://a.example/|B", "A|<!here>", "<https://a.example/%7CB|A|&lt;!here&gt;>"),
        ("https://good.example@bad.example/", "A", "A (https://good.example@bad.example/)"),
        ("https://good.example\\@bad.example/", "A", "A (https://good.example\\@bad.example/)"),
        ("https:///path", "A", "A (https:///path)"),
        ("https://", "A", "A (https://)"),
        ("https://[::1", "A", "A (https://[::1)"),
        ("https://аpple.com/", "A", "A (https://аpple.com/)"),
        ("//a.example", "A", "A (//a.example)"),
        ("a.example", "A", "A (a.example)"),
        ("javascript:alert(1)", "A", "A (javascript:alert(1))"),
        ("java\tscript:alert(1)", "A", "A (java script:alert(1))"),
        ("data:text/html,x", None, "data:text/html,x"),
        ("slack://open", "A", "A (slack://open)"),
        ("mailto:", "A", "A (mailto:)"),
        ("!channel", "A", "A (!channel)"),
        ("@U024BE7LH", "A", "A (@U024BE7LH)"),
        ("", "A", "A"),
        ("https://a.example/" + "x" * 3000, "A", "A (https://a.example/" + "x" * 3000 + ")"),
    ],
)  # fmt: skip
def test_only_a_whole_web_or_mail_address_becomes_a_link(address: str, label: str | None, markup: str) -> None:
    assert rendered("{{ x | link(label) }}", x=address, label=label) == markup


@pytest.mark.parametrize(
    ("source", "context", "text"),
    [
        ("{{ 'https://a.example' | link('A & B') }}", "plain", "A & B"),
        ("{{ 'oncall' | mention }} {{ 'nobody' | mention }}", "plain", "@oncall nobody"),
        ("{{ 17 | mention_person }} {{ '<!here>' | mention_person }}", "plain", "17 <!here>"),
        ("{{ 17 | mention_person }} {{ '<!here>' | mention_person }}", "mrkdwn", "<!subteam^S024BE7LD> &lt;!here&gt;"),
        ("{{ 'oncall' | mention_person }} {{ 'ada@example.org' | mention }}", "mrkdwn", "oncall ada@example.org"),
        ("{{ 'a`b' | code }}", "plain", "a'b"),
        ("{{ 'see ' ~ ('https://a.example' | link('A & <B>')) }}", "mrkdwn", "see A &amp; &lt;B&gt;"),
        ("{{ 'https://a.example' | link('A & <B>') | upper }}", "mrkdwn", "A &amp; &lt;B&gt;"),
        ("{{ 'https://a.example' | link('long label') | truncate(5) }}", "mrkdwn", "long…"),
        ("{{ 'https://a.example' | link('TEA' | code) }}", "mrkdwn", "<https://a.example|TEA>"),
        ("{{ 'oncall' | mention | code }}", "mrkdwn", "`@oncall`"),
        ("{{ 'oncall' | mention | default('x') }}", "mrkdwn", "<!subteam^S024BE7LD>"),
        ("{{ ['oncall' | mention, '<a>'] | join(' & ') }}", "mrkdwn", "<!subteam^S024BE7LD> &amp; &lt;a&gt;"),
        ("{{ [['ada' | mention, '<a>'] | join(', '), 'b'] | join(', ') }}", "mrkdwn", "<@U024BE7LH>, &lt;a&gt;, b"),
        ("{{ ['oncall' | mention, '<a>'] | join(' & ') }}", "plain", "@oncall & <a>"),
        ("{{ ' \n ' | code }}|", "mrkdwn", "|"),
        ("{{ 'a\nb' | code }}", "mrkdwn", "`a b`"),
    ],
)
def test_markup_stands_in_mrkdwn_and_is_plain_text_everywhere_else(source: str, context: Any, text: str) -> None:
    assert rendered(source, context) == text


@pytest.mark.parametrize(
    "target", ["", "here>", "U1", "U024be7lh", "<@U024BE7LH>", "C024BE7LH", "S024|x", "U024BE7LH\n"]
)
def test_an_alias_of_something_else_mentions_nobody(target: str) -> None:
    templates = Templates(locale=Locale(mentions={"oncall": target}))
    assert templates.render(Leaf("mrkdwn", "{{ 'oncall' | mention }}", "f.yaml:1"), {}) == "oncall"


@pytest.mark.parametrize("target", ["", "here", "channel", "everyone", "C024BE7LH", "<@U024BE7LH>", "U024BE7LH\n"])
def test_a_value_never_means_everybody_or_something_else_than_a_person(target: str) -> None:
    templates = Templates(locale=Locale(people={"17": target}))
    assert templates.render(Leaf("mrkdwn", "{{ 17 | mention_person }}", "f.yaml:1"), {}) == "17"


@pytest.mark.parametrize(
    ("source", "code", "says"),
    [
        ("{{ 'x' | money('EUR') }}", "TEMPLATE_FAILED", "a number is needed"),
        ("{{ true | number }}", "TEMPLATE_FAILED", "a number is needed"),
        ("{{ '1e5' | number }}", "TEMPLATE_FAILED", "a number is needed"),
        ("{{ x | number }}", "TEMPLATE_FAILED", "not finite"),
        ("{{ huge | number }}", "TEMPLATE_LIMIT", "digits"),
        ("{{ 1 | number(11) }}", "TEMPLATE_LIMIT", "10 decimals"),
        ("{{ 1 | round('a') }}", "TEMPLATE_LIMIT", "10 decimals"),
        ("{{ 1 | round(-1) }}", "TEMPLATE_LIMIT", "10 decimals"),
        ("{{ 1 | round(true) }}", "TEMPLATE_LIMIT", "10 decimals"),
        ("{{ 'a' | truncate(true) }}", "TEMPLATE_FAILED", "1 or more"),
        ("{{ '1,234' | number }}", "TEMPLATE_FAILED", "as 1234.5"),
        ("{{ 1 | money('euro') }}", "TEMPLATE_FAILED", "three letters"),
        ("{{ 1 | money(none) }}", "TEMPLATE_FAILED", "three letters"),
        ("{{ 'soon' | date }}", "TEMPLATE_FAILED", "a date or a time"),
        ("{{ 5 | date }}", "TEMPLATE_FAILED", "a date or a time"),
        ("{{ order.at | date('shrt') }}", "TEMPLATE_FAILED", "nearest: short"),
        ("{{ order.at | weekday('iso') }}", "TEMPLATE_FAILED", "no style iso"),
        ("{{ '2026-01-05' | time }}", "TEMPLATE_FAILED", "no time of day"),
        ("{{ '09:30:00' | date }}", "TEMPLATE_FAILED", "show it with time"),
        ("{{ '2026-01-05' | datetime }}", "TEMPLATE_FAILED", "show it with date"),
        ("{{ 'a' | truncate(0) }}", "TEMPLATE_FAILED", "1 or more"),
        ("{{ 'a' | truncate_width('3') }}", "TEMPLATE_FAILED", "1 or more"),
        ("{{ 'a' | mask('mail') }}", "TEMPLATE_FAILED", "mask does not know mail"),
        ("{{ 'a' | label('orderstatus') }}", "TEMPLATE_UNDEFINED", "nearest: order_status"),
        ("{{ rows | upper }}", "TEMPLATE_FAILED", "a list cannot be shown"),
        ("{{ 5 | first }}", "TEMPLATE_FAILED", "neither a list nor a text"),
        ("{{ [] | first }}", "TEMPLATE_UNDEFINED", "the list is empty"),
        ("{{ rows | join(', ', 'skuu') }}", "TEMPLATE_UNDEFINED", "nearest: sku"),
        ("{{ rows | join(', ', '__class__') }}", "TEMPLATE_UNDEFINED", "there is no __class__"),
        ("{{ order.at | date(1, 2, 3) }}", "TEMPLATE_FAILED", "arguments"),
    ],
)
def test_what_a_filter_cannot_take_has_a_code(source: str, code: str, says: str) -> None:
    values = {"x": Decimal("NaN"), "huge": Decimal("1E+999999")}
    with pytest.raises(NotifierError) as caught:
        rendered(source, **values)
    assert caught.value.code == code
    assert says in caught.value.detail


def test_markup_never_stands_in_an_address() -> None:
    with pytest.raises(TemplateError, match="TEMPLATE_URL"):
        rendered("/customers/{{ 'oncall' | mention }}", "url")


def test_markup_is_plain_text_in_an_expression() -> None:
    leaf = Leaf("expression", "'a`b' | code", "f.yaml:1 bind")
    assert Templates().evaluate(leaf, {}) == "a'b"


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_a_wrong_argument_is_told_with_the_name_of_the_filter(name: str) -> None:
    for given in ("nothing=1", ", ".join("1" * 9)):
        with pytest.raises(TemplateError, match=f"TEMPLATE_FAILED: .* `{name}` .*; it takes ") as caught:
            rendered(f"{{{{ rows | {name}({given}) }}}}")
        assert "()" not in caught.value.detail


@pytest.mark.parametrize("source", ["{{ 2 is even(3) }}", "{{ range(x=1) }}", "{{ 'a' | join }}"])
def test_no_error_shows_the_name_of_a_function(source: str) -> None:
    with pytest.raises(TemplateError, match="TEMPLATE_FAILED") as caught:
        rendered(source)
    assert "()" not in caught.value.detail
