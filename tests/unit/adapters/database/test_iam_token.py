"""The token of IAM database authentication: what botocore itself would sign, and nothing that leaves without TLS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import botocore.auth
import pytest

from handler import aws
from handler.adapters.database.iam_token import iam_login
from handler.addresses import DatabaseAddress
from handler.errors import ConfigError

ADDRESS = DatabaseAddress("default", "shop.abc.eu-west-1.rds.amazonaws.com", "shop", 3307, iam_user="notifier")
NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    variables = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "session"}
    for name, value in {**variables, "AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: NOW.replace(tzinfo=None), raising=False)
    aws._session.cache_clear()
    yield
    aws._session.cache_clear()


def test_the_token_is_the_one_that_botocore_makes() -> None:
    expected = boto3.Session().client("rds").generate_db_auth_token(ADDRESS.host, ADDRESS.port, ADDRESS.iam_user)
    login = iam_login(ADDRESS)
    assert (login.username, login.password) == ("notifier", expected)
    assert "X-Amz-Expires=900" in expected
    assert expected not in repr(login)


def test_without_credentials_it_is_said_which_database_has_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ConfigError, match="no token for database default: NoCredentialsError") as caught:
        iam_login(ADDRESS)
    assert caught.value.code == "CONFIG_UNAVAILABLE"
