"""`notifier sql`: what it lets through, and how it prints what it finds. It runs in tests/e2e/test_sql.py."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

import cli.commands.sql as command
from cli.compiler.sql import read_by_hand
from cli.main import main
from cli.preview import connections
from cli.preview.connections import Connections
from handler.errors import SourceError
from tests.kit import FakeApi, FakeDatabase

ROWS = [
    {"id": 1042, "name": "Zoë <VIP> & Co", "amount": Decimal("118.00"), "at": datetime(2026, 1, 5, 10, tzinfo=UTC)},
    {"id": 7, "name": "山田 花子", "amount": Decimal("9.50"), "at": None},
    {"id": 8, "name": "[red]x\n" + "漢" * 200, "amount": Decimal("0.10"), "at": date(2026, 1, 5)},
]


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["sql", *arguments], env={"COLUMNS": "200", **environment})


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the database answers to a SELECT."""
    rows = [*ROWS]
    answering(monkeypatch, lambda *_: rows)
    return rows


Answer = Callable[[str, Mapping[str, Any]], list[dict[str, Any]]]


def answering(monkeypatch: pytest.MonkeyPatch, answer: Answer, *names: str) -> None:
    """Let the databases with these names answer so."""

    @contextmanager
    def connect(*_: object) -> Iterator[Connections]:
        yield Connections(FakeDatabase(answer), FakeApi(lambda path: None), "here", names or ("default",))

    monkeypatch.setattr(connections, "connect", connect)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["DELETE FROM orders WHERE id = 1"], "this starts with DELETE"),
        (["SELECT id FROM orders; SELECT 1"], "second statement"),
        (["SELECT SLEEP(9) FROM orders"], "SLEEP() waits"),
        (["SELECT id FROM orders LIMIT 1000"], "write LIMIT 100 or less"),
        (["SELECT id FROM mysql.user"], "another schema"),
        (["SELECT id FORM orders"], "cannot be read"),
        (["SELECT id FROM orders WHERE id = :id"], "`:id` has no value\n  fix: add id=1042, or another value"),
        (["SELECT id FROM orders WHERE id = {{ id }}", "id=1"], "never pasted"),
    ],
)
def test_only_a_select_that_a_lookup_could_have_is_run(arguments: list[str], says: str) -> None:
    answer = run(*arguments)
    assert answer.exit_code == 1
    assert says in answer.output


@pytest.mark.parametrize(
    ("written", "given", "runs"),
    [
        ("SELECT * FROM orders", (), "SELECT * FROM orders\nLIMIT 101"),
        ("SELECT a FROM t WHERE b = :id;", ("id",), "SELECT a FROM t WHERE b = %(id)s\nLIMIT 101"),
        ("SELECT a FROM t WHERE a LIKE '5%'", (), "SELECT a FROM t WHERE a LIKE '5%%'\nLIMIT 101"),
        ("SELECT a FROM t LIMIT 5", ("id",), "SELECT a FROM t LIMIT 5"),
        ("SELECT a FROM t UNION SELECT b FROM u LIMIT 5", (), "SELECT a FROM t UNION SELECT b FROM u LIMIT 5"),
        ("SELECT (SELECT b FROM u LIMIT 5) FROM t -- x", (), "SELECT (SELECT b FROM u LIMIT 5) FROM t\nLIMIT 101"),
    ],
)
def test_it_runs_as_in_a_lookup_with_a_limit(written: str, given: tuple[str, ...], runs: str) -> None:
    query = read_by_hand(written, given, 101)
    assert (query.problems, query.sql) == ((), runs)


@pytest.mark.parametrize(
    ("arguments", "says"), [([], "make demo"), (["SELECT id FROM orders"], "make demo"), (["SELECT", "1"], "id=1042")]
)
def test_misuse_is_explained(tmp_path: Path, arguments: list[str], says: str) -> None:
    answer = run(*arguments, XDG_STATE_HOME=str(tmp_path))
    assert answer.exit_code == 2
    assert says in answer.output


def test_rows_are_a_table_whose_columns_stand_below_each_other(found: list[dict[str, Any]]) -> None:
    answer = run("SELECT id FROM orders")
    head, first, second, third, *_ = answer.output.splitlines()
    assert head.split() == ["id", "name", "amount", "at"]
    assert first.split() == ["1042", "Zoë", "<VIP>", "&", "Co", "118.00", "2026-01-05", "10:00:00Z"]
    assert second.split() == ["7", "山田", "花子", "9.50", "NULL"]
    end = cell_len(first[: first.index("118.00") + 6])
    assert cell_len(second[: second.index("9.50") + 4]) == end  # numbers end where numbers end
    assert cell_len(first[: first.index("Zoë")]) == cell_len(second[: second.index("山田")])
    assert "[red]x" in third
    assert answer.output.count("漢") == 46  # 100 columns, with `[red]x` and an ellipsis
    assert "…" in answer.output


def test_many_rows_and_none_are_told(found: list[dict[str, Any]]) -> None:
    found[:] = [{"id": number} for number in range(101)]
    lines = run("SELECT id FROM orders").output.splitlines()
    assert len(lines) == 102
    assert lines[-1].startswith("and more: these are the first 100.")
    found[:] = []
    assert run("SELECT id FROM orders").output == "no rows\n"


def test_json_is_exact(found: list[dict[str, Any]]) -> None:
    document = json.loads(run("SELECT id FROM orders", "--json").output)
    assert document["more"] is False
    assert document["rows"][:2] == [
        {"id": 1042, "name": "Zoë <VIP> & Co", "amount": "118.00", "at": "2026-01-05T10:00:00Z"},
        {"id": 7, "name": "山田 花子", "amount": "9.50", "at": None},
    ]
    found[:] = [{"id": number} for number in range(101)]
    document = json.loads(run("SELECT id FROM orders", "--json").output)
    assert (len(document["rows"]), document["more"]) == (100, True)


OVERVIEW = [
    {"table": "orders", "rows": 4200, "comment": "注文"},
    {"table": "order_items", "rows": 9000, "comment": ""},
    {"table": "open_orders", "rows": None, "comment": "VIEW"},
]
DETAILS = [
    {"name": "id", "type": "bigint unsigned", "nullable": 0, "key": "PRI", "comment": ""},
    {"name": "note", "type": "enum('a','b [red]')", "nullable": 1, "key": "", "comment": "顧客のメモ <b>"},
    {"name": "region_that_has_a_long_name", "type": "varchar(3)", "nullable": 0, "key": "MUL", "comment": "x" * 99},
]


@pytest.fixture
def schema(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """A database with the table `orders`; what is yielded gets the values of each question."""
    asked: list[Mapping[str, Any]] = []

    def answer(sql: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        asked.append(given)
        if sql == command.TABLES:
            return OVERVIEW
        return DETAILS if given == {"table": "orders"} else []

    answering(monkeypatch, answer)
    return asked


@pytest.mark.parametrize(
    ("pattern", "like"), [((), "%"), (("*",), "%"), (("order*",), "order%"), (("a_b*c",), r"a\_b%c")]
)
def test_the_tables_are_listed(schema: list[Mapping[str, Any]], pattern: tuple[str, ...], like: str) -> None:
    answer = run(*pattern)
    assert answer.exit_code == 0, answer.output
    assert schema == [{"pattern": like}]
    assert [line.split() for line in answer.output.splitlines()[1:3]] == [
        ["orders", "4200", "注文"],
        ["order_items", "9000"],
    ]
    assert "NULL" in answer.output.splitlines()[3]


@pytest.mark.parametrize("width", ["40", "200"])
def test_the_columns_of_a_table_are_shown_whole(schema: list[Mapping[str, Any]], width: str) -> None:
    answer = run("orders", COLUMNS=width)
    assert answer.exit_code == 0, answer.output
    assert all(cell_len(line) <= int(width) for line in answer.output.splitlines())
    whole = "".join(answer.output.split())
    for part in ("bigint", "primary", "index", "NULL"):
        assert part in whole
    if width == "200":
        for part in ("enum('a','b [red]')", "顧客のメモ <b>", "x" * 99):
            assert part in answer.output
    assert "…" not in answer.output


def test_json_has_the_tables_and_the_columns(schema: list[Mapping[str, Any]]) -> None:
    assert json.loads(run("--json").output) == {"tables": OVERVIEW}
    document = json.loads(run("orders", "--json").output)
    assert document["table"] == "orders"
    assert [one["nullable"] for one in document["columns"]] == [False, True, False]


def test_a_table_that_is_misspelt_gets_the_nearest(schema: list[Mapping[str, Any]]) -> None:
    answer = run("oders")
    assert answer.exit_code == 2
    assert "orders" in answer.output


@pytest.mark.parametrize(
    ("names", "arguments", "status", "says"),
    [
        (("shop", "crm"), ("orders",), 2, "shop, crm"),
        (("shop", "crm"), ("orders", "--database", "crm"), 0, "bigint"),
        (("shop", "default"), ("orders",), 0, "bigint"),
        (("shop",), ("orders",), 0, "bigint"),
        (("shop",), ("orders", "--database", "default"), 2, "shop"),
    ],
)
def test_a_database_is_chosen_by_name(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], arguments: tuple[str, ...], status: int, says: str
) -> None:
    answering(monkeypatch, lambda *_: DETAILS, *names)
    answer = run(*arguments)
    assert (answer.exit_code, says in answer.output) == (status, True), answer.output


def test_what_the_database_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> list[dict[str, Any]]:
        raise SourceError("DB_LOGIN", "default (localhost:3306): error 1045")

    answering(monkeypatch, refuse)
    answer = run()
    assert answer.exit_code == 1
    assert "DB_LOGIN" in answer.output
    assert "fix:" in answer.output


UUID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
WIDE = {
    "id": UUID,
    "parent": UUID,
    "note": "long words " * 9,
    "at": datetime(2026, 1, 5, 10, tzinfo=UTC),
    "other": UUID,
}


def test_no_uuid_and_no_time_is_broken(found: list[dict[str, Any]]) -> None:
    found[:] = [WIDE, WIDE]
    ran = run("SELECT * FROM orders WHERE id = 1", COLUMNS="60")
    assert ran.exit_code == 0, ran.output
    assert (ran.stdout.count(UUID), ran.stdout.count("2026-01-05 10:00:00Z")) == (6, 2)


def test_a_value_gives_the_terminal_no_order(found: list[dict[str, Any]]) -> None:
    found[:] = [{"name": "a\x1b]0;x\x07\u200bb\n日\u3000本"}]
    assert "a\ufffd]0;x\ufffd\ufffdb" in (ran := run("SELECT name FROM orders WHERE id = 1")).stdout
    assert "日\u3000本" in ran.stdout
