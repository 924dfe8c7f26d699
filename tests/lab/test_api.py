"""The sample API: what it knows, and that each fault looks to a client as it would in the field."""

from __future__ import annotations

import gzip
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead, RemoteDisconnected
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lab.api import RunningApi, running_api
from lab.api.__main__ import main
from lab.processes import ChildError
from lab.shop import generate
from lab.tls import Authority


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    with running_api(tmp_path_factory.mktemp("api") / "task-1.log") as running:
        yield running


@pytest.fixture
def api(task: RunningApi) -> Iterator[RunningApi]:
    yield task
    task.clear()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


def read(response: HTTPResponse) -> Answer:
    return Answer(response.status, {key.lower(): value for key, value in response.getheaders()}, response.read())


def get(api: RunningApi, path: str, timeout: float = 20, method: str = "GET", **headers: str) -> Answer:
    connection = HTTPConnection("127.0.0.1", api.port, timeout=timeout)
    try:
        connection.request(method, path, headers=headers)
        return read(connection.getresponse())
    finally:
        connection.close()


def test_a_customer_as_the_shop_knows_it(api: RunningApi) -> None:
    answer = get(api, "/customers/1")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-task"] == "task-1"
    tickets = [t for t in generate().support_tickets if t.customer_id == 1 and t.status != 2]
    assert answer.document == {
        "id": 1,
        "name": "Zoë <VIP> & Co",
        "tier": "vip",
        "email": "customer1@example.com",
        "country": "DE",
        "open_tickets": len(tickets),
        "since": generate().customers[0].created_at.isoformat(),
    }


def test_an_order_in_whole_yen(api: RunningApi) -> None:
    document = get(api, "/orders/1044").document
    assert (document["amount"], document["currency"], document["status"]) == (12400, "JPY", "shipped")
    assert document["items"] == [{"sku": "TEA-GYO-050", "quantity": 2}, {"sku": "ACC-TIN-100", "quantity": 3}]


def test_health(api: RunningApi) -> None:
    assert get(api, "/health").document == {"status": "ok", "task": "task-1"}


@pytest.mark.parametrize("path", ["/customers/0", "/customers/999999", "/orders/4201", "/customers/one", "/", "/a/b"])
def test_what_is_not_there_is_a_json_404(api: RunningApi, path: str) -> None:
    answer = get(api, path)
    assert answer.status == 404
    assert answer.document["error"].lower() == "not found"
    assert answer.headers["x-task"] == "task-1"


def test_it_can_only_be_read(api: RunningApi) -> None:
    assert get(api, "/customers/1", method="POST").status == 405


def test_echo_shows_the_path_as_it_was_sent(api: RunningApi) -> None:
    echo = get(api, "/echo/..%2F%E5%B1%B1%20/x?q=%26", method="GET", authorization="Bearer tea").document
    assert echo["path"] == "/echo/..%2F%E5%B1%B1%20/x?q=%26"
    assert echo["headers"]["authorization"] == "Bearer tea"


def test_requests_are_remembered_with_their_connection(api: RunningApi) -> None:
    before = len(api.requests())
    connection = HTTPConnection("127.0.0.1", api.port, timeout=20)
    for path in ("/health", "/orders/1"):
        connection.request("GET", path)
        connection.getresponse().read()
    connection.close()
    get(api, "/orders/2")
    first, second, third = api.requests()[before:]
    assert [seen["path"] for seen in (first, second, third)] == ["/health", "/orders/1", "/orders/2"]
    assert first["client_port"] == second["client_port"] != third["client_port"]


ODD_ANSWERS = [
    ("status", {"code": 503}, 503, "application/json; charset=utf-8", b'{"error": "as you wished"}'),
    ("html", {}, 200, "text/html; charset=utf-8", b"<!doctype html>"),
    ("wrong_type", {}, 200, "text/plain", b'{"id": 7'),
    ("body", {"text": '{"id": NaN'}, 200, "application/json", b'{"id": NaN'),
    ("body", {"text": '"茶"', "charset": "shift_jis"}, 200, "application/json", '"茶"'.encode("shift_jis")),
    ("redirect", {"location": "http://elsewhere.example/"}, 302, None, b""),
    ("delay", {"seconds": 0.01}, 200, "application/json", b'{"id": 7'),
    ("drip", {"seconds": 0}, 200, "application/json", b'{"id": 7'),
]


@pytest.mark.parametrize(("kind", "arguments", "status", "content_type", "start"), ODD_ANSWERS)
def test_an_odd_answer(
    api: RunningApi, kind: str, arguments: dict[str, Any], status: int, content_type: str | None, start: bytes
) -> None:
    api.fault("/customers/7", kind, **arguments)
    answer = get(api, "/customers/7")
    assert answer.status == status
    assert answer.headers.get("content-type") == content_type
    assert answer.body.startswith(start)
    assert answer.headers.get("location") == arguments.get("location")


def test_a_big_answer_is_valid_and_as_big_as_asked(api: RunningApi) -> None:
    api.fault("/customers/7", "big", size=300_000)
    answer = get(api, "/customers/7")
    assert len(answer.body) == 300_000
    assert list(answer.document) == ["padding"]


def test_a_compressed_answer_is_much_larger_than_what_is_sent(api: RunningApi) -> None:
    api.fault("/customers/7", "gzip", size=5_000_000)
    answer = get(api, "/customers/7")
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.body) < 50_000
    assert len(gzip.decompress(answer.body)) == 5_000_000


@pytest.mark.parametrize(
    ("kind", "arguments", "error"),
    [
        ("truncated", {}, (IncompleteRead, ConnectionResetError)),
        ("reset", {}, (RemoteDisconnected, ConnectionResetError)),
        ("delay", {"seconds": 60}, TimeoutError),
    ],
)
def test_an_answer_that_never_comes_whole(
    api: RunningApi, kind: str, arguments: dict[str, Any], error: type[HTTPException | OSError]
) -> None:
    api.fault("/customers/7", kind, **arguments)
    with pytest.raises(error):
        get(api, "/customers/7", timeout=0.5)


def test_a_fault_holds_for_its_paths_and_its_times(api: RunningApi) -> None:
    api.fault("/customers/*", "status", times=2, code=500)
    asked = ["/orders/1", "/customers/1", "/customers/2", "/customers/3"]
    assert [get(api, path).status for path in asked] == [200, 500, 500, 200]


def test_faults_can_be_cleared(api: RunningApi) -> None:
    api.fault("*", "status", code=500)
    assert get(api, "/health").status == 500
    api.clear()
    assert get(api, "/health").status == 200


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        ("explode", {}, "a kind: delay, drip"),
        ("delay", {}, "delay: missing a required .*argument: 'seconds'"),
        ("html", {"colour": "red"}, "html: got an unexpected keyword argument 'colour'"),
        ("html", {"times": 0}, "times is a number from 1"),
    ],
)
def test_a_wrong_wish_is_refused(api: RunningApi, kind: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        api.fault("/health", kind, **arguments)


def test_a_required_header(tmp_path: Path) -> None:
    with running_api(tmp_path / "log", required_header="x-api-key=oolong=1") as api:
        assert get(api, "/customers/1").status == 401
        assert get(api, "/customers/1", **{"x-api-key": "wrong"}).status == 401
        assert get(api, "/customers/1", **{"x-api-key": "oolong=1"}).status == 200
        assert get(api, "/health").status == 200


def test_tls_and_several_tasks_side_by_side(tmp_path: Path) -> None:
    authority = Authority.create(tmp_path / "tls")
    certificate = authority.issue("api", "localhost", "127.0.0.1")
    with (
        running_api(tmp_path / "one", name="one", certificate=certificate) as one,
        running_api(tmp_path / "two", name="two", certificate=certificate) as two,
    ):
        one.fault("/health", "status", code=503)
        for api, status in ((one, 503), (two, 200)):
            assert api.url == f"https://127.0.0.1:{api.port}"
            trusting = ssl.create_default_context(cafile=str(authority.ca))
            connection = HTTPSConnection("localhost", api.port, timeout=20, context=trusting)
            connection.request("GET", "/health")
            answer = read(connection.getresponse())
            connection.close()
            assert (answer.status, answer.headers["x-task"]) == (status, api.name)
    assert not one.process.running
    assert not two.process.running


def test_a_task_that_cannot_start_says_why(tmp_path: Path) -> None:
    keyless = Authority.create(tmp_path / "tls").issue("api", "localhost")
    keyless.key.unlink()
    with (
        pytest.raises(
            ChildError, match=r"(?s)status 2\) while we waited for the sample API's task-1.*api\.key' does not exist"
        ),
        running_api(tmp_path / "log", certificate=keyless),
    ):
        pytest.fail("it cannot start")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "1", "--require-header", "=x"], "NAME=VALUE"),
        (["--port", "1", "--cert", __file__], "--cert and --key go together"),
    ],
)
def test_the_command_refuses_what_makes_no_sense(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert message in result.output
