"""Each fault, as a client really meets it, and what the stand-in kept of the request."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import urllib3
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from lab.processes import wait_until
from lab.slack import Config, Control, Rate, running_slack
from lab.tls import Authority

WEBHOOK = "services/T0LAB/B0LABORDERS/lab-secret"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_slack(Config(rate=Rate(0))) as url:
        yield url


@pytest.fixture
def control(url: str) -> Control:
    control = Control(url)
    control.reset()
    return control


@pytest.fixture
def post(url: str) -> Callable[..., Any]:
    return WebClient("xoxb-lab-token", base_url=f"{url}/api/", retry_handlers=[], timeout=5).chat_postMessage


def raw_post(url: str, timeout: float = 5) -> urllib3.BaseHTTPResponse:
    """Post without an opinion on the answer, and without following it."""
    return urllib3.request(
        "POST",
        f"{url}/api/chat.postMessage",
        headers={"Authorization": "Bearer xoxb-lab-token"},
        json={"channel": "orders", "text": "x"},
        redirect=False,
        retries=False,
        timeout=timeout,
    )


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize(
    ("kind", "error"),
    [("close", http.client.RemoteDisconnected), ("reset", ConnectionResetError)],
)
def test_a_connection_ends_before_the_answer(
    control: Control, post: Callable[..., Any], kind: str, error: type[Exception], accept: bool
) -> None:
    control.order(kind, accept=accept)
    with pytest.raises(error):
        post(channel="orders", text="x")
    assert len(control.messages()) == accept
    [request] = control.requests()
    assert (request["status"], request["fault"]) == (None, kind)


@pytest.mark.parametrize("accept", [False, True])
def test_an_answer_never_comes(control: Control, url: str, accept: bool) -> None:
    control.order("hang", accept=accept)
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        raw_post(url, timeout=0.05)
    assert len(control.messages()) == accept
    assert control.requests()[0]["status"] is None


def test_an_answer_is_cut_in_the_middle(control: Control, post: Callable[..., Any]) -> None:
    control.order("truncate")
    with pytest.raises(http.client.IncompleteRead):
        post(channel="orders", text="x")
    assert len(control.messages()) == 1


def test_an_answer_drips(control: Control, url: str) -> None:
    control.order("drip", seconds=5)
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        raw_post(url, timeout=0.05)
    control.reset()
    control.order("drip", seconds=0.0001)
    assert raw_post(url).json()["ok"] is True
    assert len(control.messages()) == 1


def test_an_answer_is_late(control: Control, url: str) -> None:
    control.order("delay", seconds=5)
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        raw_post(url, timeout=0.05)
    assert len(control.messages()) == 1
    control.order("delay", seconds=0.001)
    assert raw_post(url).json()["ok"] is True


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize(("status", "body"), [(500, ""), (502, "<h1>Bad Gateway</h1>"), (503, "{}")])
def test_another_status(control: Control, url: str, status: int, body: str, accept: bool) -> None:
    control.order("status", status=status, body=body, content_type="text/html", accept=accept)
    answer = raw_post(url)
    assert (answer.status, answer.data.decode()) == (status, body)
    assert len(control.messages()) == accept
    assert control.requests()[0]["status"] == status


@pytest.mark.parametrize("accept", [False, True])
def test_a_page_that_is_not_slacks(control: Control, url: str, accept: bool) -> None:
    control.order("html", accept=accept)
    answer = raw_post(url)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.data.startswith(b"<!doctype html>")
    assert len(control.messages()) == accept


@pytest.mark.parametrize("accept", [False, True])
def test_an_error_word(control: Control, post: Callable[..., Any], accept: bool) -> None:
    control.order("error", error="internal_error", accept=accept)
    with pytest.raises(SlackApiError) as refused:
        post(channel="orders", text="x")
    answer = refused.value.response
    assert (answer.status_code, answer.data) == (200, {"ok": False, "error": "internal_error"})
    assert len(control.messages()) == accept


@pytest.mark.parametrize(("word", "status"), [("rollup_error", 500), ("no_service", 404), ("new_word", 400)])
def test_an_error_word_of_a_webhook(control: Control, url: str, word: str, status: int) -> None:
    control.order("error", method="webhook", error=word)
    answer = WebhookClient(f"{url}/{WEBHOOK}", retry_handlers=[]).send(text="x")
    assert (answer.status_code, answer.body) == (status, word)


@pytest.mark.parametrize("wait", ["1", "30", "3600", "0.5", "Wed, 21 Oct 2026 07:28:00 GMT", "9" * 30, "", None])
def test_a_wait_of_any_form(control: Control, url: str, wait: str | None) -> None:
    control.order("limited", retry_after=wait, times=2)
    answer = raw_post(url)
    assert (answer.status, answer.headers.get("Retry-After")) == (429, wait)
    assert answer.json() == {"ok": False, "error": "ratelimited"}
    hook = urllib3.request("POST", f"{url}/{WEBHOOK}", json={"text": "x"}, retries=False)
    assert (hook.status, hook.data, hook.headers.get("Retry-After")) == (429, b"rate_limited", wait)
    assert control.messages() == []
    assert [request["retry_after"] for request in control.requests()] == [wait or ""] * 2


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect(control: Control, url: str, status: int) -> None:
    control.order("redirect", status=status, location="http://127.0.0.1:1/elsewhere")
    answer = raw_post(url)
    assert (answer.status, answer.headers["Location"]) == (status, "http://127.0.0.1:1/elsewhere")
    assert control.messages() == []


def test_another_host_notes_whether_it_was_given_the_token(control: Control, post: Callable[..., Any]) -> None:
    with running_slack() as elsewhere:
        control.order("redirect", status=302, location=f"{elsewhere}/api/auth.test")
        post(channel="orders", text="x")  # slack-sdk follows, token and all
        [request] = Control(elsewhere).requests()
        assert (request["path"], request["token"]) == ("/api/auth.test", True)


def test_a_fault_is_for_its_method_its_channel_and_its_number_of_times(control: Control, url: str) -> None:
    control.order("status", method="chat.postMessage", channel="#orders".removeprefix("#"), times=2, status=500)
    slack = WebClient("xoxb-lab-token", base_url=f"{url}/api/", retry_handlers=[])
    assert slack.auth_test()["ok"] is True
    assert slack.chat_postMessage(channel="payments", text="x")["ok"] is True
    assert [raw_post(url).status for _ in range(3)] == [500, 500, 200]


def test_a_channel_is_matched_by_name_and_by_id(control: Control, url: str) -> None:
    control.order("status", channel="orders", status=501)
    control.order("status", channel="C0LABORDERS", status=502)
    assert [raw_post(url).status for _ in range(3)] == [501, 502, 200]


def test_a_fault_may_be_for_what_a_request_says(control: Control, url: str) -> None:
    control.order("status", status=503, text="event 7")
    slack = WebClient("xoxb-lab-token", base_url=f"{url}/api/", retry_handlers=[])
    slack.chat_postMessage(channel="orders", text="event 6")
    with pytest.raises(SlackApiError):
        slack.chat_postMessage(channel="orders", text="see event 7")
    slack.chat_postMessage(channel="orders", text="see event 7")
    assert control.due() == []


def test_faults_come_in_the_order_in_which_they_were_ordered(control: Control, url: str) -> None:
    control.order("status", status=501)
    control.order("status", status=502)
    assert [raw_post(url).status for _ in range(3)] == [501, 502, 200]


def test_a_fault_after_accepting_waits_for_a_request_that_is_accepted(control: Control, url: str) -> None:
    control.order("status", status=500, accept=True)
    slack = WebClient("xoxb-lab-token", base_url=f"{url}/api/", retry_handlers=[])
    with pytest.raises(SlackApiError, match="channel_not_found"):
        slack.chat_postMessage(channel="nowhere", text="x")
    assert raw_post(url).status == 500
    assert len(control.messages()) == 1


def test_faults_can_be_forgotten(control: Control, url: str) -> None:
    control.order("status", status=500, times=9)
    pending = urllib3.request("GET", f"{url}/_control/faults").json()
    assert [(order["times"], order["fault"]["status"]) for order in pending] == [(9, 500)]
    assert [order["times"] for order in control.due()] == [9]
    control.forget()
    assert control.due() == []
    assert raw_post(url).status == 200


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({}, "must be an array"),
        ([{}], "missing required field: fault [json-pointer:/0]"),
        ([{"fault": {"kind": "explode"}}], "unsupported kind: explode [json-pointer:/0/fault/kind]"),
        ([{"fault": {"kind": "status"}}], "missing required field: status [json-pointer:/0/fault]"),
        ([{"fault": {"kind": "status", "status": 42}}], "must be from 200 to 599 [json-pointer:/0/fault/status]"),
        ([{"fault": {"kind": "drip", "seconds": -1}}], "must be at least 0 [json-pointer:/0/fault/seconds]"),
        ([{"fault": {"kind": "hang"}, "times": 0}], "must be from 1 to"),
        ([{"fault": {"kind": "truncate", "accept": False}}], "invalid additional property: accept"),
    ],
)
def test_an_order_that_cannot_be_read_is_refused_as_a_whole(
    control: Control, url: str, document: Any, named: str
) -> None:
    answer = urllib3.request("POST", f"{url}/_control/faults", body=json.dumps(document), retries=False)
    assert answer.status == 400
    assert named in answer.json()["error"]
    assert urllib3.request("GET", f"{url}/_control/faults").json() == []


def test_connections_are_cut_over_tls_too(tmp_path: Path) -> None:
    authority = Authority.create(tmp_path)
    with running_slack(host="localhost", certificate=authority.issue("slack", "localhost")) as url:
        control = Control(url, authority.ca)
        with urllib3.PoolManager(ca_certs=str(authority.ca), retries=False) as http:
            for kind in ("close", "reset", "truncate"):
                control.order(kind, method="auth.test")
                with pytest.raises((urllib3.exceptions.ProtocolError, urllib3.exceptions.SSLError)):
                    http.request("POST", f"{url}/api/auth.test", headers={"Authorization": "Bearer xoxb-lab-token"})
        assert [request["status"] for request in control.requests()] == [None, None, 200]


def test_it_ends_while_a_client_is_still_waiting() -> None:
    with running_slack() as url:
        Control(url).order("hang")
        host, port = url.removeprefix("http://").split(":")
        client = socket.create_connection((host, int(port)))
        client.sendall(b"POST /api/auth.test HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        wait_until(Control(url).requests, "the request to arrive", timeout_seconds=10)
    with closing(client):
        assert client.recv(1) == b""
