"""`notifier sql`: what it lets through, and how it prints what it finds. It runs in tests/e2e/test_sql.py."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from cli import running
from cli.commands import sql as command
from cli.compiler.sql import read_by_hand
from cli.main import main

ROWS = [
    {"id": 1042, "name": "Zoë <VIP> & Co", "amount": Decimal("118.00"), "at": datetime(2026, 1, 5, 10, tzinfo=UTC)},
    {"id": 7, "name": "山田 花子", "amount": Decimal("9.50"), "at": None},
    {"id": 8, "name": "[red]x\n" + "漢" * 200, "amount": Decimal("0.10"), "at": date(2026, 1, 5)},
]


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["sql", *arguments], env={"COLUMNS": "200", **environment})


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the replica of a running demo answers; what was asked of it is in `asked`."""
    rows = [*ROWS]
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(command, "_rows", lambda *_: rows)
    with running.announced("arn:topic", {}):
        yield rows


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
