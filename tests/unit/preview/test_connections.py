"""The databases and APIs of --db and --api, and what is said of one that cannot be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from cli import running
from cli.preview import connections
from cli.preview.connections import PASSWORD, connect


@pytest.fixture(autouse=True)
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would be connected to."""
    found: list[Any] = []

    @contextmanager
    def keep(settings: Any, secrets: Any) -> Iterator[tuple[None, None, tuple[str, ...]]]:
        found.append((settings, secrets))
        yield None, None, ("default",)

    monkeypatch.setattr(connections, "opened", keep)
    monkeypatch.delenv(PASSWORD, raising=False)
    return found


@click.command()
@connections.options
def command(databases: tuple[str, ...], apis: tuple[str, ...]) -> None:
    """Connect."""
    with connect(databases, apis) as found:
        click.echo(f"connected to {found.place}")


def run(*arguments: str, typed: str | None = None, **environment: str) -> Any:
    return CliRunner().invoke(command, arguments, env=environment, input=typed)


def account(secrets: Any, name: str = "default") -> tuple[str, str]:
    login = json.loads(secrets.get(f"databases/{name}"))
    return login["username"], login["password"]


def test_the_password_comes_from_the_environment(opened: list[Any]) -> None:
    answer = run("--db", "mysql://reader@db.example.org:3307/shop", **{PASSWORD: "p@ss"})
    assert answer.output == "connected to db.example.org:3307/shop\n"
    [(settings, secrets)] = opened
    address = settings["databases"]["default"]
    assert (address.host, address.port, address.schema) == ("db.example.org", 3307, "shop")
    assert account(secrets) == ("reader", "p@ss")


def test_the_password_may_stand_in_the_variable_with_the_url(opened: list[Any]) -> None:
    answer = run(NOTIFIER_DB="mysql://reader:p%40ss@db/shop")
    assert answer.output == "connected to db/shop\n"
    assert account(opened[0][1]) == ("reader", "p@ss")


def test_the_password_is_asked_for_and_not_shown(opened: list[Any]) -> None:
    answer = run("--db", "eu=mysql://reader@db/shop", typed="p@ss\n")
    assert "Password of reader (eu)" in answer.output
    assert "p@ss" not in answer.output
    assert account(opened[0][1], "eu") == ("reader", "p@ss")


def test_nobody_to_ask_is_the_end(opened: list[Any]) -> None:
    answer = run("--db", "mysql://reader@db/shop", typed="")
    assert (answer.exit_code, opened) == (1, [])


def test_a_password_on_the_command_line_is_refused_and_not_repeated(opened: list[Any]) -> None:
    answer = run("--db", "mysql://reader:p4ssw0rd@db/shop")
    assert answer.exit_code == 2
    assert PASSWORD in answer.output
    assert "p4ssw0rd" not in answer.output
    assert opened == []


def test_the_file_of_an_authority_is_found_from_here(opened: list[Any], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    run("--db", "mysql://reader@db/shop;ca=rds.pem", **{PASSWORD: "p"})
    assert opened[0][0]["databases"]["default"].ca == str(tmp_path / "rds.pem")


def test_several_have_names(opened: list[Any]) -> None:
    answer = run(
        "--db", "mysql://a@one/shop", "--db", "eu=mysql://b@two/shop", "--api", "http://localhost:8080",
        "--api", "stock=http://localhost:8081", **{PASSWORD: "p"},
    )  # fmt: skip
    [(settings, secrets)] = opened
    assert [*settings["databases"]] == ["default", "eu"]
    assert [*settings["apis"]] == ["default", "stock"]
    assert account(secrets, "eu") == ("b", "p")
    assert "stock=http://localhost:8081" in answer.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--db", "postgres://reader@db/shop"], "--db default: begin with mysql://"),
        (["--db", "mysql://db/shop"], "name the account: mysql://reader@db/shop"),
        (["--db", "mysql://reader@db"], "Write --db mysql://reader@"),
        (["--db", "mysql://reader@db/shop;cafile=x"], "cafile"),
        (["--db", "EU=mysql://reader@db/shop"], "write eu=mysql://"),
        (["--db", "mysql://r@a/s", "--db", "mysql://r@b/s"], "the name is used twice"),
        (["--api", "ftp://x"], "--api default: begin with http://"),
        (["--api", "localhost"], "Write --api http://localhost:8080"),
        (["--db", ""], "Write --db"),
    ],
)
def test_what_cannot_be_read_is_misuse(opened: list[Any], arguments: list[str], says: str) -> None:
    answer = run(*arguments, **{PASSWORD: "p"})
    assert answer.exit_code == 2
    assert says in " ".join(answer.output.split())
    assert opened == []


def test_without_options_and_without_a_demo_it_says_what_to_do(tmp_path: Path) -> None:
    answer = run(XDG_STATE_HOME=str(tmp_path))
    assert answer.exit_code == 2
    assert "Name a database with --db mysql://reader@replica.example.org/shop" in answer.output
    assert "make demo" in answer.output


def test_the_demo_that_runs_here_is_used(opened: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(connections, "_deployed", lambda stack: ({"stack": stack}, None))
    monkeypatch.setattr(connections.os, "environ", dict(connections.os.environ))
    with running.announced("arn:topic", {"AWS_REGION": "us-east-1"}, "shop"):
        answer = run()
    assert answer.output == "connected to the replica of the demo\n"
    assert opened == [({"stack": "shop"}, None)]
