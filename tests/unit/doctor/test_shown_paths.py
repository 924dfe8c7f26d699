"""How the times of the paths to the APIs look in a terminal."""

from __future__ import annotations

from dataclasses import asdict
from io import StringIO
from typing import Any

from rich.console import Console

from cli.doctor import published, show
from handler.health.timing import Timed

REGISTRY = Timed("default", "cloudmap://shop.internal/orders", 30.0, 35.0, 1.0, function=36.4, callee=0.4)
BALANCER = Timed("alb", "http://alb.example", 1.5, 7.0, 2.5, function=9.5)
DOWN = Timed("other", "http://down.example", error="API_UNAVAILABLE: nobody")
NOTE = "the API does not send Server-Timing"


def shown(*timed: Timed, without: tuple[str, ...] = ()) -> list[list[str]]:
    """The lines, each as its cells."""
    rows: list[dict[str, Any]] = [
        {name: value for name, value in asdict(one).items() if name not in without} for one in timed
    ]
    console = Console(file=StringIO(), width=200)
    show.paths(console, rows)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    return [[cell for cell in line.strip().split("  ") if cell] for line in printed.splitlines()]


def cells(lines: list[list[str]]) -> list[list[str]]:
    return [[cell.strip() for cell in line] for line in lines if line]


def test_function_and_callee_stand_side_by_side() -> None:
    lines = cells(shown(REGISTRY))
    assert ["default", REGISTRY.path, "30.0", "35.0", "1.0", "1.00"] in lines
    assert ["two calls", "path", "function", "inside the API", "difference"] in lines
    assert ["default", REGISTRY.path, "36.4", "0.4", "36.0"] in lines
    assert NOTE not in str(lines)


def test_what_was_published_stands_below() -> None:
    lines = cells(shown(REGISTRY))
    theirs = [line[1:] for line in lines if line[0] == "published"]
    assert theirs == [
        ["ALB", "90", "40", "50"],
        ["NLB", "82", "37", "45"],
        [published.CLOUD_MAP, "205", "53", "152"],
        ["A records", "106", "46", "60"],
    ]


def test_an_api_that_does_not_tell_its_time_has_no_difference_and_a_note_says_why() -> None:
    lines = cells(shown(REGISTRY, BALANCER))
    assert ["alb", BALANCER.path, "9.5", "–", "–"] in lines
    assert NOTE in str(lines[-1])


def test_an_api_that_does_not_answer_is_in_the_first_table_alone() -> None:
    lines = cells(shown(DOWN, REGISTRY))
    assert [line for line in lines if line[0] == "other"] == [["other", DOWN.path, DOWN.error]]


def test_without_any_answer_nothing_is_compared() -> None:
    assert "published" not in str(shown(DOWN))


def test_the_answer_of_an_older_function_is_shown_as_far_as_it_goes() -> None:
    lines = cells(shown(REGISTRY, without=("function", "callee")))
    assert ["default", REGISTRY.path, "30.0", "35.0", "1.0", "1.00"] in lines
    assert "published" not in str(lines)
