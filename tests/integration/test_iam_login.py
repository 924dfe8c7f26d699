"""A database that says auth=iam is logged in to with a token, made anew for each connection, and with no secret.

Neither server knows IAM, and MySQL takes no password as long as a token. So before each of them stands a server that
asks for the token as RDS does, by the plugin mysql_clear_password, and then passes everything on. The token is that of
one moment, at which the clock is held; elsewhere it is proved to be the one that AWS's own library makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

import botocore.auth
import pytest

from handler import aws
from handler.adapters import tls
from handler.adapters.database.replica import Replicas
from handler.addresses import DatabaseAddress
from handler.errors import SourceError
from lab.shop import SCHEMA, Target
from lab.tls import Authority
from tests.clear_password import ClearPasswordServer

ACCOUNT = "iam_reader"
NOW = datetime(2026, 1, 5, 10)  # noqa: DTZ001 - botocore's own are naive


class NoSecrets:
    def get(self, name: str, *, fresh: bool = False) -> NoReturn:
        raise AssertionError(name)


class Local:
    def addresses(self, name: str) -> list[str]:
        return ["127.0.0.1"]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[datetime]]:
    """The moment that is signed."""
    moment = [NOW]
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: moment[0])
    aws._session.cache_clear()
    yield moment
    aws._session.cache_clear()


@pytest.fixture
def asking(reader: Target, tmp_path: Path) -> Iterator[ClearPasswordServer]:
    """A server before the replica that takes the token of NOW for a login of the reader."""
    authority = Authority.create(tmp_path)
    with ClearPasswordServer(reader, authority.issue("front", "localhost", "127.0.0.1"), authority.ca) as running:
        yield running


@pytest.fixture
def address(asking: ClearPasswordServer, held: list[datetime]) -> DatabaseAddress:
    place = DatabaseAddress("default", "localhost", SCHEMA, asking.port, str(asking.ca), iam_user=ACCOUNT)
    asking.password = aws.database_token(place.host, place.port, ACCOUNT)
    return place


@pytest.mark.parametrize(
    ("place", "asked"),
    [
        (DatabaseAddress("billing", "localhost", SCHEMA), "databases/billing"),
        (DatabaseAddress("billing", "localhost", SCHEMA, secret="rds!db-1a2b"), "/rds!db-1a2b"),
    ],
)
def test_a_login_by_secret_is_in_the_secret_that_the_address_names(place: DatabaseAddress, asked: str) -> None:
    replicas = Replicas({"billing": place}, NoSecrets(), tls.context, Local())
    with pytest.raises(AssertionError) as caught:
        replicas.select("billing", "SELECT 1", {}, 1)
    assert caught.value.args == (asked,)


def test_the_token_is_what_the_server_gets(
    asking: ClearPasswordServer, address: DatabaseAddress, held: list[datetime]
) -> None:
    replicas = Replicas({"default": address}, NoSecrets(), tls.context, Local())
    assert replicas.select("default", "SELECT id FROM orders WHERE id = %(id)s", {"id": 7}, 1) == [{"id": 7}]
    assert asking.user == ACCOUNT
    replicas.close()
    held[0] = NOW + timedelta(seconds=1)  # another token, which this server does not know
    with pytest.raises(SourceError) as caught:
        replicas.select("default", "SELECT id FROM orders WHERE id = %(id)s", {"id": 7}, 1)
    assert caught.value.code == "DB_LOGIN"
    assert "X-Amz-Signature" not in str(caught.value)
