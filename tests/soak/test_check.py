"""The checker, held against histories that were made up: each way to break the law, and what is excused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.soak.check import Ambiguous, Injected, Verdict, check
from lab.soak.events import Event, Expected, sale
from lab.soak.evidence import DeadLetter, Histories, Key, Row

# One event with one delivery, one with two, one that its rule keeps quiet, one that cannot be delivered.
ONE = replace(sale(0, 0.0), identity="one")
TWO = replace(
    ONE,
    identity="two",
    deliveries=(Expected("soak.both", "payments", "delivered"), Expected("soak.both", "audit", "delivered")),
)
QUIET = replace(ONE, identity="quiet", deliveries=(Expected("soak.quiet", "", "suppressed"),))
OLD = replace(ONE, identity="old", deliveries=(Expected("soak.old", "old", "parked"),))

KEY = Key("one", "soak.sale", "orders")
PAYMENTS, AUDIT = Key("two", "soak.both", "payments"), Key("two", "soak.both", "audit")
SILENT, ARCHIVED = Key("quiet", "soak.quiet"), Key("old", "soak.old", "old")

GOOD = Histories(
    published=[ONE, TWO, QUIET, OLD],
    ledger=[
        Row(KEY, "delivered"),
        Row(PAYMENTS, "delivered"),
        Row(AUDIT, "delivered"),
        Row(SILENT, "suppressed", "WHEN"),
        Row(ARCHIVED, "parked", "SLACK_CONFIG"),
    ],
    posts=[KEY, PAYMENTS, AUDIT],
    letters=[DeadLetter(ARCHIVED, "SLACK_CONFIG")],
)


def checked(histories: Histories, *, read_back: bool = True, **injected: object) -> Verdict:
    return check(histories, Injected(**injected), read_back=read_back)  # type: ignore[arg-type]


def test_a_good_run_adds_up() -> None:
    verdict = checked(GOOD)
    assert verdict.violations == []
    assert verdict.line == ("published=5 delivered=3 suppressed=1 parked=1 queued=0 lost=0 duplicates=0 (ambiguous=0)")


def only(event: Event, **changes: object) -> Histories:
    """The good histories of this event alone, some of them changed."""

    def mine(keys: list[Key]) -> list[Key]:
        return [key for key in keys if key.event == event.identity]

    kept = Histories(
        published=[event],
        ledger=[row for row in GOOD.ledger if row.key.event == event.identity],
        posts=mine(list(GOOD.posts)),
        letters=[letter for letter in GOOD.letters if letter.key.event == event.identity],
    )
    return replace(kept, **changes)  # type: ignore[arg-type]


# what it is, the histories, and the sentence that has to be said
BROKEN = [
    ("lost without a trace", only(ONE, ledger=[], posts=[]), "lost; the ledger says nothing"),
    ("lost, though the ledger says it was posted", only(ONE, posts=[]), "lost; the ledger says delivered"),
    (
        "lost in the middle of a post",
        only(ONE, ledger=[Row(KEY, "sending")], posts=[]),
        "lost; the ledger says sending",
    ),
    ("one of two lost", only(TWO, posts=[PAYMENTS]), "two, soak.both, audit, is lost"),
    (
        "one of two lost, and the other parked",
        only(TWO, posts=[], ledger=[Row(PAYMENTS, "parked")], letters=[DeadLetter(PAYMENTS, "SLACK_CREDENTIAL")]),
        "two, soak.both, audit, is lost",
    ),
    ("parked in the ledger alone", only(OLD, letters=[]), "lost; the ledger says parked"),
    ("suppressed, and nobody knows", only(QUIET, ledger=[]), "lost; the ledger says nothing"),
    ("posted twice", only(ONE, posts=[KEY, KEY]), "event one, soak.sale, orders, was posted 1 times more than once"),
    ("posted three times", only(ONE, posts=[KEY, KEY, KEY]), "posted 2 times more than once, and 0 are excused"),
    ("delivered and parked", only(ONE, letters=[DeadLetter(KEY, "SLACK_CONFIG")]), "is both delivered and parked"),
    ("delivered and suppressed", only(QUIET, posts=[SILENT]), "is delivered, and should be suppressed"),
    ("posted although it must not be", only(OLD, letters=[], posts=[ARCHIVED]), "is delivered, and should be parked"),
    ("suppressed although it must not be", only(ONE, posts=[], ledger=[Row(KEY, "suppressed")]), "should be delivered"),
    ("parked twice", only(OLD, letters=[*GOOD.letters, *GOOD.letters]), "event old is parked 2 times"),
    (
        "parked without need",
        only(ONE, posts=[], ledger=[], letters=[DeadLetter(Key("one"), "DB_UNAVAILABLE")]),
        "is parked (DB_UNAVAILABLE), and there was no need",
    ),
    ("not balanced: more than was published", only(ONE, posts=[KEY, Key("who", "soak.sale", "orders")]), "event who"),
    ("posted to another channel", only(ONE, posts=[KEY, KEY._replace(channel="audit")]), "is no delivery of"),
    ("posted, and the ledger does not know", only(ONE, ledger=[Row(KEY, "sending")]), "and the ledger says sending"),
    (
        "a letter of nobody",
        only(ONE, letters=[DeadLetter(Key("who"), "X")]),
        "event who is parked, and was not published",
    ),
]


@pytest.mark.parametrize(("histories", "said"), [pytest.param(*row[1:], id=row[0]) for row in BROKEN])
def test_the_law_is_broken(histories: Histories, said: str) -> None:
    assert len([violation for violation in checked(histories).violations if said in violation]) == 1


# what it is, the histories, how many deliveries meet which fate
BALANCED = [
    ("still queued", only(ONE, ledger=[], posts=[], queued=frozenset({"one"})), {"queued": 1}),
    ("posted, and its record is still queued", only(ONE, queued=frozenset({"one"})), {"delivered": 1}),
    (
        "one delivered, the other queued",
        only(TWO, posts=[AUDIT], queued=frozenset({"two"})),
        {"delivered": 1, "queued": 1},
    ),
    (
        "parked before its channel was known",
        only(
            OLD,
            ledger=[Row(Key("old", "soak.old"), "parked")],
            letters=[DeadLetter(Key("old", "soak.old"), "DB_DENIED")],
        ),
        {"parked": 1},
    ),
    ("parked by SQS itself", only(OLD, ledger=[], letters=[DeadLetter(Key("old"))]), {"parked": 1}),
]


@pytest.mark.parametrize(("histories", "fates"), [pytest.param(*row[1:], id=row[0]) for row in BALANCED])
def test_each_delivery_has_one_fate(histories: Histories, fates: dict[str, int]) -> None:
    verdict = checked(histories)
    assert (dict(verdict.fates), verdict.violations) == (fates, [])


def test_what_sqs_parks_is_what_had_not_ended() -> None:
    histories = only(TWO, posts=[AUDIT], ledger=[Row(AUDIT, "delivered")], letters=[DeadLetter(Key("two"))])
    verdict = checked(histories, parked=frozenset({"two"}))
    assert (dict(verdict.fates), verdict.violations) == ({"delivered": 1, "parked": 1}, [])


TWICE = only(ONE, posts=[KEY, KEY])
THRICE = only(ONE, posts=[KEY, KEY, KEY])
OVERTAKEN = {"overtaken": {"one": 1}}


@pytest.mark.parametrize(
    ("histories", "read_back", "injected", "good"),
    [
        (TWICE, False, {"ambiguous": {"one": Ambiguous(1)}}, True),
        (TWICE, False, {"ambiguous": {"other": Ambiguous(1)}}, False),
        (THRICE, False, {"ambiguous": {"one": Ambiguous(1)}}, False),
        (THRICE, False, {"ambiguous": {"one": Ambiguous(2)}}, True),
        (TWICE, True, {"ambiguous": {"one": Ambiguous(1)}}, False),
        (TWICE, True, OVERTAKEN, True),
        (THRICE, True, OVERTAKEN, False),
        (THRICE, True, {"overtaken": {"one": 2}}, True),
        (THRICE, True, {"ambiguous": {"one": Ambiguous(5)}, **OVERTAKEN}, False),
    ],
)
def test_what_excuses_a_second_post(
    histories: Histories, read_back: bool, injected: dict[str, object], good: bool
) -> None:
    verdict = checked(histories, read_back=read_back, **injected)
    assert (verdict.violations == []) == good
    assert verdict.duplicates == len(histories.posts) - 1


ONE_TWICE = only(TWO, posts=[PAYMENTS, PAYMENTS, AUDIT])
BOTH_TWICE = only(TWO, posts=[PAYMENTS, PAYMENTS, AUDIT, AUDIT])
ONE_THRICE = only(TWO, posts=[PAYMENTS, PAYMENTS, PAYMENTS, AUDIT])
OF_ONE, OF_TWO = "event two, soak.both, payments, was posted", "event two was posted 2 times more than once, and 1 are"


@pytest.mark.parametrize(
    ("histories", "read_back", "injected", "said"),
    [
        # One message whose sender was not told excuses one of the two deliveries; a killed invocation excuses both.
        (ONE_TWICE, False, {"ambiguous": {"two": Ambiguous(posts=1)}}, ""),
        (BOTH_TWICE, False, {"ambiguous": {"two": Ambiguous(posts=1)}}, OF_TWO),
        (BOTH_TWICE, False, {"ambiguous": {"two": Ambiguous(invocations=1)}}, ""),
        # What excuses both once does not excuse one of them twice.
        (ONE_THRICE, False, {"ambiguous": {"two": Ambiguous(invocations=1)}}, OF_ONE),
        (ONE_THRICE, False, {"ambiguous": {"two": Ambiguous(posts=1, invocations=1)}}, ""),
        (BOTH_TWICE, True, {"overtaken": {"two": 1}}, ""),
        (ONE_THRICE, True, {"overtaken": {"two": 1}}, OF_ONE),
    ],
)
def test_the_law_holds_for_each_delivery_and_for_each_event(
    histories: Histories, read_back: bool, injected: dict[str, object], said: str
) -> None:
    violations = checked(histories, read_back=read_back, **injected).violations
    assert len(violations) == bool(said)
    assert not said or said in violations[0]


def test_the_ledger_may_not_know_what_was_cut_off() -> None:
    assert checked(only(ONE, ledger=[Row(KEY, "sending")]), ambiguous={"one": Ambiguous(1)}).violations == []


def test_what_excuses_a_letter() -> None:
    """Nobody could know that it was posted; it came twice at once; its credential was refused."""
    both = only(ONE, letters=[DeadLetter(KEY, "SLACK_AMBIGUOUS")])
    known = {"ambiguous": {"one": Ambiguous(1)}, "parked": frozenset({"one"})}
    assert (checked(both, **known).violations, checked(both, **known).fates["parked"]) == ([], 1)
    twice = only(OLD, published=[replace(OLD, again=(0.0,))], letters=[*GOOD.letters, *GOOD.letters])
    assert checked(twice).violations == []
    refused = only(ONE, posts=[], ledger=[Row(KEY, "parked")], letters=[DeadLetter(KEY, "SLACK_CREDENTIAL")])
    assert checked(refused, parked=frozenset({"one"})).violations == []
