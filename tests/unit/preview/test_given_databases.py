"""What --db names: an address and an account, as a deployed function would be told of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click import UsageError
from click.testing import CliRunner

from cli.main import main
from cli.preview.connections import read_databases
from handler.discovery.paths import PATHS
from handler.settings import Settings

PLACE = {"NOTIFIER_STAGE": "s", "NOTIFIER_STATE_TABLE": "state", "NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://q"}


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFIER_DB_PASSWORD", "a-password")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://dev@db.example.org/shop",
        "mysql://dev@localhost:3307/shop;tls=off",
        "mysql://dev@[::1]:3307/shop;tls=off;tz=Asia/Tokyo",
        "crm=mysql://dev@db.example.org/crm;ca=certs/rds.pem;secret=team/crm",
    ],
)
def test_a_function_can_be_told_of_the_same_databases(url: str) -> None:
    given = read_databases([url])
    told = Settings.from_environment({**PLACE, "NOTIFIER_DATABASES": given.parameter}, PATHS).databases
    assert told == given.addresses
    [address] = told.values()
    assert json.loads(given.logins[address.login_secret]) == {"username": "dev", "password": "a-password"}
    assert "a-password" not in given.parameter + repr(given)


def test_several_have_names() -> None:
    given = read_databases(["mysql://a@x/one", "crm=mysql://b@y/two"])
    assert [*given.addresses] == ["default", "crm"]
    assert given.parameter == "default=mysql://x:3306/one;tz=UTC, crm=mysql://y:3306/two;tz=UTC"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://dev@db.example.org/shop;tls=off", "tls=off is for localhost"),
        ("mysql://db.example.org/shop", "name the account"),
        ("mysql://dev@localhost:/shop;tls=off", "mysql://host:3306/schema"),
        ("mysql://dev@localhost", "mysql://host:3306/schema"),
    ],
)
def test_what_cannot_be_read_is_told_once(url: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_databases([url])
    assert caught.value.message.count(says) == 1


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--db", "mysql://dev@localhost/shop", "--sql", __file__], 2, "not both"),
        (["--sql", "nosuch.sql"], 2, "nosuch.sql"),
        (["--db", "mysql://dev@db.example.org/s;tls=off"], 2, "tls=off is for localhost"),
        (["--db", "mysql://dev:hunter2@localhost/shop"], 2, "NOTIFIER_DB_PASSWORD"),
        (["--db", "mysql://dev@127.0.0.1:1/shop;tls=off"], 1, "DB_UNAVAILABLE"),
    ],
)
def test_a_demo_is_not_started_with_tables_that_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], status: int, says: str
) -> None:
    def started(*_: object, **__: object) -> Any:
        raise AssertionError

    monkeypatch.setattr("cli.commands.demo.local_cloud", started)
    answer = CliRunner().invoke(main, ["demo", *arguments], env={"XDG_STATE_HOME": str(tmp_path)})
    assert answer.exit_code == status, answer.output
    assert says in answer.output
    assert "hunter2" not in answer.output
