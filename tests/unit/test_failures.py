"""Whatever the system, AWS or the network refuses, a command says what to do, without a traceback."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions
from click.testing import CliRunner

from cli.failures import explained
from cli.language import say, speaking
from cli.main import VERBS, main
from handler.errors import CODES, ConfigError

TOPIC = "arn:aws:sns:eu-west-1:123456789012:notifier"


def answered(code: str) -> exceptions.ClientError:
    return exceptions.ClientError({"Error": {"Code": code, "Message": "m"}}, "Publish")


# Each error, the words that name what to do, and the exit status.
ERRORS: list[tuple[Exception, str, int]] = [
    (PermissionError(errno.EACCES, "Permission denied", "a.yaml"), "a.yaml: you may not read or write it", 1),
    (OSError(errno.ENOSPC, "No space left on device", "a.yaml"), "a.yaml: the disk is full", 1),
    (OSError(errno.EROFS, "Read-only file system", "a.yaml"), "can only be read", 1),
    (IsADirectoryError(errno.EISDIR, "Is a directory", "a"), "a: it is a folder", 1),
    (NotADirectoryError(errno.ENOTDIR, "Not a directory", "a/b"), "a part of its path is a file", 1),
    (FileNotFoundError(errno.ENOENT, "No such file or directory", "a"), "a: it does not exist", 1),
    (OSError(errno.ENETUNREACH, "Network is unreachable"), "Network is unreachable", 1),
    (TimeoutError(), "TimeoutError", 1),
    (exceptions.NoRegionError(), "Set AWS_REGION", 2),
    (exceptions.NoCredentialsError(), "no AWS credentials", 2),
    (exceptions.ProfileNotFound(profile="x"), "AWS_PROFILE", 2),
    (exceptions.TokenRetrievalError(provider="sso", error_msg="x"), "log in", 2),
    (exceptions.EndpointConnectionError(endpoint_url="https://x"), "cannot be reached", 2),
    (exceptions.ConnectTimeoutError(endpoint_url="https://x"), "cannot be reached", 2),
    (exceptions.ProxyConnectionError(proxy_url="https://x"), "the proxy", 2),
    (answered("ExpiredToken"), "Log in again", 2),
    (answered("AccessDenied"), "your credentials may not", 2),
    (answered("NotFound"), "NotFound", 2),
    (ConfigError("CONFIG_UNAVAILABLE", "slack-token"), "fix: check its name", 1),
]


@pytest.mark.parametrize(("error", "says", "status"), ERRORS, ids=lambda one: repr(one)[:40])
def test_an_error_of_any_command_is_explained(
    monkeypatch: pytest.MonkeyPatch, error: Exception, says: str, status: int
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr("cli.commands.emit.id_rules", fail)
    with speaking("en"):
        answer = CliRunner().invoke(main, ["emit", "a.b", "1", "--topic", TOPIC])
    assert says in " ".join(answer.output.split())
    assert "Traceback" not in answer.output
    assert answer.exit_code == status


def test_a_defect_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise KeyError("x")

    monkeypatch.setattr("cli.commands.emit.id_rules", fail)
    assert isinstance(CliRunner().invoke(main, ["emit", "a.b", "1", "--topic", TOPIC]).exception, KeyError)


# What asks AWS, each with its arguments.
OF_AWS = {
    "balance": [],
    "doctor": [],
    "emit": ["order.created", "1", "--topic", TOPIC],
    "explain": ["e"],
    "poll": ["status"],
    "preview": ["order.created", "--id", "1", "--db", "mysql://a@127.0.0.1:9/x;tls=off"],
    "replay": ["--all"],
    "sample": ["order.created", "--id", "1", "--db", "mysql://a@127.0.0.1:9/x;tls=off"],
    "send": ["order.created", "--to", "U0123ABCD", "--sample", "x", "--stack", "notifier"],
    "sql": ["--db", "mysql://a@127.0.0.1:9/x;tls=off"],
    "lint": ["--db", "mysql://a@127.0.0.1:9/x;tls=off"],
    "new": ["a.b", "--from", "orders", "--db", "mysql://a@127.0.0.1:9/x;tls=off"],
}
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
PLACES: dict[str, dict[str, str]] = {
    "no region": CREDENTIALS,
    "no credentials": {"AWS_REGION": "eu-west-1"},
    "no such profile": {"AWS_PROFILE": "nosuch"},
    "nobody listens": {**CREDENTIALS, "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
    "no such host": {**CREDENTIALS, "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://nosuch.invalid"},
    "no URL": {**CREDENTIALS, "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "nosuch"},
}


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment without a demo and without settings of AWS."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    return {
        "XDG_STATE_HOME": str(tmp_path),
        "HOME": str(tmp_path),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "NOTIFIER_DB_PASSWORD": "x",
        "NOTIFIER_LANG": "en",
    }


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("verb", OF_AWS)
def test_no_command_ends_in_a_traceback(nowhere: dict[str, str], verb: str, place: str) -> None:
    answer = CliRunner().invoke(main, [verb, *OF_AWS[verb]], env={**nowhere, **PLACES[place]})
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exc_info
    assert answer.exit_code in (1, 2) or verb == "emit"
    assert "Traceback" not in answer.output


def test_the_table_has_every_command_that_asks_something() -> None:
    assert {*VERBS} - {*OF_AWS} == {"bundle", "demo", "list", "schema", "test", "types"}


def test_an_error_of_the_notifier_is_in_the_language_of_its_reader() -> None:
    with speaking("ja"):
        said = explained(ConfigError("CONFIG_UNAVAILABLE", "slack-token"))
        meaning, remedy = say(CODES["CONFIG_UNAVAILABLE"].meaning), say(CODES["CONFIG_UNAVAILABLE"].remedy)
    assert said is not None
    assert [part in said.message and not part.isascii() for part in (meaning, remedy)] == [True, True]
