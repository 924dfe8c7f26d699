from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from moto import mock_aws

from handler import aws
from handler.adapters.state.secret_store import MAX_AGE_SECONDS, MAX_STALE_SECONDS, RETRY_SECONDS, SecretStore
from handler.addresses import SecretsAddress, SecretsStore
from handler.errors import ConfigError

REGION = "eu-central-1"
TOKEN = "xoxb-canary-1"
KINDS: list[SecretsStore] = ["secretsmanager", "ssm"]


class Clock:
    def __init__(self) -> None:
        self.now = 1_767_607_200.0

    def __call__(self) -> float:
        return self.now


class Store:
    """Either store, as an operator sees it."""

    def __init__(self, kind: SecretsStore) -> None:
        self.kind = kind
        self.client: Any = boto3.client(kind, region_name=REGION)

    def put(self, name: str, value: str) -> None:
        self.put_whole(f"/notifier/{name}" if self.kind == "ssm" else f"notifier/{name}", value)

    def put_whole(self, name: str, value: str) -> None:
        if self.kind == "ssm":
            self.client.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
            return
        try:
            self.client.create_secret(Name=name, SecretString=value)
        except self.client.exceptions.ResourceExistsException:
            self.client.put_secret_value(SecretId=name, SecretString=value)

    def delete(self, name: str) -> None:
        if self.kind == "ssm":
            self.client.delete_parameter(Name=f"/notifier/{name}")
        else:
            self.client.delete_secret(SecretId=f"notifier/{name}", ForceDeleteWithoutRecovery=True)


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest) -> Store:
    return Store(request.param)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def secrets(store: Store, clock: Clock) -> SecretStore:
    store.put("slack-token", TOKEN)
    return SecretStore(SecretsAddress(store.kind, "notifier"), clock)


def outage(monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[str]:
    """Let every call of AWS end in `error`; returns the calls."""
    calls: list[str] = []

    def refuse(_client: Any, operation: str, _parameters: Any) -> Any:
        calls.append(operation)
        raise error

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", refuse)
    return calls


def unreachable() -> Exception:
    return ConnectTimeoutError(endpoint_url="https://secretsmanager.example")


def refusal(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": TOKEN}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetSecretValue")


def test_a_secret_is_read_below_the_prefix(secrets: SecretStore) -> None:
    assert secrets.get("slack-token") == TOKEN


def test_a_name_that_begins_with_a_slash_is_whole(store: Store) -> None:
    store.put("databases/default", "of the prefix")
    store.put_whole("team.shop.database", "of the team")
    assert SecretStore(SecretsAddress(store.kind, "notifier")).get("/team.shop.database") == "of the team"


def test_names_may_have_parts(store: Store) -> None:
    store.put("databases/default", '{"username": "u", "password": "p"}')
    assert (
        SecretStore(SecretsAddress(store.kind, "notifier")).get("databases/default")
        == '{"username": "u", "password": "p"}'
    )


def test_a_rotated_secret_is_read_after_five_minutes_and_not_before(
    store: Store, secrets: SecretStore, clock: Clock
) -> None:
    secrets.get("slack-token")
    store.put("slack-token", "xoxb-2")
    clock.now += MAX_AGE_SECONDS - 1
    assert secrets.get("slack-token") == TOKEN
    clock.now += 1
    assert secrets.get("slack-token") == "xoxb-2"


def test_fresh_reads_a_rotated_secret_at_once(store: Store, secrets: SecretStore) -> None:
    secrets.get("slack-token")
    store.put("slack-token", "xoxb-2")
    assert secrets.get("slack-token", fresh=True) == "xoxb-2"
    assert secrets.get("slack-token") == "xoxb-2"


@pytest.mark.parametrize("error", [unreachable(), refusal("InternalServiceError", 500), refusal("ThrottlingException")])
def test_in_an_outage_the_known_value_serves_for_an_hour(
    secrets: SecretStore, clock: Clock, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    secrets.get("slack-token")
    outage(monkeypatch, error)
    clock.now += MAX_STALE_SECONDS - 1
    assert secrets.get("slack-token") == TOKEN
    clock.now += RETRY_SECONDS
    with pytest.raises(ConfigError, match="CONFIG_UNAVAILABLE"):
        secrets.get("slack-token")


def test_in_an_outage_the_store_is_not_asked_before_each_use(
    secrets: SecretStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.get("slack-token")
    calls = outage(monkeypatch, unreachable())
    clock.now += MAX_AGE_SECONDS
    assert {secrets.get("slack-token") for _ in range(5)} == {TOKEN}
    assert len(calls) == 1
    clock.now += RETRY_SECONDS
    secrets.get("slack-token")
    assert len(calls) == 2


def test_after_an_outage_the_store_is_believed_again(store: Store, secrets: SecretStore, clock: Clock) -> None:
    secrets.get("slack-token")
    clock.now += MAX_AGE_SECONDS
    with pytest.MonkeyPatch.context() as broken:
        outage(broken, unreachable())
        secrets.get("slack-token")
    store.put("slack-token", "xoxb-2")
    clock.now += RETRY_SECONDS
    assert secrets.get("slack-token") == "xoxb-2"


def test_fresh_never_returns_an_older_value(secrets: SecretStore, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets.get("slack-token")
    outage(monkeypatch, unreachable())
    with pytest.raises(ConfigError, match="CONFIG_UNAVAILABLE"):
        secrets.get("slack-token", fresh=True)


def test_a_deleted_secret_is_used_no_more(
    store: Store, secrets: SecretStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.get("slack-token")
    store.delete("slack-token")
    clock.now += MAX_AGE_SECONDS
    with pytest.raises(ConfigError, match="NotFound"):
        secrets.get("slack-token")
    outage(monkeypatch, unreachable())
    with pytest.raises(ConfigError, match="ConnectTimeoutError"):
        secrets.get("slack-token")


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("xoxb-1\n", "xoxb-1"),
        ("  xoxb-1\r\n\n", "xoxb-1"),
        ('{\n\t"username": "u",\r\n\t"password": "p"\n}\n', '{\n\t"username": "u",\r\n\t"password": "p"\n}'),
        ("pässwörd 日本", "pässwörd 日本"),
    ],
)
def test_blanks_around_a_secret_and_lines_of_json_are_harmless(store: Store, stored: str, read: str) -> None:
    store.put("slack-token", stored)
    assert SecretStore(SecretsAddress(store.kind, "notifier")).get("slack-token") == read


@pytest.mark.parametrize(
    "stored",
    [
        "\n",
        "   ",
        "canary\nxoxb-2",
        "canary\tx",
        "canary\x00",
        "canary\x7f",
        "\ufeffcanary",
        '{"password": "canary\x01"}',
    ],
)
def test_a_secret_that_no_header_can_hold_is_refused_without_being_shown(store: Store, stored: str) -> None:
    store.put("slack-token", stored)
    with pytest.raises(ConfigError) as caught:
        SecretStore(SecretsAddress(store.kind, "notifier")).get("slack-token")
    assert caught.value.code == "CONFIG_SECRET_FORMAT"
    assert "notifier/slack-token" in caught.value.detail
    assert "canary" not in str(caught.value)


def test_a_binary_secret_is_refused() -> None:
    boto3.client("secretsmanager", region_name=REGION).create_secret(Name="notifier/x", SecretBinary=b"canary")
    with pytest.raises(ConfigError, match="CONFIG_SECRET_FORMAT"):
        SecretStore(SecretsAddress("secretsmanager", "notifier")).get("x")


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("secretsmanager", "secret notifier/none: ResourceNotFoundException"),
        ("ssm", "secret /notifier/none: ParameterNotFound"),
    ],
)
def test_a_missing_secret_is_named_with_the_word_of_aws(kind: SecretsStore, detail: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SecretStore(SecretsAddress(kind, "notifier")).get("none")
    assert (caught.value.code, caught.value.detail) == ("CONFIG_UNAVAILABLE", detail)


def test_the_text_of_an_aws_error_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    outage(monkeypatch, refusal("KMSAccessDeniedException"))
    with pytest.raises(ConfigError) as caught:
        SecretStore(SecretsAddress("secretsmanager", "notifier")).get("slack-token")
    assert caught.value.detail == "secret notifier/slack-token: KMSAccessDeniedException"


def test_a_missing_region_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setattr(aws, "_session", botocore.session.get_session)
    with pytest.raises(ConfigError, match="NoRegionError"):
        SecretStore(SecretsAddress("secretsmanager", "notifier")).get("slack-token")


def test_several_threads_read_a_secret_once(secrets: SecretStore, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []
    read = SecretStore._read
    monkeypatch.setattr(SecretStore, "_read", lambda self, name: reads.append(name) or read(self, name))
    barrier = threading.Barrier(8)

    def get() -> None:
        barrier.wait()
        secrets.get("slack-token")

    threads = [threading.Thread(target=get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reads == ["slack-token"]


def test_no_secret_is_logged(secrets: SecretStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    secrets.get("slack-token")
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(vars(secrets))


def test_botocore_is_not_imported_before_it_is_needed() -> None:
    """It takes a tenth of a second, and a function whose settings are wrong does without."""
    program = (
        "import sys, handler.adapters.database.replica\n"
        "import handler.adapters.state.dead_letter_queue, handler.adapters.state.secret_store\n"
        "handler.adapters.state.dead_letter_queue.DeadLetterQueue('https://sqs.example/q')\n"
        "handler.adapters.state.secret_store.SecretStore(handler.addresses.SecretsAddress('ssm', 'notifier'))\n"
        "sys.exit(any(name in sys.modules for name in ('boto3', 'botocore')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_client_gives_up_soon() -> None:
    config = aws.client("secretsmanager").meta.config
    assert (config.connect_timeout, config.read_timeout) == (aws.CONNECT_SECONDS, aws.READ_SECONDS)
    assert config.retries["total_max_attempts"] == aws.ATTEMPTS
