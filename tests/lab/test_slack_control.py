"""The control API and the command: what is shown, what is not, and what outlives a process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3
from click.testing import CliRunner
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from lab.slack import Control, running_slack
from lab.slack.__main__ import main
from lab.tls import Authority


@pytest.fixture
def url() -> Iterator[str]:
    with running_slack() as url:
        yield url


@pytest.fixture
def control(url: str) -> Control:
    return Control(url)


def bot(url: str, token: str = "xoxb-lab-token") -> WebClient:
    return WebClient(token, base_url=f"{url}/api/", retry_handlers=[])


def test_it_says_that_it_is_well(url: str) -> None:
    assert urllib3.request("GET", f"{url}/_control/health").json() == {"ok": True}


def test_messages_are_listed_by_channel_or_all(url: str, control: Control) -> None:
    bot(url).chat_postMessage(channel="orders", text="a")
    bot(url).chat_postMessage(channel="payments", text="b")
    assert [message["text"] for message in control.messages()] == ["a", "b"]
    for name in ("payments", "#payments", "C0LABPAYMENTS"):
        assert [message["text"] for message in control.messages(name)] == ["b"]
    assert control.messages("nowhere") == []


def test_requests_show_everything_but_secrets(url: str, control: Control) -> None:
    bot(url).chat_postMessage(channel="orders", text="a")
    WebhookClient(f"{url}/services/T0LAB/B0LABORDERS/lab-secret").send(text="b")
    first, second = control.requests()
    assert (first["method"], first["path"], first["status"], first["channel"], first["token"]) == (
        "POST",
        "/api/chat.postMessage",
        200,
        "C0LABORDERS",
        True,
    )
    assert first["headers"]["Content-Type"] == "application/json;charset=utf-8"
    assert (second["path"], second["token"]) == ("/services/T0LAB/B0LABORDERS", False)
    shown = (
        urllib3.request("GET", f"{url}/_control/requests").data
        + urllib3.request("GET", f"{url}/_control/messages").data
    )
    assert b"xoxb-" not in shown
    assert b"lab-secret" not in shown


def test_a_request_that_cannot_be_read_is_noted_too(url: str, control: Control) -> None:
    urllib3.request("POST", f"{url}/api/chat.postMessage", body=b"{", headers={"Content-Type": "application/json"})
    assert [(request["path"], request["status"]) for request in control.requests()] == [("/api/chat.postMessage", 200)]


def test_a_token_can_be_replaced_while_it_runs(url: str, control: Control) -> None:
    control.configure(
        tokens=[{"value": "xoxb-old", "refused": "token_revoked"}, {"value": "xoxb-new", "scopes": ["chat:write"]}]
    )
    old = urllib3.request("POST", f"{url}/api/auth.test", headers={"Authorization": "Bearer xoxb-old"})
    assert old.json()["error"] == "token_revoked"
    assert bot(url, "xoxb-new").chat_postMessage(channel="orders", text="a")["ok"] is True


def test_a_new_rate_holds_at_once(url: str, control: Control) -> None:
    control.configure(rate={"per_second": 0.001, "burst": 1})
    bot(url).chat_postMessage(channel="orders", text="a")
    control.configure(rate={"per_second": 0})
    bot(url).chat_postMessage(channel="orders", text="b")


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"chanels": []}, "invalid additional property: chanels"),
        ({"channels": [{"id": "C1", "name": "a", "rule": "odd"}]}, r"must be one of: archived.*/channels/0/rule"),
        ({"tokens": [{"value": 5}]}, "/tokens/0/value"),
        ({"rate": {"burst": 0}}, "/rate/burst"),
        ({"history_lag": -1}, "/history_lag"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused(control: Control, parts: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        control.configure(**parts)


def test_a_reset_makes_it_as_it_was(url: str, control: Control) -> None:
    bot(url).chat_postMessage(channel="orders", text="a")
    control.order("hang", times=9)
    control.configure(tokens=[])
    control.reset()
    assert (control.messages(), control.requests()) == ([], [])
    assert bot(url).auth_test()["ok"] is True


def test_messages_outlive_the_process_with_a_journal(tmp_path: Path) -> None:
    journal = tmp_path / "messages.jsonl"
    with running_slack(journal=journal) as url:
        first = bot(url).chat_postMessage(channel="orders", text="a")["ts"]
        bot(url).chat_update(channel="C0LABORDERS", ts=first, text="b")
    with journal.open("a") as torn:
        torn.write('\n{"channel": "C0LABORD')
    with running_slack(journal=journal) as url:
        second = bot(url).chat_postMessage(channel="orders", text="c")["ts"]
        kept = Control(url).messages()
    assert [(message["ts"], message["text"]) for message in kept] == [(first, "b"), (second, "c")]
    with running_slack(journal=journal) as url:
        assert Control(url).messages() == kept
        Control(url).reset()
    assert not journal.exists()


def test_a_deleted_message_and_a_locked_thread_stay_so_with_a_journal(tmp_path: Path) -> None:
    journal = tmp_path / "messages.jsonl"
    with running_slack(journal=journal) as url:
        gone, locked = [bot(url).chat_postMessage(channel="orders", text="a")["ts"] for _ in range(2)]
        Control(url).delete("orders", gone)
        Control(url).lock("orders", locked)
    with running_slack(journal=journal) as url:
        assert [(message["ts"], message["locked"]) for message in Control(url).messages()] == [(locked, True)]


def test_what_is_not_there_cannot_be_deleted_and_no_clock_goes_back(control: Control) -> None:
    for channel in ("orders", "nowhere"):
        with pytest.raises(ValueError, match=f"no message 1.000100 in {channel}"):
            control.delete(channel, "1.000100")
    with pytest.raises(ValueError, match="/seconds"):
        control.advance(-1)


def test_a_port_that_is_taken_is_named(url: str) -> None:
    port = int(url.rpartition(":")[2])
    with pytest.raises(OSError, match=str(port)), running_slack(port=port):
        pass


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-m", "lab.slack", *arguments], stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_end(tmp_path: Path, end: signal.Signals) -> None:
    authority = Authority.create(tmp_path)
    certificate = authority.issue("slack", "localhost")
    options = ["--host", "localhost", "--cert", str(certificate.cert), "--key", str(certificate.key)]
    with command("--port", "0", *options, "--state", str(tmp_path / "state")) as process:
        assert process.stdout
        url = json.loads(process.stdout.readline())["url"]
        assert url.startswith("https://localhost:")
        assert Control(url, authority.ca).messages() == []
        process.send_signal(end)
        assert process.wait(timeout=10) == 0


def test_the_command_teaches() -> None:
    shown = CliRunner().invoke(main, ["--help"])
    assert shown.exit_code == 0
    for word in ("--per-second", "xoxb-lab-token", "C0LABORDERS", "/services/T0LAB", "/_control/faults"):
        assert word in shown.output


def test_the_command_says_what_to_do_about_a_port_that_is_taken(url: str) -> None:
    failed = CliRunner().invoke(main, ["--port", url.rpartition(":")[2]])
    assert failed.exit_code == 1
    assert "--port 0 takes a free one" in failed.output


def test_the_command_takes_a_certificate_only_with_its_key(tmp_path: Path) -> None:
    certificate = Authority.create(tmp_path).issue("slack", "localhost")
    failed = CliRunner().invoke(main, ["--cert", str(certificate.cert)])
    assert failed.exit_code == 2
    assert "--cert and --key go together" in failed.output
