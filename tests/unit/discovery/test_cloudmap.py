"""Which of the instances that Cloud Map answers can be asked, and what is said where none can."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from handler.adapters import tls
from handler.adapters.http import api_answers
from handler.adapters.http.api import HttpApis
from handler.catalog import Catalog, Stage
from handler.discovery import cloudmap
from handler.discovery.paths import PATHS
from handler.discovery.uri import Uri
from handler.errors import SourceError
from handler.health import apis, databases
from handler.health.model import Check, Subject
from handler.instances import ResolveError, ResolveFailure
from handler.model import ApiLookup, IdRule, Leaf, Notification, SqlLookup
from handler.settings import Settings

GIVEN = {"NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs/dead", "NOTIFIER_STATE_TABLE": "state"}
# https://docs.aws.amazon.com/cloud-map/latest/api/API_RegisterInstance.html (2026-11-29)
FULL = {"AWS_INSTANCE_IPV4": "127.0.0.1", "AWS_INSTANCE_PORT": "8080"}
NO_PORT = {"AWS_INSTANCE_IPV4": "127.0.0.1"}
CNAME = {"AWS_INSTANCE_CNAME": "api.example.org"}
ALIAS = {"AWS_ALIAS_DNS_NAME": "internal-api-1.eu-west-1.elb.amazonaws.com"}


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The attributes of the instances that Cloud Map answers."""
    attributes: list[dict[str, str]] = []

    def discover(**_: Any) -> Any:
        return {"Instances": [{"InstanceId": f"t{number}", "Attributes": one} for number, one in enumerate(attributes)]}

    monkeypatch.setattr(cloudmap, "_client", lambda: SimpleNamespace(discover_instances=discover))
    return attributes


def found(query: str = "", **options: str) -> list[str]:
    listing = cloudmap.read(Uri.parse(f"cloudmap://shop.internal/api{query}", options)).resolver.resolve(1.0)
    return [f"{one.id}:{one.port}" for one in listing.endpoints]


def subject(uri: str = "cloudmap://shop.internal/api", catalog: Catalog | None = None) -> Subject:
    secrets: Any = SimpleNamespace(get=lambda _name, **_: "{}")
    return Subject(Settings.from_environment({**GIVEN, "NOTIFIER_APIS": f"default={uri}"}, PATHS), secrets, catalog, "")


@pytest.mark.parametrize(
    ("terms", "believed"),
    [
        (["7", "8"], ["t1"]),
        (["007", "008"], ["t1"]),
        (["9", "10"], ["t1"]),
        (["8", "08"], ["t0", "t1"]),
        (["0", "-1"], ["t0"]),
        (["1", "", "x"], ["t0"]),
        (["", "x"], ["t0", "t1"]),
        (["٨", "7"], ["t1"]),
    ],
)
def test_a_term_is_a_number_however_it_is_written(
    registered: list[dict[str, str]], terms: list[str], believed: list[str]
) -> None:
    registered += [{**FULL, "role": "leader", "term": term} for term in terms]
    assert [one.partition(":")[0] for one in found("?role=leader")] == believed


@pytest.mark.parametrize(
    ("port", "asked"),
    [("8080", 8080), ("08080", 8080), ("", 9000), ("0", 9000), ("65536", 9000), ("-1", 9000), ("http", 9000)],
)
def test_a_port_that_is_none_is_that_of_the_address(registered: list[dict[str, str]], port: str, asked: int) -> None:
    registered.append({**FULL, "AWS_INSTANCE_PORT": port})
    assert found(port="9000") == [f"t0:{asked}"]


NO_PORTS = "3 instances registered, none with an address and a port: write ;port="
NOBODY = {
    "nothing": ([], "", ResolveFailure.EMPTY, "no instance is registered, shop.internal/api", "name in Apis"),
    "no match": ([], "?role=leader", ResolveFailure.EMPTY, "shop.internal/api, with role=leader", "name in Apis"),
    "no port": ([NO_PORT] * 3, "", ResolveFailure.UNUSABLE, NO_PORTS, ";port="),
    "too large a port": ([{**FULL, "AWS_INSTANCE_PORT": "99999"}] * 3, "", ResolveFailure.UNUSABLE, NO_PORTS, ";port="),
    "no port, or no address": ([NO_PORT, CNAME, {}], "", ResolveFailure.UNUSABLE, NO_PORTS, ";port="),
    "a name": ([CNAME], "", ResolveFailure.UNUSABLE, "1 instance registered, none with an address", "http://name or https://name"),
    "an alias": ([ALIAS], "", ResolveFailure.UNUSABLE, "1 instance registered, none with an address", "http://name or https://name"),
    "neither": ([{"role": "x"}] * 2, "", ResolveFailure.UNUSABLE, "2 instances registered", "with AWS_INSTANCE_IPV4"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "query", "trouble", "detail", "remedy"), NOBODY.values(), ids=NOBODY.keys())
def test_the_doctor_and_the_function_say_the_same_of_an_api_that_nobody_can_be_asked_of(
    registered: list[dict[str, str]], given: Any, query: str, trouble: ResolveFailure, detail: str, remedy: str
) -> None:
    registered += given
    about = subject(f"cloudmap://shop.internal/api{query}")
    [check] = apis.checks(about)
    assert (check.name, check.state) == ("API default", "failed")
    assert detail in check.cause
    assert remedy in check.remedy
    of_the_function = HttpApis(about.settings.apis, about.secrets, tls.context)
    with pytest.raises(SourceError) as raised, of_the_function.invocation():
        of_the_function.get("default", "/")
    assert raised.value.code == "API_NO_INSTANCE"
    assert str(raised.value) == check.cause
    assert api_answers.unresolved(about.settings.apis["default"], ResolveError(trouble, "x")).code == "API_NO_INSTANCE"


def test_instances_that_cannot_be_asked_beside_others_are_a_warning(
    registered: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apis, "_connection_failure", lambda *_: "")
    registered += [FULL, NO_PORT, CNAME]
    [check] = apis.checks(subject())
    assert (check.state, check.cause.partition(" more")[0]) == ("warning", "2")
    assert "1 found" in check.seen
    assert ";port=" in check.remedy
    registered[:] = [FULL]
    assert [one.state for one in apis.checks(subject())] == ["ok"]


# What else would fail in the function


def catalog(*lookups: Any) -> Catalog:
    asking = Notification(
        "orders", "order.created", IdRule("integer"), (), Leaf("mrkdwn", "x", "text"), lookups=lookups
    )
    return Catalog({"order.created": (asking,)}, Stage(name="test", channels={}, fallback="F"))


def test_what_templates_ask_and_nobody_deployed_is_a_failure(
    registered: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apis, "_connection_failure", lambda *_: "")
    registered.append(FULL)
    path = Leaf("url", "/orders", "get")
    asked = catalog(ApiLookup("a", path), ApiLookup("b", path, api="stock"), SqlLookup("c", "SELECT 1", {}, "billing"))
    about = subject(catalog=asked)
    checks: list[Check] = [*apis.checks(about), *databases.checks(about)]
    assert {check.name: check.state for check in checks} == {
        "API stock": "failed",
        "API default": "ok",
        "database billing": "failed",
    }
    for check in checks:
        assert check.state == "ok" or ("used by orders" in check.cause and check.remedy)


@pytest.mark.parametrize(("said", "state"), [("orders", "ok"), ("stock", "failed"), ("", "failed")])
def test_an_api_that_is_another_service_is_a_failure(said: str, state: str) -> None:
    from tests.unit.adapters.scripted import answer, scripted

    with scripted(answer(404, b"", X_Service=said)) as server:
        [check] = apis.checks(subject(f"http://127.0.0.1:{server.port};identity=X-Service:orders"))
    assert check.state == state
    assert (state == "ok") or check.cause.startswith("API_WRONG_SERVICE")
