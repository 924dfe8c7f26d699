"""What the benches of discovery count, and the policies that ours is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from random import Random

import pytest
from urllib3 import HTTPHeaderDict

from bench import discovery_policies, discovery_table
from bench.discovery_remembering import AskOn404, Counted, NoCache, Tally
from bench.discovery_script import OTHERS
from handler.adapters.http.exchange import Answer
from handler.instances import Endpoint, Listing, ResolveError
from tests.unit.adapters.scripted import Scripted, answer, closed, scripted
from tests.unit.discovery.kit import DOWN, FakeResolver, listing


def said(status: int, service: str = "shop") -> Answer:
    return Answer(status, HTTPHeaderDict({"X-Service": service}), b"")


def list_of(server: Scripted) -> Listing:
    return Listing((Endpoint("task", "127.0.0.1", server.port),))


def served(*statuses: int) -> AbstractContextManager[Scripted]:
    """A task that answers with these; the last one repeats."""
    return scripted(*(answer(status) for status in statuses))


@pytest.mark.parametrize(
    ("reply", "exists", "believed", "failed"),
    [
        (said(200), True, 0, 0),
        (said(404), False, 0, 0),
        (said(404), True, 0, 1),
        (None, True, 0, 1),
        (said(200, "other"), True, 1, 0),
        (said(404, "other"), False, 1, 0),
    ],
)
def test_an_answer_is_right_or_failed_or_another_services(
    reply: Answer | None, exists: bool, believed: int, failed: int
) -> None:
    tally = Tally()
    tally.count(reply, exists=exists)
    assert (tally.requests, tally.believed.total(), tally.failed) == (1, believed, failed)


def test_look_ups_that_found_the_same_are_counted_whatever_the_order() -> None:
    registry = FakeResolver(listing("a", "b"))
    counted = Counted(registry)
    for found in (listing("a", "b"), listing("b", "a"), DOWN, listing("a", "b"), listing("a", "c")):
        registry.answer = found
        try:
            counted.resolve(1.0)
        except ResolveError:
            continue
    assert (counted.asked, counted.unanswered, counted.same) == (5, 1, 2)


def test_without_a_cache_each_request_is_a_look_up() -> None:
    with served(200, 404) as task:
        counted = Counted(FakeResolver(list_of(task)))
        policy = NoCache(counted, Random(1))
        statuses = [reply and reply.status for reply in (policy.get("/"), policy.get("/"), policy.get("/"))]
    assert (statuses, counted.asked) == ([200, 404, 404], 3)


def test_a_404_is_believed_where_a_look_up_finds_the_same() -> None:
    with served(200, 404) as task:
        counted = Counted(FakeResolver(list_of(task)))
        policy = AskOn404(counted, Random(1))
        statuses = [reply and reply.status for reply in (policy.get("/"), policy.get("/"))]
    assert (statuses, counted.asked, counted.same, len(task.requests)) == ([200, 404], 2, 1, 2)


@pytest.mark.parametrize("status", [404, 0])
def test_after_a_404_or_no_answer_the_new_list_is_asked(status: int) -> None:
    with served(200, 404) as old, served(200) as new, closed() as gone:
        registry = FakeResolver(list_of(old if status else gone))
        policy = AskOn404(registry, Random(1))
        policy.get("/")
        registry.answer = list_of(new)
        reply = policy.get("/")
    assert reply
    assert (reply.status, registry.asked) == (200, 2)


def test_while_the_registry_is_down_a_404_is_all_there_is() -> None:
    with served(200, 404) as task:
        registry = FakeResolver(list_of(task))
        policy = AskOn404(registry, Random(1))
        policy.get("/")
        registry.answer = DOWN
        reply = policy.get("/")
    assert reply
    assert reply.status == 404


def test_a_broken_task_costs_what_a_pair_differs_by() -> None:
    well = {"well, first call": [4.0, 5.0, 90.0], "well, second call": [2.0, 2.0, 2.0]}
    refused = {"refused, first call": [6.0, 7.0, 10.0], "refused, second call": [2.0, 2.5, 3.0]}
    silent = {"silent, first call": [254.0, 255.0, 256.0], "silent, second call": [2.0, 2.0, 2.0]}
    assert list(discovery_table.failover({**well, **refused, **silent}).values()) == [
        "2.0 ms (at most 10)",
        "0.5 ms",
        "250.0 ms (at most 250)",
        "0.0 ms",
    ]


def test_the_tables_have_a_cell_for_each_title() -> None:
    paths: Mapping[str, Sequence[float]] = {name: [2.0] for name in ("fixed address", "ALB")}
    counts = dict.fromkeys(("requests", "look-ups", "same", "unanswered", "failed", *OTHERS), 0)
    of_paths = discovery_table.table(paths, {"ALB": [12.0]}, paths, {"ALB": 0.2})
    for table in (of_paths, discovery_policies.table({"no cache": counts})):
        assert len({line.count("|") for line in table}) == 1
    assert of_paths[-1] == "| ALB | 90 | 40 | 50 | 12.0 | 0.2 | 11.8 | 1.00 | 2 |"
