"""What X-Ray's daemon gets of an invocation: one subsegment for each thing that was waited for, and nothing unasked."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from handler.adapters import traced
from handler.adapters.traced import Tracer
from handler.discovery.paths import PATHS
from handler.errors import SlackError, SourceError
from handler.instances import Listing, ResolveError, ResolveFailure
from handler.model import Message, Receipt, Replication
from handler.settings import Settings

ROOT, PARENT = "1-68f0a1b2-0123456789abcdef01234567", "0123456789abcdef"
SAMPLED = f"Root={ROOT};Parent={PARENT};Sampled=1"
MESSAGE = Message(notification="order.created", channel="orders", destination="C1", text="hello")


class Daemon:
    """Takes what X-Ray's daemon takes: datagrams."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.environment = {
            "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{self.socket.getsockname()[1]}",
            "_X_AMZN_TRACE_ID": SAMPLED,
        }

    def told(self) -> list[dict[str, Any]]:
        """The documents so far."""
        found = []
        while True:
            try:
                header, _, body = self.socket.recv(65_536).partition(b"\n")
            except TimeoutError:
                return found
            assert json.loads(header) == {"format": "json", "version": 1}
            found.append(json.loads(body))


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    made = Daemon()
    yield made
    made.socket.close()


def failing(error: Exception) -> Any:
    def call(*_: object) -> Any:
        raise error

    return call


def test_a_subsegment_names_its_trace_and_what_was_waited_for(daemon: Daemon) -> None:
    with Tracer(daemon.environment).waiting("Slack", call="post"):
        pass
    [told] = daemon.told()
    assert (told["trace_id"], told["parent_id"], told["type"]) == (ROOT, PARENT, "subsegment")
    assert len(told["id"]) == 16
    assert (told["name"], told["namespace"], told["annotations"]) == ("Slack", "remote", {"call": "post"})
    assert told["start_time"] <= told["end_time"]
    assert not {"fault", "error"} & told.keys()


@pytest.mark.parametrize(
    ("error", "flags", "code"),
    [
        (SourceError("DB_TIMEOUT", "default: a detail"), {"fault": True}, "DB_TIMEOUT"),
        (ResolveError(ResolveFailure.EMPTY, "a detail"), {"fault": True}, "EMPTY"),
        (SlackError("SLACK_RATE_LIMITED", "a detail", 3.0), {"error": True, "throttle": True}, "SLACK_RATE_LIMITED"),
    ],
)
def test_a_failure_is_marked_with_its_code_and_no_detail(
    daemon: Daemon, error: Exception, flags: dict[str, bool], code: str
) -> None:
    with pytest.raises(type(error)), Tracer(daemon.environment).waiting("x"):
        raise error
    [told] = daemon.told()
    assert flags.items() <= told.items()
    assert told["annotations"] == {"code": code}
    assert "a detail" not in json.dumps(told)


@pytest.mark.parametrize(
    "trace", ["", f"Root={ROOT};Parent={PARENT};Sampled=0", f"Root={ROOT};Sampled=1", "nonsense", "Sampled=1"]
)
def test_what_is_not_sampled_is_not_sent(daemon: Daemon, trace: str) -> None:
    with Tracer({**daemon.environment, "_X_AMZN_TRACE_ID": trace}).waiting("x"):
        pass
    assert daemon.told() == []


@pytest.mark.parametrize("address", ["", "nowhere", "127.0.0.1:", "127.0.0.1:1", "no.such.host.invalid:2000"])
def test_a_daemon_that_is_not_there_costs_no_event(daemon: Daemon, address: str) -> None:
    tracer = Tracer({**daemon.environment, "AWS_XRAY_DAEMON_ADDRESS": address})
    for _ in range(3):
        with tracer.waiting("x"):
            pass
    assert daemon.told() == []


def test_each_invocation_has_its_own_trace(daemon: Daemon) -> None:
    tracer = Tracer(daemon.environment)
    for parent in ("a" * 16, "b" * 16):
        daemon.environment["_X_AMZN_TRACE_ID"] = f"Root={ROOT};Parent={parent};Sampled=1"
        with tracer.waiting("x"):
            pass
    assert [told["parent_id"] for told in daemon.told()] == ["a" * 16, "b" * 16]


def test_every_port_passes_on_what_it_is_given_and_is_told(daemon: Daemon) -> None:
    tracer, found = Tracer(daemon.environment), []
    inner: Any = SimpleNamespace(
        select=lambda *given: [{"given": list(given)}],
        replicating=lambda name: Replication(True, 1.0) if name == "default" else None,
        get=lambda *given: list(given),
        get_all=lambda *given: [list(given)],
        invocation=lambda: nullcontext(found.append),
        post=lambda message: Receipt(message.destination),
        edit=lambda message, ts: Receipt(message.destination, ts),
        find=lambda message, since: Receipt(message.destination, str(since)),
    )
    database, api = traced.database(inner, tracer), traced.api(inner, tracer)
    assert database.select("default", "SELECT 1", {}, 1) == [{"given": ["default", "SELECT 1", {}, 1]}]
    assert api.get("shop", "/a") == ["shop", "/a"]
    assert api.get_all("shop", "/a") == [["shop", "/a"]]
    assert database.replicating("default") == Replication(True, 1.0)
    with api.invocation() as ahead:
        ahead("shop")
    assert found == ["shop"]
    slack = traced.slack(cast(Any, inner), tracer)
    assert slack.post(MESSAGE) == Receipt("C1")
    assert slack.edit(MESSAGE, "1.2") == Receipt("C1", "1.2")
    assert slack.find(MESSAGE, 3.0) == Receipt("C1", "3.0")
    assert [told["name"] for told in daemon.told()] == ["database default", "API shop", "API shop", *["Slack"] * 3]


def test_a_look_up_of_an_api_is_told(daemon: Daemon) -> None:
    given = {
        "NOTIFIER_APIS": "shop=https://shop.internal",
        "NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs/dead",
        "NOTIFIER_STATE_TABLE": "state",
    }
    apis = Settings.from_environment(given, PATHS).apis
    still = replace(apis["shop"].origin, resolver=SimpleNamespace(resolve=lambda _: Listing(())))
    found = traced.addresses({"shop": replace(apis["shop"], origin=still)}, Tracer(daemon.environment))
    assert found["shop"].origin.resolver.resolve(1.0) == Listing(())
    failed = replace(still, resolver=SimpleNamespace(resolve=failing(ResolveError(ResolveFailure.TIMEOUT, "x"))))
    found = traced.addresses({"shop": replace(apis["shop"], origin=failed)}, Tracer(daemon.environment))
    with pytest.raises(ResolveError):
        found["shop"].origin.resolver.resolve(1.0)
    assert [(told["name"], told.get("fault")) for told in daemon.told()] == [
        ("resolve shop", None),
        ("resolve shop", True),
    ]


@pytest.mark.parametrize(("asked", "imported"), [("no", False), ("yes", True)])
def test_who_does_not_ask_for_it_does_not_pay_for_it(tmp_path: Any, asked: str, imported: bool) -> None:
    (tmp_path / "catalog.json").write_text('{"none": "such"}')
    program = (
        "import os, sys\nfrom handler import bootstrap, catalog\nfrom types import SimpleNamespace\n"
        "catalog.load = lambda *_: SimpleNamespace(stage=SimpleNamespace(locale=None), locales=())\n"
        "bootstrap.Templates = lambda **_: SimpleNamespace(render=print)\n"
        "bootstrap.build(os.environ)\nprint('handler.adapters.traced' in sys.modules)"
    )
    env = {
        "NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs/dead",
        "NOTIFIER_STATE_TABLE": "state",
        "NOTIFIER_TRACE_DOWNSTREAM": asked,
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == (str(imported), "")
