"""Texts are cut between characters as people see them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.templating.graphemes import ELLIPSIS, MAX_CLUSTER, clusters, cut, display_width, one_character

# What people see as one character, and its columns.
CHARACTERS = [
    ("a", 1),
    ("山", 2),
    ("Ａ", 2),
    ("ｱ", 1),
    ("ｶ\uff9e", 2),
    ("か\u3099", 2),
    ("e\u0301", 1),
    ("o\u0302\u0323", 1),
    ("😀", 2),
    ("👍🏽", 2),
    ("👨‍👩‍👧‍👦", 2),
    ("🧑🏻‍❤️‍💋‍🧑🏿", 2),
    ("❤️", 2),
    ("1️⃣", 2),
    ("🙂‍↔️", 2),
    ("🇯🇵", 2),
    ("🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", 2),
    ("\u1112\u1161\u11ab", 2),
    ("한", 2),
    ("क्षि", 1),
    ("நி", 1),
    ("ก\u0e34", 1),
    ("ก\u0e33", 2),
    ("\r\n", 0),
    ("…", 1),
]
PIECES = st.sampled_from([character for character, _ in CHARACTERS if character != "\r\n"])
TEXTS = st.lists(PIECES, max_size=20).map("".join)
ANY = st.text(alphabet="a &<>\n\u200d\ufe0f\u0301\u3099\U0001f3fd🇯🇵😀山\u1112\u1161\u094dक\x00", max_size=60)
MEASURES = pytest.mark.parametrize("measure", [len, one_character, display_width])


@pytest.mark.parametrize(("character", "columns"), CHARACTERS)
def test_one_character_is_one_cluster_of_its_width(character: str, columns: int) -> None:
    assert list(clusters(character)) == [character]
    assert display_width(character) == columns


def test_neighbours_stay_apart() -> None:
    text = "".join(character for character, _ in CHARACTERS)
    assert list(clusters(text)) == [character for character, _ in CHARACTERS]


@pytest.mark.parametrize(
    "parts", [["🇯🇵", "🇩🇪", "🇫"], ["a", "b\u0301", "c"], ["\n", "\u0301"], ["a", "\n", "b"], ["각", "a"], ["한", "국"]]
)
def test_each_part_is_a_cluster(parts: list[str]) -> None:
    assert list(clusters("".join(parts))) == parts


def test_a_letter_under_thousands_of_marks_is_not_one_character() -> None:
    assert max(map(len, clusters("a" + "\u0301" * 5000))) == MAX_CLUSTER


@pytest.mark.parametrize(
    ("text", "size", "result"),
    [
        ("Matcha", 6, "Matcha"),
        ("Matcha", 5, "Matc…"),
        ("Matcha set", 8, "Matcha…"),
        ("Matcha", 1, "…"),
        ("Matcha", 0, ""),
        ("", 5, ""),
        ("👍🏽👍🏽", 3, "👍🏽…"),
        ("👍🏽👍🏽", 2, "…"),
    ],
)
def test_what_is_too_long_ends_in_a_mark(text: str, size: int, result: str) -> None:
    assert cut(text, size) == result


@MEASURES
@given(text=ANY, size=st.integers(1, 40))
def test_a_cut_text_fits_and_is_whole_clusters_of_the_text(measure: object, text: str, size: int) -> None:
    result = cut(text, size, measure)
    assert sum(map(measure, clusters(result))) <= size
    assert result == text or result.endswith(ELLIPSIS)
    if result != text:
        kept = result.removesuffix(ELLIPSIS)
        edges = {0}
        for cluster in clusters(text):
            edges.add(max(edges) + len(cluster))
        assert text.startswith(kept)
        assert any(text[:edge].rstrip() == kept for edge in edges)


@MEASURES
@given(text=TEXTS)
def test_no_more_is_cut_than_has_to_be(measure: object, text: str) -> None:
    size = sum(map(measure, clusters(text)))
    assert cut(text, size, measure) == text
    results = [cut(text, room, measure) for room in range(size + 1)]
    assert all(len(shorter) <= len(longer) + 1 for shorter, longer in pairwise(results))


@given(ANY)
def test_clusters_are_the_text(text: str) -> None:
    assert "".join(clusters(text)) == text
