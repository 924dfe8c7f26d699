"""The API client against a server that answers anything, over TLS and without."""

from __future__ import annotations

import gzip
import json
import ssl
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any, NoReturn

import pytest

from handler.adapters.http.api import HttpApis
from handler.adapters.http.connection import IDLE_SECONDS
from handler.adapters.http.exchange import Answer, Limits
from handler.adapters.http.load_balancing import Reply
from handler.errors import ConfigError, SourceError, TemplateError
from handler.ports import Api
from lab.tls import Authority, Certificate
from tests.unit.adapters.addresses import api_address
from tests.unit.adapters.canary import CANARY, FakeSecrets, safe
from tests.unit.adapters.scripted import (
    Scripted,
    Step,
    answer,
    closed,
    deaf,
    drip,
    hang,
    http,
    hung_up_on,
    reset,
    scripted,
    send,
)

pytestmark = pytest.mark.usefixtures("no_secret_in_the_log")

SHORT = Limits(connect=1.0, total=1.5, size=262_144)
LONG = Limits(connect=10.0, total=20.0, size=262_144)
BOMB = gzip.compress(b"[" + b"0," * 5_000_000 + b"0]")


def document(value: Any, status: int = 200, **headers: str) -> Step:
    return answer(status, json.dumps(value).encode(), **{"Content_Type": "application/json", **headers})


def text(body: str | bytes, content_type: str = "application/json") -> Step:
    return answer(200, body if isinstance(body, bytes) else body.encode(), Content_Type=content_type)


def no_tls(ca: str) -> NoReturn:
    pytest.fail("plain HTTP needs no TLS context")


def plain(server: Scripted, limits: Limits = LONG, *, base: str = "", **address: str) -> HttpApis:
    secrets = FakeSecrets({"apis/default": CANARY})
    return HttpApis({"default": api_address("default", server.url + base, **address)}, secrets, no_tls, limits)


def over_tls(url: str, trust: ssl.SSLContext, limits: Limits = LONG, **address: str) -> HttpApis:
    secrets = FakeSecrets({"apis/default": CANARY})
    return HttpApis({"default": api_address("default", url, **address)}, secrets, lambda _: trust, limits)


def code_of(raised: pytest.ExceptionInfo[SourceError]) -> str:
    safe(raised.value)
    assert raised.value.detail.startswith("default: ")
    return raised.value.code


# What is asked


def test_a_document_is_read(trust: ssl.SSLContext, certificate: Certificate) -> None:
    with scripted(document({"name": "Zoë"}), certificate=certificate) as server:
        api: Api = over_tls(server.url, trust)
        assert api.get("default", "/customers/7?full=1&q=a%20b") == {"name": "Zoë"}
    (request,) = server.requests
    assert (request.method, request.target, request.body) == ("GET", "/customers/7?full=1&q=a%20b", b"")
    assert request.headers["Accept"] == "application/json"
    assert request.headers["Accept-Encoding"] == "identity"
    assert "Authorization" not in request.headers


@pytest.mark.parametrize(
    ("base", "path", "target"),
    [
        ("", "/a", "/a"),
        ("/", "/a", "/a"),
        ("/v1", "/a", "/v1/a"),
        ("/v1/", "/a", "/v1/a"),
        ("/v1", "/", "/v1/"),
        ("/v1", "//a", "/v1//a"),
        ("/v1", "/a%2Fb", "/v1/a%2Fb"),
        ("/v1", "/%E3%81%82", "/v1/%E3%81%82"),
        ("/v1", "/a?next=https://evil.example/../x", "/v1/a?next=https://evil.example/../x"),
        ("/v1", "/a..b/.c/d.", "/v1/a..b/.c/d."),
        ("/v1", "/@evil.example", "/v1/@evil.example"),
        ("/v1", "//evil.example/x", "/v1//evil.example/x"),
    ],
)
def test_a_path_is_added_to_the_base_as_it_is(base: str, path: str, target: str) -> None:
    with scripted(document(1)) as server:
        plain(server, base=base).get("default", path)
    assert [request.target for request in server.requests] == [target]


@pytest.mark.parametrize(
    "path",
    ["", "a", "../a", "/../a", "/a/..", "/a/./b", "/.", "/a/%2e%2e/b", "/%2E./b", "/..%2fb", "/a%2F..%2Fb", "/..;x/b",
     "/..\\b", "/..%5Cb", "/a b", "/a\nb", "/a\r\nHost: x", "/ä", "/a#b", "/\0", "http://evil.example/",
     "@evil.example"],
)  # fmt: skip
def test_a_path_that_could_leave_the_base_is_not_asked_for(path: str) -> None:
    with scripted(document(1)) as server:
        with pytest.raises(TemplateError, match="TEMPLATE_URL"):
            plain(server, base="/v1").get("default", path)
        assert server.connections == 0


@pytest.mark.parametrize(
    ("header", "secret", "name", "sent"),
    [
        ("Authorization", CANARY, "Authorization", f"Bearer {CANARY}"),
        ("authorization", f"{CANARY}\n", "Authorization", f"Bearer {CANARY}"),
        ("Authorization", f"Basic {CANARY}", "Authorization", f"Basic {CANARY}"),
        ("X-Api-Key", CANARY, "X-Api-Key", CANARY),
    ],
)
def test_a_secret_goes_into_its_header(header: str, secret: str, name: str, sent: str) -> None:
    with scripted(document(1)) as server:
        address = api_address("shop", server.url, header=header)
        HttpApis({"shop": address}, FakeSecrets({"apis/shop": secret}), no_tls, LONG).get("shop", "/")
    assert server.requests[0].headers.get_all(name) == [sent]


@pytest.mark.parametrize("secret", ["", "\n", f"{CANARY}\nX: 1", f"{CANARY}\r\n\r\nGET /", f"{CANARY}é", f"{CANARY}\0"])
def test_a_secret_that_is_no_header_is_neither_sent_nor_shown(secret: str) -> None:
    with scripted(document(1)) as server:
        apis = HttpApis(
            {"shop": api_address("shop", server.url, header="X-Api-Key")}, FakeSecrets({"apis/shop": secret}), no_tls
        )
        with pytest.raises(ConfigError, match="CONFIG_SECRET_FORMAT: apis/shop is not one line") as raised:
            apis.get("shop", "/")
        assert server.connections == 0
    safe(raised.value)


def test_a_host_header_can_be_set() -> None:
    with scripted(document(1)) as server:
        plain(server, host="api.internal:8080").get("default", "/")
    assert server.requests[0].headers.get_all("Host") == ["api.internal:8080"]


def test_the_certificate_must_name_the_logical_host(trust: ssl.SSLContext, authority: Authority) -> None:
    with scripted(document(1), certificate=authority.issue("api", "api.internal")) as server:
        assert over_tls(server.url, trust, host="api.internal").get("default", "/") == 1
        with pytest.raises(SourceError, match="API_TLS: default: 127.0.0.1: Hostname mismatch") as raised:
            over_tls(server.url, trust).get("default", "/")
        assert code_of(raised) == "API_TLS"
    assert server.requests[0].headers["Host"] == "api.internal"


def test_each_api_trusts_the_authority_of_its_own(trust: ssl.SSLContext, certificate: Certificate) -> None:
    asked: list[str] = []

    def contexts(ca: str) -> ssl.SSLContext:
        asked.append(ca)
        return trust

    with scripted(document(1), certificate=certificate) as server:
        addresses = {name: api_address(name, server.url, ca=f"certs/{name}.pem") for name in ("a", "b")}
        apis = HttpApis(addresses, FakeSecrets({}), contexts, LONG)
        assert asked == []
        apis.get("a", "/")
        apis.get("a", "/")
    assert asked == ["certs/a.pem"]


def test_an_observer_sees_each_reply_that_counts_whatever_it_says() -> None:
    seen: list[Reply] = []
    with scripted(document({}, Server_Timing="app;dur=1"), document({}, status=404)) as server:
        address = api_address("default", server.url)
        apis = HttpApis({"default": address}, FakeSecrets({}), no_tls, LONG, observe=seen.append)
        apis.get("default", "/a")
        with pytest.raises(SourceError):
            apis.get("default", "/b")
    first, second = (reply.outcome for reply in seen)
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert (first.status, first.headers.get("server-timing"), second.status) == (200, "app;dur=1", 404)


def test_an_api_that_is_not_deployed_is_named_with_those_that_are() -> None:
    apis = HttpApis({"shop": api_address("shop", "http://localhost")}, FakeSecrets({}), no_tls)
    with pytest.raises(SourceError, match="API_UNKNOWN: stock; deployed: shop"):
        apis.get("stock", "/")


# What is answered


# Every status that is registered, but for 1xx and 200 (2026-11-29): https://www.iana.org/assignments/http-status-codes
STATUSES = {
    "API_BAD_ANSWER": [
        *(201, 202, 203, 204, 205, 206, 207, 208, 226),
        *(300, 301, 302, 303, 304, 305, 306, 307, 308),
        *(400, 402, 405, 406, 411, 412, 413, 414, 415, 416, 417, 418, 422, 426, 428, 431, 451),
    ],
    "API_DENIED": [401, 403, 407],
    "API_NOT_FOUND": [404, 410],
    "API_TIMEOUT": [408],
    "API_UNAVAILABLE": [
        *(409, 423, 424, 425, 429),
        *(500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511),
    ],
    "API_WRONG_SERVICE": [421],
}


@pytest.mark.parametrize(("status", "code"), [(status, code) for code, found in STATUSES.items() for status in found])
def test_a_status_is_classed(status: int, code: str) -> None:
    body = b"" if status in {204, 304} else json.dumps({"row": CANARY}).encode()
    step = answer(status, body, Content_Type="application/json", Location="/elsewhere", Retry_After="1")
    with scripted(step) as server:
        with pytest.raises(SourceError, match=f"HTTP {status}") as raised:
            plain(server).get("default", f"/{CANARY}")
        assert code_of(raised) == code
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (text("<html>", "text/html"), "API_BAD_ANSWER"),
        (text("{}", ""), "API_BAD_ANSWER"),
        (text("{}", "text/json"), "API_BAD_ANSWER"),
        (text("{}", "application/jsonp"), "API_BAD_ANSWER"),
        (text("{}", "application/+json"), "API_BAD_ANSWER"),
        (text("{}", "application/a b+json"), "API_BAD_ANSWER"),
        (text("{}", "application/json-seq"), "API_BAD_ANSWER"),
        (text("{}", "application/a+json, text/html"), "API_BAD_ANSWER"),
        (text("{}", f"{CANARY} {{}}"), "API_BAD_ANSWER"),
        (text(""), "API_BAD_ANSWER"),
        (text("{"), "API_BAD_ANSWER"),
        (text(f"{{'{CANARY}': 1}}"), "API_BAD_ANSWER"),
        (text('{"a": 1} trailing'), "API_BAD_ANSWER"),
        (text("NaN"), "API_BAD_ANSWER"),
        (text(b'"\xff"'), "API_BAD_ANSWER"),
        (text("[" * 100_000), "API_BAD_ANSWER"),
        (text('{"a":' * 30_000 + "1" + "}" * 30_000), "API_BAD_ANSWER"),
        (text("9" * 200_000), "API_BAD_ANSWER"),
        (text("1e999999999"), "API_BAD_ANSWER"),
        (text("1e99999999999999999999"), "API_BAD_ANSWER"),
        (text(b" " * 262_145), "API_BAD_ANSWER"),
        (text(b" " * 11_000_000), "API_BAD_ANSWER"),
        (answer(200, BOMB, Content_Type="application/json", Content_Encoding="gzip"), "API_BAD_ANSWER"),
        (document(1, Content_Encoding="br"), "API_BAD_ANSWER"),
        (reset, "API_UNAVAILABLE"),
        (send(b""), "API_UNAVAILABLE"),
        (send(b"HTTP/1.1 200 OK\r\nContent-Le"), "API_UNAVAILABLE"),
        (send(http(200, b'{"a": 1}', Content_Type="application/json")[:-2]), "API_UNAVAILABLE"),
        (send(b"SSH-2.0-OpenSSH_9.2\r\n"), "API_UNAVAILABLE"),
        (hang, "API_TIMEOUT"),
        (drip(http(200, b"{}" + b" " * 1000, Content_Type="application/json")), "API_TIMEOUT"),
        (drip(b"HTTP/1.1 200 OK\r\n" + b"X-Padding: x\r\n" * 100), "API_TIMEOUT"),
    ],
    ids=[
        "html", "no type", "text/json", "jsonp", "no subtype", "two words", "sequence", "two types", "odd type",
        "empty", "cut json", "not json", "trailing", "nan",
        "not utf-8", "deep list", "deep object", "digits", "exponent",
        "huge exponent", "over the cap", "11 MB", "gzip bomb", "brotli", "reset", "closed", "cut headers", "cut body",
        "not http", "hang", "dripped body", "dripped headers",
    ],
)  # fmt: skip
def test_an_answer_that_is_no_document_is_classed(step: Step, code: str) -> None:
    with scripted(step) as server:
        with pytest.raises(SourceError) as raised:
            plain(server, SHORT).get("default", f"/{CANARY}")
        assert code_of(raised) == code
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ('{"a": 1.10}', {"a": Decimal("1.10")}),
        ('{"a": 0.1e-3}', {"a": Decimal("0.00010")}),
        ('{"a": [true, false, null]}', {"a": [True, False, None]}),
        ('{"a": 12345678901234567890123456789}', {"a": 12345678901234567890123456789}),
        ('"2026-01-05T10:00:00Z"', "2026-01-05T10:00:00Z"),
        ("\ufeff[]", []),
        ("null", None),
        ('"\\ud83d\\ude00"', "😀"),
        ('"\\ud83d"', "\ufffd"),
    ],
)
def test_a_document_comes_in_the_normal_form(body: str, value: Any) -> None:
    with scripted(text(body)) as server:
        found = plain(server).get("default", "/")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/problem+json",
     "application/vnd.api+json;version=1", "application/vnd.acme_shop+json", "application/vnd.acme-shop.v2+json",
     "application/geo+json", "application/vnd.a!#$&^_b+json", "application/x%'*`|~+json",
     "APPLICATION/VND.ACME_SHOP+JSON",
     "application/a+b+json", "model/gltf+json", " application/json ", "application/json;", "application/json ; a=b"],
)  # fmt: skip
def test_json_has_several_content_types(content_type: str) -> None:
    with scripted(text("{}", content_type)) as server:
        assert plain(server).get("default", "/") == {}


def test_a_document_of_just_the_cap_is_read() -> None:
    body = b'"' + b"x" * (LONG.size - 2) + b'"'
    with scripted(text(body)) as server:
        assert plain(server).get("default", "/") == "x" * (LONG.size - 2)


def test_a_redirect_is_not_followed() -> None:
    with scripted(document(1)) as elsewhere, scripted(document({}, 302, Location=elsewhere.url)) as server:
        with pytest.raises(SourceError, match="API_BAD_ANSWER: default: HTTP 302"):
            plain(server, header="X-Api-Key").get("default", "/")
        assert elsewhere.connections == 0


# Connections


def test_an_api_that_refuses_connections_is_unavailable(trust: ssl.SSLContext) -> None:
    with closed() as server, pytest.raises(SourceError, match="Connection refused") as raised:
        over_tls(server.url, trust).get("default", "/")
    assert code_of(raised) == "API_UNAVAILABLE"


def test_an_api_that_never_shakes_hands_is_cut_off(trust: ssl.SSLContext) -> None:
    with deaf() as server, pytest.raises(SourceError) as raised:
        over_tls(server.url, trust, SHORT).get("default", "/")
    assert code_of(raised) == "API_TIMEOUT"


def test_an_api_that_speaks_no_tls_is_unavailable(trust: ssl.SSLContext) -> None:
    with scripted(document(1)) as server, pytest.raises(SourceError, match="no TLS with 127.0.0.1") as raised:
        over_tls(server.url.replace("http:", "https:"), trust).get("default", "/")
    assert code_of(raised) == "API_UNAVAILABLE"


def test_an_api_that_is_not_trusted_gets_no_secret(distrust: ssl.SSLContext, certificate: Certificate) -> None:
    with scripted(document(1), certificate=certificate) as server:
        with pytest.raises(SourceError) as raised:
            over_tls(server.url, distrust, header="X-Api-Key").get("default", "/")
        assert server.requests == []
    assert code_of(raised) == "API_TLS"


def test_an_expired_certificate_is_named(trust: ssl.SSLContext, authority: Authority) -> None:
    expired = authority.issue("expired", "localhost", lifetime=timedelta(days=-1))
    with (
        scripted(document(1), certificate=expired) as server,
        pytest.raises(SourceError, match="API_TLS: default: 127.0.0.1: certificate has expired"),
    ):
        over_tls(server.url, trust).get("default", "/")


def test_a_connection_is_kept_and_a_document_read_to_its_end() -> None:
    with scripted(document({"n": 1})) as server:
        apis = plain(server)
        for _ in range(5):
            apis.get("default", "/")
        assert (len(server.requests), server.connections) == (5, 1)


def test_a_connection_is_kept_after_an_error_that_was_read_to_its_end() -> None:
    with scripted(document({}, 404), document({}, 500), document(1)) as server:
        apis = plain(server)
        for _ in range(2):
            with pytest.raises(SourceError):
                apis.get("default", "/")
        apis.get("default", "/")
        assert server.connections == 1


@pytest.mark.parametrize("step", [reset, send(b"")])
def test_a_kept_connection_that_dies_is_replaced_once(step: Step) -> None:
    with scripted(document(1), step, document(2)) as server:
        apis = plain(server)
        assert [apis.get("default", "/"), apis.get("default", "/")] == [1, 2]
        assert (len(server.requests), server.connections) == (3, 2)


def test_a_connection_that_dies_again_is_not_replaced_again() -> None:
    with scripted(document(1), reset) as server:
        apis = plain(server)
        apis.get("default", "/")
        with pytest.raises(SourceError, match="API_UNAVAILABLE"):
            apis.get("default", "/")
        assert len(server.requests) == 3


def test_a_connection_that_was_closed_while_idle_is_not_used() -> None:
    with scripted(answer(200, b"1", keep=False, Content_Type="application/json"), document(2)) as server:
        apis = plain(server)
        apis.get("default", "/")
        assert hung_up_on(apis._apis["default"]._instances._exchange)
        assert apis.get("default", "/") == 2
        assert len(server.requests) == 2


def test_a_connection_that_was_frozen_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(document(1)) as server:
        apis = plain(server)
        apis.get("default", "/")
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + IDLE_SECONDS)
        apis.get("default", "/")
        assert server.connections == 2


def test_a_hung_answer_is_not_asked_for_again() -> None:
    with scripted(document(1), hang) as server:
        apis = plain(server, SHORT)
        apis.get("default", "/")
        with pytest.raises(SourceError, match="API_TIMEOUT"):
            apis.get("default", "/")
        assert len(server.requests) == 2


def test_a_proxy_in_the_environment_is_not_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(document("proxy")) as proxy, scripted(document("api")) as server:
        for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(variable, proxy.url)
        assert plain(server).get("default", "/") == "api"


# Credentials


def with_secrets(server: Scripted, secrets: FakeSecrets) -> HttpApis:
    return HttpApis({"default": api_address("default", server.url, header="X-Api-Key")}, secrets, no_tls, LONG)


def test_a_replaced_secret_is_picked_up_at_once() -> None:
    secrets = FakeSecrets({"apis/default": CANARY}, later={"apis/default": "new"})
    with scripted(document({}, 401), document(1)) as server:
        assert with_secrets(server, secrets).get("default", "/") == 1
    assert [request.headers["X-Api-Key"] for request in server.requests] == [CANARY, "new"]


def test_a_secret_that_is_still_the_same_is_tried_once() -> None:
    secrets = FakeSecrets({"apis/default": CANARY})
    with scripted(document({}, 403)) as server:
        with pytest.raises(SourceError) as raised:
            with_secrets(server, secrets).get("default", "/")
        assert len(server.requests) == 1
    assert code_of(raised) == "API_DENIED"
    assert secrets.reads == [("apis/default", False), ("apis/default", True)]


def test_a_denied_api_without_a_secret_asks_for_none() -> None:
    secrets = FakeSecrets({})
    with scripted(document({}, 401)) as server:
        apis = HttpApis({"default": api_address("default", server.url)}, secrets, no_tls, LONG)
        with pytest.raises(SourceError, match="API_DENIED"):
            apis.get("default", "/")
    assert secrets.reads == []
