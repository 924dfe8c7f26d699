"""No value, in whatever filters, makes a link or a mention that a template did not ask for; none breaks one either."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from handler.errors import NotifierError
from handler.model import Leaf
from handler.templating import FILTERS, Templates

from .examples import CONTEXT, LOCALES, MENTIONS

# What a filter takes here: values of the row as well, where a template may have them.
ARGUMENTS = {
    "code": [""],
    "date": ["", "(y)"],
    "default": ["(y)"],
    "join": ["(y)", "(y, 'k')"],
    "label": ["('order_status')"],
    "link": ["", "(y)"],
    "mask": ["('tail')", "('email')"],
    "money": ["('EUR')", "(y)"],
    "number": ["", "(2)"],
    "plural": ["(y)", "(y, y)"],
    "trim": ["", "(y)"],
    "truncate": ["(3)"],
    "truncate_width": ["(7)"],
}
APPLIED = st.sampled_from([f"{name}{arguments}" for name in FILTERS for arguments in ARGUMENTS.get(name, [""])])
CHAINS = st.lists(APPLIED, min_size=1, max_size=3).map(lambda filters: "{{ x | " + " | ".join(filters) + " }}")
MARKED = st.sampled_from(["{{ x | link(y) }}", "{{ x | mention }}", "{{ [x | link(y), y, x | code, x] | join(y) }}"])
SOURCES = CHAINS | MARKED
PIECES = st.sampled_from([
    *"<>&|@#*_~`{}%\"'\\\n !^:/?=.;", "\r", "\t", "\u202e", "\u2066", "\u200d", "\u0301", "\u3099", "\ufe0f", "\u0000",
    "<!channel>", "<!here|", "<@U024BE7LH>", "&lt;", "&amp;", "{{ x }}", "https://", "http://a.example/", "mailto:",
    "a@example.com", "javascript:", "@", "山", "＜！ｈｅｒｅ＞", "👨‍👩‍👧", "🇯🇵", "اب", "7", "2026-01-05", *MENTIONS,
])  # fmt: skip
TEXTS = st.lists(PIECES, max_size=8).map("".join)
SCHEMES = st.sampled_from(
    ["https://", "http://", "https://a.example", "mailto:", "mailto:a@a.example", "slack://", "ftp://"]
)
ADDRESSES = st.tuples(SCHEMES, TEXTS).map("".join)
ALIASES = st.sampled_from([*MENTIONS, "here", "channel", "U024BE7LH", "@here"])
LISTS = st.lists(TEXTS | ADDRESSES, max_size=3) | st.lists(st.fixed_dictionaries({"k": TEXTS}), max_size=3)
VALUES = st.one_of(TEXTS, ADDRESSES, ALIASES, LISTS, st.integers(), st.none())
# What the filters may make: an address without anything that ends it, and an alias that the stage lists.
URL = r"(?:(?i:https?)://[A-Za-z0-9][A-Za-z0-9.:-]*(?:[/?#][^\s<>|\"`\\{}^]*)?|(?i:mailto):[^\s<>|\"`\\{}^]+)"
MADE = re.compile(rf"<{URL}\|[^<>\n]+>|<@U024BE7LH>|<!subteam\^S024BE7LD>|<!here>")
TEMPLATES = {language: Templates(locale=locale) for language, locale in LOCALES.items()}


@settings(max_examples=1500)
@given(source=SOURCES, x=VALUES, y=TEXTS, language=st.sampled_from(["en", "ja"]), limit=st.sampled_from([None, 4, 30]))
@example(source="{{ x | link(y) }}", x="https://a.example/|<!here>", y="<!channel>|", language="en", limit=None)
@example(source="{{ x | title | link }}", x="https://a.example", y="", language="en", limit=None)
@example(source="{{ x | title | link }}", x="mailto:a@a.example", y="", language="en", limit=None)
@example(source="{{ x | code }}", x="`<!channel>`", y="", language="en", limit=None)
def test_filters_make_no_other_markup(source: str, x: Any, y: str, language: str, limit: int | None) -> None:
    try:
        text = TEMPLATES[language].render(Leaf("mrkdwn", source, "f.yaml:1"), {**CONTEXT, "x": x, "y": y}, limit)
    except NotifierError as error:
        assert error.code.startswith("TEMPLATE_")
        return
    rest = re.sub(r"^> ", "", MADE.sub("", text), flags=re.MULTILINE if "quote" in source else 0)
    assert not set("<>") & set(rest)
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", text)
    assert not re.search("[\u0000\u202e\u2066]", text)
    assert bool(MADE.search(text)) <= ("link" in source or "mention" in source)
    assert "<@" not in text or "ada" in (x, y)
    assert "<!" not in text or {"oncall", "all"} & {*(x if isinstance(x, list) else [x]), y}


@settings(max_examples=300)
@given(source=SOURCES, x=VALUES, y=TEXTS)
def test_plain_text_never_holds_markup_of_filters(source: str, x: Any, y: str) -> None:
    """What is in plain text came from the values, as it was: the filters add no mark of their own."""
    x, y = [value.replace("<", "") if isinstance(value, str) else 0 for value in (x, y)]
    try:
        text = TEMPLATES["en"].render(Leaf("plain", source, "f.yaml:1"), {**CONTEXT, "x": x, "y": y})
    except NotifierError:
        return
    assert "<" not in text


@settings(max_examples=300)
@given(x=TEXTS)
def test_code_ends_where_the_filter_ends_it(x: str) -> None:
    text = TEMPLATES["en"].render(Leaf("mrkdwn", "{{ x | code }}", "f.yaml:1"), {"x": x})
    assert not text or re.fullmatch(r"`[^`\n<>]+`", text)
