"""Patterns of ids mean what they mean to `re`, and no pattern and no id takes long."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from handler.errors import TemplateError
from handler.model import MAX_ID
from handler.stages.id_pattern import IdPattern

# Letters whose upper or lower case is another letter's, too; digits and spaces beyond ASCII; and what ends a line.
LETTERS = "abAB1_- \n\u00e9\u00c9\u00df\u017f\u212as\u0660\u3000\u0130i\u0131"
ATOMS = st.one_of(
    st.sampled_from([re.escape(letter) for letter in LETTERS]),
    st.sampled_from([".", r"\d", r"\w", r"\s", r"\D", r"\W", r"\S", "[a-b]", "[^a]", r"[^\W\d]", r"[\w-]", "[A-Z0-9]"]),
    st.sampled_from(["^", "$", r"\A", r"\Z", r"\b", r"\B", "", "(?#a)", r"\x61", r"\u00e9", "[]a]", "[^]a]", "[a^-]"]),
)
GROUPS = [
    "(%s)",
    "(?:%s)",
    "(?i:%s)",
    "(?a:%s)",
    "(?s:%s)",
    "(?m:%s)",
    "(?x: %s )",
    "(?-i:%s)",
    "(?P<n>%s)",
    "(?ai:%s)",
]
REPEATS = ["*", "+", "?", "{2}", "{1,3}", "{,2}", "{2,}", "*?", "+?", "??", "{0,2}?", "{0}", "{,}"]
FLAGS = ["", "(?i)", "(?a)", "(?s)", "(?m)", "(?x)", "(?ia)", "(?ims)"]


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map("|".join).map("(?:%s)".__mod__),
        st.tuples(st.sampled_from(GROUPS), inner).map(lambda pair: pair[0] % pair[1]),
        st.tuples(inner, st.sampled_from(REPEATS)).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
    )


PATTERNS = st.tuples(st.sampled_from(FLAGS), st.recursive(ATOMS, _grown, max_leaves=8)).map("".join)


def _compiled(pattern: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(pattern)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(PATTERNS, st.lists(st.text(LETTERS, max_size=6), min_size=5, max_size=5))
def test_it_matches_what_re_matches(pattern: str, texts: list[str]) -> None:
    try:
        known = _compiled(pattern)
    except re.error:
        assume(False)
    ours = IdPattern(pattern)
    for text in ["", *texts]:
        assert ours.matches(text) == bool(known.fullmatch(text)), (pattern, text)


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"\w", r"(?a)\w", r"\d", r"\s", "(?i)[a-z]", "(?ai)[a-z]", ".", "(?i)k", "[^a]"),
        *(r"(?a:\w)", "(?i:k)", "(?i)(?-i:k)", "(?s:.)", r"(?a:[^\d])", r"(?a)(?u:\w)"),
    ],
)
def test_every_letter_of_the_first_blocks_is_in_the_same_classes(pattern: str) -> None:
    ours = IdPattern(pattern)
    for letter in map(chr, [*range(0x180), 0x17F, 0x212A, 0x2028, 0x3000, 0xFF21, 0x1F600]):
        assert ours.matches(letter) == bool(re.fullmatch(pattern, letter)), letter


# What takes `re` from seconds to years on an id that does not match.
SLOW = [
    r"(a+)+b",
    r"(?#[)(a+)+b(?#])",
    r"(?x)(a+) +b",
    "a?" * 26 + "b",
    "(?:aa|a)" * 26 + "b",
    r"(a|a)*b",
    r"(a*)*b",
    r"([a-z]+)*[0-9]",
    r"(?:a|a?)+b",
    r"(.*)(.*)(.*)(.*)(.*)(.*)(.*)b",
    r"(?i)(A|a)+b",
    r"((a{1,5}){1,5}){1,5}b",
    r"(\w+\s?)*!",
    r"a{0,200}a{0,200}b",
]


@pytest.mark.parametrize("pattern", SLOW)
def test_no_pattern_takes_long_on_a_wrong_id(pattern: str) -> None:
    ours = IdPattern(pattern)
    for size in (28, 40, MAX_ID):
        assert not ours.matches("a" * (size - 1) + "!!")
        assert not ours.matches("a" * size)


@pytest.mark.parametrize(
    ("pattern", "code", "words"),
    [
        ("(?=a)b", "TEMPLATE_FORBIDDEN", "look-around"),
        ("(?!a)b", "TEMPLATE_FORBIDDEN", "look-around"),
        ("a(?<=a)b", "TEMPLATE_FORBIDDEN", "look-around"),
        ("a(?<!a)b", "TEMPLATE_FORBIDDEN", "look-around"),
        (r"(a)\1", "TEMPLATE_FORBIDDEN", r"repeat the group's pattern instead of \1"),
        ("(?P<n>a)(?P=n)", "TEMPLATE_FORBIDDEN", "refers to a group"),
        ("(a)?(?(1)b|c)", "TEMPLATE_FORBIDDEN", "write both forms"),
        ("(?>a+)b", "TEMPLATE_FORBIDDEN", "write (?:...)"),
        ("a++b", "TEMPLATE_FORBIDDEN", "write *, + or ?"),
        ("(?:x(?=a))*", "TEMPLATE_FORBIDDEN", "look-around"),
        ("[a", "TEMPLATE_SYNTAX", "cannot be read"),
        ("(a", "TEMPLATE_SYNTAX", "cannot be read"),
        ("a**", "TEMPLATE_SYNTAX", "cannot be read"),
        ("(?L)a", "TEMPLATE_SYNTAX", "cannot be read"),
        ("a{99999999999999999999}", "TEMPLATE_SYNTAX", "cannot be read"),
        ("[b-a]", "TEMPLATE_SYNTAX", "cannot be read"),
        ("(" * 400 + ")" * 400, "TEMPLATE_LIMIT", "deep"),
        ("(" * 25 + "a" + ")" * 25, "TEMPLATE_LIMIT", "deep"),
        ("(" * 5000, "TEMPLATE_LIMIT", "characters"),
        ("(?:[0-9]{30}){40}", "TEMPLATE_LIMIT", "repeat less"),
        ("(((a{9}){9}){9}){9}", "TEMPLATE_LIMIT", "repeat less"),
    ],
)
def test_what_cannot_be_matched_so_is_refused_with_what_to_write_instead(pattern: str, code: str, words: str) -> None:
    with pytest.raises(TemplateError) as caught:
        IdPattern(pattern)
    assert caught.value.code == code
    assert words in caught.value.detail
    assert "; " in caught.value.detail


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("[A-Z]{2}[0-9]+", "JP1042", "jp1042"),
        ("([A-Z]+-)*[0-9]+", "A-BC-7", "A--7"),
        ("(?:ord|inv)_[a-z0-9]{24}", "ord_" + "a1" * 12, "odr_" + "a1" * 12),
        ("[0-9]{4}(-[0-9]{2}){2}", "2026-01-05", "2026-01"),
        ("[0-9]{1,200}", "7" * MAX_ID, "7" * (MAX_ID + 1)),
        ("[0-9]{5,100000}", "7" * MAX_ID, "7777"),
        ("(?:a|){300}b", "aab", "c"),
        ("a{300}", "", "a" * MAX_ID),
        ("(((((){200}){200}){200}){200}){200}x", "x", "y"),
    ],
)
def test_ordinary_patterns_are_all_there(pattern: str, good: str, bad: str) -> None:
    ours = IdPattern(pattern)
    assert ours.matches(good) or not good
    assert not ours.matches(bad)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Each step that a match takes."""
    steps: list[Any] = []
    leaf: Callable[..., Any] = IdPattern._state

    class Leaf:
        def __init__(self, real: Any) -> None:
            self.real = real

        def match(self, text: str, at: int) -> Any:
            steps.append(at)
            return self.real.match(text, at)

    def state(self: IdPattern, real: Any, *targets: int) -> int:
        return int(leaf(self, real and Leaf(real), *targets))

    monkeypatch.setattr(IdPattern, "_state", state)
    return steps


@pytest.mark.parametrize("pattern", SLOW)
def test_the_steps_grow_with_the_id_alone(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = counted(monkeypatch)
    ours = IdPattern(pattern)
    ours.matches("a" * MAX_ID)
    assert len(steps) <= (MAX_ID + 1) * len(ours._states)
