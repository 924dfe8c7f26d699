"""A mask has the form, the script and about the length of the original, and nothing else of it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.privacy import masking, words
from cli.privacy.masking import Masking
from cli.privacy.rules import KEEP, KINDS, Named, Rules
from cli.privacy.usage import Usage
from handler.model import Locale, Row
from handler.templating.filters import filters

MASKS = [kind for kind in KINDS if kind != KEEP]


def mask(kind: str, value: Any) -> Any:
    return Masking(Rules(), Usage()).mask(kind, value)


FORMS = {
    "ines.brandt@shop.example.co.jp": r"person1(\.[a-z.]+)?@example\.com",
    "6f1c1a52-7a0a-4c58-9d3f-1f2a3b4c5d6e": r"00000000-0000-4000-8000-000000000001",
    "https://shop.jp/ines?token=abc": r"https://example\.com/1",
    "10.20.30.40": r"192\.0\.2\.1",
    "fe80::1ff:fe23:4567:890a": r"2001:db8::1",
    "1984-05-06": r"2001-01-01",
    "1984-05-06T07:08:09+09:00": r"2001-01-01T00:00:00\+00:00",
    "+81 90-1234-5678": r"\+55 50-0000-0001",
    "090-1234-5678": r"555-0000-0001",
    "T-001042": r"A-000001",
    "0042": r"0001",
    "DE89370400440532013000": r"AA10000000000000000001",
    "12:30:45": r"10:00:01",
    "2026-01-05t10:00:00z": r"2001-01-01t00:00:00z",
    "20260105": r"20010101",
    "20260105100000": r"20010101000000",
    "20260105T100000Z": r"20010101T000000Z",
    "20261305": r"10000001",
    "Mon, 05 Jan 2026 10:00:00 GMT": r"Mon, 01 Jan 2001 00:00:00 GMT",
    "5 Feb 2026 10:00 +0900": r"Mon, 01 Jan 2001 00:00:00 GMT",
    "１２３４": r"1001",
    " 7 ": r" 1 ",
    "。、": r"[A-Za-z]+",
}


@pytest.mark.parametrize(("value", "made"), FORMS.items())
def test_a_text_keeps_its_form(value: str, made: str) -> None:
    assert re.fullmatch(made, mask("text", value))


# What the filters of numbers and times take, as columns and APIs have it.
WORKED_WITH = {
    "date": (
        "2026-01-05", "2026-01-05 10:00", "2026-01-05T10:00:00.123+09:00", "Mon, 05 Jan 2026 10:00:00 GMT", "20260105",
        20260105, 20260105100000, 1767600000, "1767600000", Decimal("1767600000.5"), "1767600000000",
    ),
    "time": ("09:30:00", "-25:30:00", "23:59:59.123456", "2026-01-05T10:00:00Z"),
    "number": ("12.50", "-3", "１２３４", "+5", " 7 ", "0.001", Decimal("1E+3"), 5),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["text", "id", "number", "date"])
@pytest.mark.parametrize(("name", "value"), [(name, one) for name, values in WORKED_WITH.items() for one in values])
def test_a_filter_takes_the_mask_of_what_it_takes(kind: str, name: str, value: Any) -> None:
    of_locale = filters(Locale())
    assert of_locale[name](value)
    assert of_locale[name](mask(kind, value))


@pytest.mark.parametrize(
    ("kind", "value", "made"),
    [
        ("name", "Zoë <VIP> & Co", r"[A-Z][a-z]+ [A-Z][a-z]+"),
        ("name", "Zoë", r"[A-Z][a-z]+"),
        ("name", "山田 花子", r"[\u4e00-\u9fff]{2} [\u3040-\u9fff]{2,3}"),
        ("name", "山田\u3000花子", r"[\u4e00-\u9fff]{2}\u3000[\u3040-\u9fff]{2,3}"),
        ("name", "山田花子", r"[\u4e00-\u9fff]{2}"),
        ("name", "ヤマダ ハナコ", r"[\u30a0-\u30ff]+ [\u30a0-\u30ff]+"),
        ("name", "Иван Петров", r"[а-я ]+"),
        ("name", "이순신", r"[가-힣 ]+"),
        ("email", "not an address", r"person1@example\.com"),
        ("phone", "03-1234-5678", r"55-5000-0001"),
        ("address", "123-4567", r"100-0001"),
        ("address", "東京都千代田区千代田1-1", r"[\u3040-\u9fff0-9ビル-]+"),
        ("id", "Abc-9", r"Aaa-1"),
        ("id", "abc", "aaa"),
        ("text", "I like tea.", r"[A-Za-z ]+"),
        ("text", "お茶が好きです。", r"[\u3000-\u9fff]+"),
        ("text", "one\n二つ", r"[A-Za-z]+\n[\u3040-\u30ff]+"),
        ("text", "one\n\ntwo\n", r"[A-Za-z]+\n\n[A-Za-z]+\n"),
        ("text", "LOUD WORDS", r"[A-Z ]+"),
        ("number", 52000, 10001),
        ("date", 19840506, 20010101),
        ("id", 7, 1),
        ("id", -1447, -1001),
        ("number", Decimal("182.70"), Decimal("100.01")),
        ("date", date(1984, 5, 6), date(2001, 1, 2)),
        ("date", datetime(1984, 5, 6, 7, tzinfo=UTC), datetime(2001, 1, 2, tzinfo=UTC)),
        ("id", True, False),
        ("id", None, None),
        ("text", " - ", " - "),
    ],
)
def test_each_kind_of_value_has_its_mask(kind: str, value: Any, made: Any) -> None:
    found = mask(kind, value)
    assert type(found) is type(value)
    assert re.fullmatch(made, found) if isinstance(made, str) and made != value else found == made


ANY = st.one_of(
    st.text(max_size=80),
    st.from_regex(r"[A-Z]{1,3}-?[0-9]{1,9}", fullmatch=True),
    st.integers(-(10**12), 10**12),
    st.decimals(-(10**9), 10**9, places=2, allow_nan=False),
    st.dates(),
    st.emails(),
    st.uuids().map(str),
    st.sampled_from(
        [
            *FORMS,
            "山田 花子",
            "ヤマダ",
            "Zoë",
            "이순신",
            "こんにちは、元気ですか",
            "🎁🎁",
            "½",
            "Ⅷ",
            "１２３",
            "one\n二つ",
        ]
    ),
)


@given(ANY, st.sampled_from(MASKS))
def test_a_mask_is_known_as_one(value: Any, kind: str) -> None:
    """So that `lint --pii` is silent about what `notifier sample` has written."""
    assert masking.is_made(mask(kind, value)), mask(kind, value)


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("form", ["{}", "+{}", "({}", "{}-", "A{}", "T-{}"])
@pytest.mark.parametrize("width", range(1, 25))
def test_the_masks_of_all_lengths_of_numbers_are_known(kind: str, form: str, width: int) -> None:
    masks = Masking(Rules(), Usage())
    spread = range(10 ** (width - 1), 10**width, 10**width // 3 + 1)
    for digits in ("0" * width, "9" * width, *map(str, spread)):
        made = masks.mask(kind, form.format(digits))
        assert masking.is_made(made), (digits, made)


@given(st.text(st.characters(categories=["L", "N", "So"]), min_size=4, max_size=60), st.sampled_from(MASKS))
def test_a_mask_has_no_part_of_the_text(value: str, kind: str) -> None:
    """Both texts could be swapped: a mask depends on the form alone, never on what stands in it."""
    if masking.is_made(value):
        return
    assert mask(kind, value) != value


SWAPPED = [
    ("Ines Brandt", "Rosa Garcia"), ("ines@example.net", "rosa@example.net"), ("090-1234-5678", "080-8765-4321"),
    ("T-001042", "K-009999"), ("山田 花子", "鈴木 一郎"), ("I like tea a lot.", "He hates my cats."),
    ("6f1c1a52-7a0a-4c58-9d3f-1f2a3b4c5d6e", "1f1c1a52-7a0a-4c58-9d3f-1f2a3b4c5d6f"), (52001, 93002),
    (Decimal("182.70"), Decimal("999.99")), (date(1984, 5, 6), date(1950, 1, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SWAPPED)
@pytest.mark.parametrize("kind", MASKS)
def test_nobody_can_try_a_guess_against_a_mask(kind: str, one: Any, other: Any) -> None:
    assert mask(kind, one) == mask(kind, other)


@pytest.mark.parametrize(("one", "other"), SWAPPED)
@pytest.mark.parametrize("kind", MASKS)
def test_the_same_value_has_the_same_mask_and_another_has_another(kind: str, one: Any, other: Any) -> None:
    masks = Masking(Rules(), Usage())
    first = masks.mask(kind, one)
    assert masks.mask(kind, other) != first
    assert masks.mask(MASKS[0], one) == first


def test_a_real_line_below_a_mask_is_no_mask() -> None:
    assert not masking.is_made(f"{mask('text', 'one')}\nInes Brandt")


def test_a_number_has_the_same_mask_as_a_number_and_as_a_text() -> None:
    masks = Masking(Rules(), Usage())
    assert str(masks.mask("id", 1447)) == masks.mask("id", "1447")


@pytest.mark.parametrize("length", [1, 5, 9, 17, 59, 250, 999, 5000, 262_144])
@pytest.mark.parametrize("sign", ["x", "茶"])
def test_the_length_is_about_that_of_the_original(length: int, sign: str) -> None:
    made = mask("text", sign * length)
    assert len(made) <= 4000
    assert abs(len(made) - words.length_class(length)) <= 1
    assert len({len(mask("text", sign * one)) for one in range(45, 51)}) <= 2


@pytest.mark.parametrize("value", [date(2001, 2, 1), date(2001, 1, 29), date(2002, 1, 1), 34, "34", Decimal("41.5")])
def test_a_real_value_is_no_mask(value: Any) -> None:
    assert not masking.is_made(value)


KEYS = {
    "total": True, "createdAt": True, "line_2": True, "content-type": True, "EUR": True, "Read": True, "Named": True,
    "Ines": False, "山田": False, "Ines Brandt": False, "a@b.de": False, "ines.b": False, "Total": False,
    "order123": True, "order1234": False, "ines@b.mail": False, "read@b.de": True, "1447": False,
}  # fmt: skip


@pytest.mark.parametrize(("key", "stays"), KEYS.items())
def test_a_key_stays_if_it_is_known_or_written_as_one(key: str, stays: bool) -> None:
    masks = Masking(
        Rules((Named("named", "name"), Named("*_mail", "email"))), Usage(names=frozenset({"read", "read@b_de"}))
    )
    made = masks.document(("profile",), {key: {key: 1}})
    assert (list(made) == [key]) is stays
    assert (key in made[next(iter(made))]) is stays
    assert ("profile", key, key) in masks.columns or not stays


def test_no_key_is_lost_and_the_columns_of_a_row_stay() -> None:
    masks = Masking(Rules(), Usage())
    names = [f"Ines {chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(300)]
    made = masks.document(("profile",), dict.fromkeys(names, 1))
    assert len(made) == len(names)
    row = Row({"Customer Name": 1})
    assert masks.document(("order",), row) == {"Customer Name": 1}
    row.named = False  # a column without AS is called as its expression, with the bound values in it
    assert "Customer" not in str(masks.document(("order",), row))


DOCUMENT = {
    "customer": {"name": "Ines", "tier": "gold", "mails": ["a@b.de", "c@d.de"], "visits": 3},
    "by_mail": {"a@b.de": 1},
    "lines": [{"note": "private"}, {"note": None}],
    "empty": {},
}


def test_documents_are_masked_to_the_bottom() -> None:
    masks = Masking(Rules((Named("tier", KEEP), Named("customer", "name"))), Usage())
    made = masks.document(("order",), DOCUMENT)
    assert made == {
        "customer": {
            "name": ["Sam", "Exampleby"][1],
            "tier": "gold",
            "mails": ["person1@example.com", "person2@example.com"],
            "visits": 1,
        },
        "by_mail": {"person1@example.com": 1},
        "lines": [{"note": made["lines"][0]["note"]}, {"note": None}],
        "empty": {},
    }
    assert masking.is_made(made["lines"][0]["note"])
    assert [*masks.columns][:2] == [("order", "customer", "name"), ("order", "customer", "tier")]
