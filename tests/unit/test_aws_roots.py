"""Calls to AWS are verified by Amazon's roots where these are enough, and by what is configured where they are not."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.httpsession import DEFAULT_CA_BUNDLE
from botocore.session import get_session

from handler import aws, aws_roots
from handler.adapters.state.dead_letter_queue import DeadLetterQueue
from handler.adapters.state.intake_queue import IntakeQueue
from handler.adapters.state.secret_store import SecretStore
from handler.adapters.state.table import StateTable
from handler.addresses import SecretsAddress
from handler.aws_roots import ROOTS, roots
from handler.discovery import cloudmap
from handler.errors import ConfigError
from handler.health.model import attempt
from handler.instances import ResolveError
from handler.model import Record
from handler.outcome import Outcome, Parked
from lab.tls import Authority
from tests.proxies import Proxy
from tests.unit.adapters.scripted import answer, scripted

QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/queue"
HOST = "secretsmanager.eu-west-1.amazonaws.com"
# SHA-256 of each certificate, as https://www.amazontrust.com/repository/ and Mozilla's list of roots have them.
FINGERPRINTS = {
    "Amazon Root CA 1": "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
    "Amazon Root CA 2": "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
    "Amazon Root CA 3": "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
    "Amazon Root CA 4": "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
    "Starfield Services Root Certificate Authority - G2": (
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5"
    ),
}
ENDPOINT_VARIABLES = {
    "dynamodb": "AWS_ENDPOINT_URL_DYNAMODB",
    "secretsmanager": "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "servicediscovery": "AWS_ENDPOINT_URL_SERVICEDISCOVERY",
    "sqs": "AWS_ENDPOINT_URL_SQS",
    "ssm": "AWS_ENDPOINT_URL_SSM",
}
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n")


def loaded(file: str | Path) -> list[dict[str, Any]]:
    """What OpenSSL reads of each certificate of a file. The package cryptography will refuse Starfield's number, 0."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(file)
    certificates: list[Any] = context.get_ca_certs()
    return [{**one, **dict(part for [part] in one["subject"])} for one in certificates]


def blocks(file: str | Path) -> list[str]:
    return _PEM.findall(Path(file).read_text("utf-8"))


# The file


def test_the_file_holds_the_roots_that_amazon_recommends_and_names_each() -> None:
    names = re.findall(r"^# (.+)\n-----BEGIN", ROOTS.read_text("ascii"), re.MULTILINE)
    hashes = [sha256(ssl.PEM_cert_to_DER_cert(block)).hexdigest() for block in blocks(ROOTS)]
    assert dict(zip(names, hashes, strict=True)) == FINGERPRINTS
    assert {one["commonName"] for one in loaded(ROOTS)} == FINGERPRINTS.keys()


def test_each_is_botocores_to_the_byte() -> None:
    assert set(blocks(ROOTS)) <= set(blocks(DEFAULT_CA_BUNDLE))


def test_botocore_has_no_root_of_amazons_that_is_missing_here() -> None:
    amazons = {one["commonName"] for one in loaded(DEFAULT_CA_BUNDLE) if one.get("organizationName") == "Amazon"}
    assert amazons == {name for name in FINGERPRINTS if name.startswith("Amazon")}


def test_none_expires_within_two_years() -> None:
    soon = (datetime.now(UTC) + timedelta(days=2 * 365)).timestamp()
    assert [one["commonName"] for one in loaded(ROOTS) if ssl.cert_time_to_seconds(one["notAfter"]) < soon] == []


# The decision


@pytest.mark.parametrize(
    ("bundle_is_set", "endpoint_is_set", "proxy_has_tls", "partition", "chosen"),
    [
        (False, False, False, "aws", ROOTS),
        (True, False, False, "aws", None),
        (False, True, False, "aws", None),
        (False, False, True, "aws", None),
        (True, True, True, "aws", None),
        (False, False, False, "aws-cn", None),
        (False, False, False, "aws-eusc", None),
        (False, False, False, "aws-iso", None),
        (False, False, False, "aws-us-gov", None),
        (False, False, False, "", None),
        (True, True, True, "aws-cn", None),
    ],
)
def test_amazons_roots_are_for_amazons_endpoints_alone(
    bundle_is_set: bool, endpoint_is_set: bool, proxy_has_tls: bool, partition: str, chosen: Path | None
) -> None:
    found = roots(
        bundle_is_set=bundle_is_set, endpoint_is_set=endpoint_is_set, proxy_has_tls=proxy_has_tls, partition=partition
    )
    assert found == chosen


@pytest.mark.parametrize(("proxy", "chosen"), [("http://proxy:3128", str(ROOTS)), ("https://proxy:3128", None)])
def test_a_proxy_with_a_certificate_of_its_own_is_verified_by_botocores_bundle(
    monkeypatch: pytest.MonkeyPatch, proxy: str, chosen: str | None
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert aws_roots.verify(get_session()) == chosen


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Those of a function in eu-west-1. The file that is returned is botocore's, and is not there yet."""
    for variable in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "AWS_PROFILE", "HTTPS_PROXY", "https_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    aws._session.cache_clear()
    yield tmp_path / "config"
    aws._session.cache_clear()


def test_each_region_has_the_roots_of_its_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    session = get_session()
    found: dict[str, set[str | None]] = {}
    for partition in session.get_available_partitions():
        for region in session.get_available_regions("sqs", partition):
            monkeypatch.setenv("AWS_DEFAULT_REGION", region)
            found.setdefault(partition, set()).add(aws_roots.verify(session))
    assert found.pop("aws") == {str(ROOTS)}
    assert {"aws-cn", "aws-us-gov", "aws-eusc"} <= found.keys()
    assert set.union(*found.values()) == {None}


@pytest.mark.parametrize(
    ("variable", "value", "chosen"),
    [
        ("HTTPS_PROXY", "http://proxy.internal:3128", str(ROOTS)),
        ("AWS_CA_BUNDLE", "certs/company.pem", None),
        ("AWS_CA_BUNDLE", "", None),
        ("REQUESTS_CA_BUNDLE", "certs/company.pem", None),
        ("AWS_ENDPOINT_URL", "https://aws.internal", None),
        *((variable, "https://aws.internal", None) for variable in ENDPOINT_VARIABLES.values()),
        ("AWS_DEFAULT_REGION", "nowhere", None),
        ("AWS_DEFAULT_REGION", "", None),
    ],
)
def test_what_the_environment_names_counts(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, chosen: str | None
) -> None:
    monkeypatch.setenv(variable, value)
    assert aws_roots.verify(get_session()) == chosen


@pytest.mark.parametrize(
    ("line", "chosen"),
    [
        ("output = json", str(ROOTS)),
        ("ca_bundle = certs/company.pem", None),
        ("endpoint_url = https://aws.internal", None),
        ("services = ours", None),
    ],
)
def test_what_botocores_file_names_counts(settings: Path, line: str, chosen: str | None) -> None:
    settings.write_text(f"[default]\n{line}\n")
    assert aws_roots.verify(get_session()) == chosen


def test_without_a_region_a_client_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(aws.failures()) as raised:
        aws.client("sqs")
    assert aws.reason(raised.value) == "NoRegionError"


@pytest.mark.parametrize("service", aws.SERVICES)
def test_an_endpoint_of_ones_own_is_really_used(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    monkeypatch.setenv(ENDPOINT_VARIABLES[service], "https://aws.internal")
    assert aws.client(service).meta.endpoint_url == "https://aws.internal"


# A connection


class InspectingProxy(Proxy):
    """A proxy that ends TLS itself, with a certificate of a company's authority, and answers each call with a secret.

    `served` counts the answers.
    """

    def __init__(self, authority: Authority, host: str) -> None:
        certificate = authority.issue("inspecting", host)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.cert, certificate.key)
        self.served = 0
        super().__init__()

    def answer(self, client: socket.socket) -> None:
        _read_request(client)
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with self._context.wrap_socket(client, server_side=True) as connection:
            if not _read_request(connection):
                return
            body = json.dumps({"SecretString": "one"}).encode()
            self.served += 1  # before the client can look
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def _read_request(connection: socket.socket) -> bool:
    """Read a request to its end: what is left unread would reset the connection when it is closed. Is there one?"""
    with connection.makefile("rb", buffering=0) as stream:
        asked, length = stream.readline(), 0
        while (line := stream.readline()) not in (b"\r\n", b""):
            name, _, value = line.lower().partition(b":")
            length = int(value) if name == b"content-length" else length
        while length > 0 and (part := stream.read(length)):
            length -= len(part)
    return asked != b""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "company")


@pytest.fixture
def inspecting(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[InspectingProxy]:
    proxy = InspectingProxy(authority, HOST)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    yield proxy
    proxy.close()


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many roots each TLS connection of a client could be verified by."""
    counts: list[int] = []
    wrap = ssl.SSLContext.wrap_socket

    def counting(context: ssl.SSLContext, *arguments: Any, **options: Any) -> ssl.SSLSocket:
        if not options.get("server_side"):
            counts.append(context.cert_store_stats()["x509_ca"])
        return wrap(context, *arguments, **options)

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", counting)
    return counts


def asked() -> str:
    """The secret, or why there is none."""
    try:
        return str(aws.client("secretsmanager", attempts=1).get_secret_value(SecretId="name")["SecretString"])
    except aws.failures() as error:
        return aws.reason(error)


def test_a_server_is_verified_by_the_five_roots_of_amazon(inspecting: InspectingProxy, trusted: list[int]) -> None:
    assert asked() == ("SSLError: unable to get local issuer certificate (AWS_CA_BUNDLE names the CAs to trust)")
    assert (trusted, inspecting.served) == ([5], 0)


def test_elsewhere_it_is_verified_by_all_roots(
    inspecting: InspectingProxy, trusted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "cn-north-1")
    assert asked().startswith("SSLError: unable to get local issuer certificate")
    assert trusted[0] > 100
    assert inspecting.served == 0


def test_a_bundle_that_is_named_is_used_alone(
    inspecting: InspectingProxy, trusted: list[int], authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.ca))
    assert asked() == "one"
    assert (trusted, inspecting.served) == ([1], 1)


def test_the_name_in_the_certificate_is_checked(
    inspecting: InspectingProxy, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.ca))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    assert asked() == "SSLError: the certificate is for another host"
    assert inspecting.served == 0


OUTCOME = Outcome(Record("r-1", "{}"), Parked("EVENT_MALFORMED"))
# What the function asks of AWS, and the code that its failure has.
CALLS: dict[str, tuple[Callable[[], object], str]] = {
    "a secret": (lambda: SecretStore(SecretsAddress()).get("slack-token"), "CONFIG_UNAVAILABLE"),
    "a parameter": (lambda: SecretStore(SecretsAddress("ssm")).get("slack-token"), "CONFIG_UNAVAILABLE"),
    "the state table": (lambda: StateTable("state").get([("delivery", "1")]), "LEDGER_UNAVAILABLE"),
    "the queue": (lambda: IntakeQueue(QUEUE).send(["{}"]), "CONFIG_UNAVAILABLE"),
    "the dead-letter queue": (lambda: DeadLetterQueue(QUEUE).park(OUTCOME), "CONFIG_UNAVAILABLE"),
}


@pytest.mark.parametrize("call", CALLS)
def test_each_call_says_why_there_is_no_connection(inspecting: InspectingProxy, call: str) -> None:
    ask, code = CALLS[call]
    with pytest.raises(ConfigError, match="SSLError: unable to get local issuer certificate") as raised:
        ask()
    assert raised.value.code == code
    assert inspecting.served == 0


def test_cloud_map_says_why_there_is_no_connection(inspecting: InspectingProxy) -> None:
    cloudmap._client.cache_clear()
    with pytest.raises(ResolveError, match="SSLError: unable to get local issuer certificate"):
        cloudmap.CloudMap("shop.internal", "orders").resolve(1.0)
    cloudmap._client.cache_clear()


def test_doctor_says_why_there_is_no_connection(inspecting: InspectingProxy) -> None:
    check = attempt("state table", lambda: str(StateTable("state").items("check#doctor")))
    assert check.state == "failed"
    assert check.cause.startswith("LEDGER_UNAVAILABLE: SSLError: unable to get local issuer certificate")


def test_a_server_that_does_not_speak_tls_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(answer()) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://localhost:{server.port}")
        assert re.fullmatch("SSLError: [A-Z_]+", asked())


@pytest.mark.parametrize(
    ("bundle", "said"),
    [
        ("missing.pem", "SSLError: FileNotFoundError (AWS_CA_BUNDLE must name a PEM file)"),
        (".", "SSLError: IsADirectoryError (AWS_CA_BUNDLE must name a PEM file)"),
        ("empty.pem", "SSLError: NO_CERTIFICATE_OR_CRL_FOUND"),
    ],
)
def test_a_bundle_that_cannot_be_read_is_told(
    inspecting: InspectingProxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bundle: str, said: str
) -> None:
    (tmp_path / "empty.pem").touch()
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / bundle))
    assert asked() == said
    assert inspecting.served == 0
