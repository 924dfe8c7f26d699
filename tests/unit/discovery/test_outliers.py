"""Which instance to try first, after the outcomes of earlier calls."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from handler.discovery.outliers import EJECT_SECONDS, JITTER, MAX_EJECT_SECONDS, Outliers
from handler.instances import Endpoint

from .kit import Hands, endpoints

A, B, C, D = endpoints("a", "b", "c", "d")


class Watched:
    def __init__(self) -> None:
        self.hands = Hands()
        self.counts: Counter[str] = Counter()
        self.outliers = Outliers(self.hands.clock, Random(1), self.counts)

    def order(self, *known: Endpoint) -> list[Endpoint]:
        return self.outliers.ordered(known)


def test_instances_take_turns() -> None:
    watched = Watched()
    firsts = Counter(watched.order(A, B, C, D)[0] for _ in range(400))
    assert set(firsts) == {A, B, C, D}
    assert min(firsts.values()) > 50


def test_a_refused_connection_ejects_at_once_and_for_a_while() -> None:
    watched = Watched()
    watched.outliers.record_failure(A)
    assert watched.order(A, B) == [B]
    watched.hands.move(EJECT_SECONDS * (1 + JITTER), frozen=True)
    assert set(watched.order(A, B)) == {A, B}


def test_each_further_ejection_is_twice_as_long_up_to_a_limit() -> None:
    watched = Watched()
    for times in range(8):
        watched.outliers.record_failure(A)
        least = min(EJECT_SECONDS * 2**times, MAX_EJECT_SECONDS) * (1 - JITTER)
        watched.hands.move(least * 0.99)
        assert watched.order(A, B) == [B]
        watched.hands.move(MAX_EJECT_SECONDS * (1 + JITTER))
        assert A in watched.order(A, B)


def test_three_bad_answers_in_a_row_eject_and_a_good_one_forgives() -> None:
    watched = Watched()
    for _ in range(5):
        watched.outliers.record_bad_response(A)
        watched.outliers.record_bad_response(A)
        assert A in watched.order(A, B)
        watched.outliers.record_success(A)
    for _ in range(3):
        watched.outliers.record_bad_response(A)
    assert watched.order(A, B) == [B]
    assert watched.counts["ejection"] == 1


def test_one_that_comes_back_is_ejected_at_its_first_bad_answer() -> None:
    watched = Watched()
    watched.outliers.record_failure(A)
    watched.hands.move(EJECT_SECONDS * (1 + JITTER))
    watched.outliers.record_bad_response(A)
    assert watched.order(A, B) == [B]


@pytest.mark.parametrize("known", [[A], [A, B, C]])
def test_the_evidence_is_doubted_where_too_few_would_be_left(known: list[Endpoint]) -> None:
    watched = Watched()
    for endpoint in known[:2]:
        watched.outliers.record_failure(endpoint)
        watched.hands.move(1)
    # Those without a failure first, then the one whose failure is the oldest.
    assert watched.order(*known) == known[2:] + known[:2]
    assert watched.counts["panic"] == 1


def test_a_higher_rank_waits_for_the_lower() -> None:
    backup = Endpoint("backup", "10.0.0.9", 80, rank=10)
    assert all(Watched().order(backup, A, B)[-1] == backup for _ in range(20))


def test_what_is_held_against_an_instance_goes_with_it() -> None:
    watched = Watched()
    watched.outliers.record_failure(A)
    watched.order(B, C)
    assert set(watched.order(A, B)) == {A, B}
