"""Several instances of an API: whom a request goes to, and where it goes on when one fails."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from handler.adapters.http.api import HttpApis
from handler.adapters.http.exchange import Limits
from handler.adapters.http.load_balancing import MAX_FAILED_REQUESTS
from handler.addresses import ApiAddress, Origin
from handler.errors import SourceError
from handler.instances import Endpoint, Listing, ResolveError, ResolveFailure
from tests.unit.adapters.canary import FakeSecrets
from tests.unit.adapters.scripted import Scripted, Step, answer, hang, reset, scripted

from .test_api import document, no_tls

LIMITS = Limits(connect=1.0, total=6.0, size=262_144)


@dataclass
class Registry:
    """A resolver whose instances the test sets; `asked` counts its look-ups."""

    endpoints: Sequence[Endpoint] = ()
    asked: int = 0
    error: ResolveError | None = None

    def resolve(self, seconds: float) -> Listing:
        self.asked += 1
        if self.error:
            raise self.error
        return Listing(tuple(self.endpoints))


@dataclass
class Deployment:
    """An API in several tasks."""

    registry: Registry
    tasks: list[Scripted]
    reports: list[dict[str, int]] = field(default_factory=list)
    identity: tuple[str, str] = ("", "")

    def __post_init__(self) -> None:
        origin = Origin("cloudmap://shop/api", self.registry, "http", "api.shop")
        address = ApiAddress("default", origin, identity=self.identity)
        self.apis = HttpApis(
            {"default": address}, FakeSecrets({}), no_tls, LIMITS, lambda _, counts: self.reports.append(dict(counts))
        )

    def get(self, path: str = "/") -> Any:
        with self.apis.invocation():
            return self.apis.get("default", path)

    def get_all(self) -> list[Any]:
        with self.apis.invocation():
            return self.apis.get_all("default", "/")

    @property
    def counts(self) -> dict[str, int]:
        return {word: sum(report.get(word, 0) for report in self.reports) for report in self.reports for word in report}

    @property
    def requests(self) -> list[int]:
        return [len(task.requests) for task in self.tasks]


def endpoint(name: str, port: int) -> Endpoint:
    return Endpoint(name, "127.0.0.1", port)


@contextmanager
def tasks(*steps: Step, identity: tuple[str, str] = ("", "")) -> Iterator[Deployment]:
    """One task for each step, which it repeats."""
    with ExitStack() as stack:
        running = [stack.enter_context(scripted(step)) for step in steps]
        known = [endpoint(f"task-{number}", task.port) for number, task in enumerate(running)]
        yield Deployment(Registry(known), running, identity=identity)


def nobody(name: str = "gone") -> Endpoint:
    """A port that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return endpoint(name, taken.getsockname()[1])


def test_requests_are_spread_over_the_instances_and_connections_kept() -> None:
    with tasks(document(1), document(1), document(1)) as deployment:
        for _ in range(60):
            assert deployment.get() == 1
        assert sum(deployment.requests) == 60
        assert min(deployment.requests) > 5
        assert [task.connections for task in deployment.tasks] == [1, 1, 1]
        assert deployment.registry.asked == 1


def test_the_host_header_is_the_logical_name() -> None:
    with tasks(document(1)) as deployment:
        deployment.get()
        assert deployment.tasks[0].requests[0].headers.get_all("Host") == ["api.shop"]


def test_no_request_fails_while_one_instance_lives() -> None:
    with tasks(document(1)) as deployment:
        deployment.registry.endpoints = [*deployment.registry.endpoints, *(nobody(f"gone-{n}") for n in range(5))]
        for _ in range(20):
            assert deployment.get() == 1
        # Each dead one was met once at most, and the list was renewed for that, at most once a second.
        assert deployment.counts["ejection"] <= 5


@pytest.mark.parametrize("step", [hang, reset, answer(503), answer(502), answer(504)])
def test_an_instance_that_takes_requests_and_gives_nothing_is_left_at_the_third_time(step: Step) -> None:
    with tasks(step, document(1)) as deployment:
        sick, well = deployment.registry.endpoints
        for _ in range(30):
            deployment.registry.endpoints = [sick, well]
            assert deployment.get() == 1
            if deployment.counts.get("ejection"):
                break
        assert deployment.counts["ejection"] == 1
        met = len(deployment.tasks[0].requests)
        for _ in range(5):
            assert deployment.get() == 1
        assert len(deployment.tasks[0].requests) == met


def test_a_request_that_may_have_been_taken_is_sent_twice_at_most() -> None:
    with tasks(*[answer(503)] * 5) as deployment:
        with pytest.raises(SourceError, match="HTTP 503") as raised:
            deployment.get()
        assert raised.value.code == "API_UNAVAILABLE"
        assert sum(deployment.requests) == MAX_FAILED_REQUESTS
        assert deployment.registry.asked == 1


@pytest.mark.parametrize(("status", "code"), [(404, "API_NOT_FOUND"), (500, "API_UNAVAILABLE"), (401, "API_DENIED")])
def test_the_apis_own_word_is_not_asked_for_elsewhere(status: int, code: str) -> None:
    with tasks(answer(status), answer(status)) as deployment:
        for number in range(1, 6):
            with pytest.raises(SourceError) as raised:
                deployment.get()
            assert raised.value.code == code
            assert sum(deployment.requests) == number
        assert deployment.registry.asked == 1
        assert "ejection" not in deployment.counts


def test_an_instance_that_answers_for_other_services_is_passed_over() -> None:
    """421 Misdirected Request: https://www.rfc-editor.org/rfc/rfc9110#status.421 (2026-11-29)."""
    with tasks(answer(421), document(1)) as deployment:
        for _ in range(6):
            assert deployment.get() == 1
        assert deployment.requests[0] <= 1
    with tasks(answer(421)) as deployment, pytest.raises(SourceError, match="HTTP 421, it does not answer") as raised:
        deployment.get()
    assert raised.value.code == "API_WRONG_SERVICE"


def test_a_failure_names_the_path_and_the_instance() -> None:
    with tasks(answer(500)) as deployment, pytest.raises(SourceError) as raised:
        deployment.get()
    port = deployment.tasks[0].port
    assert raised.value.detail == f"default: HTTP 500 (cloudmap://shop/api, task-0 at 127.0.0.1:{port})"


def test_after_all_are_gone_a_new_look_up_finds_the_new_ones() -> None:
    with tasks(document(1)) as deployment:
        new = deployment.registry.endpoints
        deployment.registry.endpoints = [nobody(), nobody("other")]
        deployment.apis._apis["default"].endpoints._cache._ages = replace(
            deployment.apis._apis["default"].endpoints._cache._ages, min_interval=0.0
        )
        resolve = deployment.registry.resolve

        def moved(seconds: float) -> Listing:
            found = resolve(seconds)
            deployment.registry.endpoints = new
            return found

        deployment.registry.resolve = moved  # type: ignore[method-assign]
        assert deployment.get() == 1
        assert deployment.registry.asked == 2


def test_a_stranger_at_the_address_is_not_believed() -> None:
    """Addresses in a VPC are given to other tasks, which answer 200 too."""
    with tasks(
        document("wrong", X_Service="other"), document("right", X_Service="shop"), identity=("X-Service", "shop")
    ) as deployment:
        for _ in range(20):
            assert deployment.get() == "right"
        assert deployment.requests[0] <= 1


def test_only_strangers_is_an_error_of_its_own() -> None:
    strangers = tasks(document("wrong"), identity=("X-Service", "shop"))
    with (
        strangers as deployment,
        pytest.raises(SourceError, match="X-Service does not have the service's value") as raised,
    ):
        deployment.get()
    assert (raised.value.code, "wrong" in str(raised.value)) == ("API_WRONG_SERVICE", False)


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (ResolveFailure.EMPTY, "API_NO_INSTANCE"),
        (ResolveFailure.NO_NAME, "API_NO_INSTANCE"),
        (ResolveFailure.NOT_FOUND, "API_NO_INSTANCE"),
        (ResolveFailure.DENIED, "API_LOOKUP_DENIED"),
        (ResolveFailure.THROTTLED, "API_UNRESOLVED"),
        (ResolveFailure.TIMEOUT, "API_UNRESOLVED"),
        (ResolveFailure.FAILED, "API_UNRESOLVED"),
    ],
)
def test_without_an_instance_the_reason_is_named(trouble: ResolveFailure, code: str) -> None:
    deployment = Deployment(Registry(error=ResolveError(trouble, "shop/api")), [])
    with pytest.raises(SourceError) as raised:
        deployment.get()
    assert raised.value.code == code
    assert raised.value.detail == f"default: {trouble.value}, shop/api (cloudmap://shop/api)"


def test_every_instance_answers_for_itself() -> None:
    with tasks(document({"n": 1}), answer(500), document({"n": 3})) as deployment:
        assert deployment.get_all() == [
            {"instance": "task-0", "document": {"n": 1}, "error": None},
            {"instance": "task-1", "document": None, "error": "API_UNAVAILABLE"},
            {"instance": "task-2", "document": {"n": 3}, "error": None},
        ]
        assert deployment.requests == [1, 1, 1]


def test_many_instances_are_asked_a_few_at_a_time() -> None:
    with scripted(document(1)) as task:
        registry = Registry([Endpoint(f"{number:02}", f"127.0.0.{number}", task.port) for number in range(1, 21)])
        found = Deployment(registry, [task]).get_all()
    answered = [one["instance"] for one in found if one["document"] == 1]
    assert answered == ["01"]  # the server listens on one of the addresses alone
    assert {one["error"] for one in found[1:]} == {"API_UNAVAILABLE"}


def test_where_no_instance_has_a_document_the_first_error_stands() -> None:
    with tasks(answer(404), answer(500)) as deployment, pytest.raises(SourceError) as raised:
        deployment.get_all()
    assert raised.value.code == "API_NOT_FOUND"


def test_what_discovery_did_is_reported_once_for_each_invocation() -> None:
    with tasks(document(1)) as deployment:
        deployment.get()
        deployment.get()
    assert deployment.reports == [{"refresh": 1, "fresh": 1}, {"fresh": 1}]
