"""What the checks say of statements and facts that no server is needed for; the rest asks real servers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlglot

from cli.compiler import compile_templates
from cli.language import LANGUAGES, speaking
from cli.schema_check import check, reading
from cli.schema_check.resolving import outputs
from cli.schema_check.schema import Column, Schema, Table
from handler.errors import CODES, SourceError
from handler.model import Row, Value

STAGE = "channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\n"
TEMPLATE = """\
id: integer
channel: orders
lookups:
  order: {sql: "SELECT number FROM orders WHERE id = :id"}
  invoice: {sql: "SELECT total FROM invoices WHERE id = :id", db: billing}
text: Order {{ order.number }}, {{ invoice.total }}
samples:
  one: {id: 1, lookups: {order: {number: A-1}, invoice: {total: 5}}}
"""


def table(name: str, /, **columns: bool) -> Table:
    """A table of BIGINTs, each with whether it may be NULL."""
    return Table(name, {one: Column(one, "bigint", "bigint", nullable) for one, nullable in columns.items()})


SCHEMA = Schema(
    {
        "orders": table("orders", id=False, note=True, customer_id=True, state=False),
        "customers": table("customers", id=False, name=False, nick=True),
    }
)
# A SELECT, and its columns that may be NULL.
NULLABLE = [
    ("SELECT id, note FROM orders", {"note"}),
    ("SELECT o.NOTE AS n FROM orders AS o", {"n"}),
    ("SELECT note FROM orders WHERE note IS NOT NULL AND id = :id", set()),
    ("SELECT note FROM orders WHERE note = :id", set()),
    ("SELECT note FROM orders WHERE note LIKE 'a%' AND id = :id", set()),
    ("SELECT note FROM orders WHERE note IN (1, 2)", set()),
    ("SELECT note FROM orders WHERE note > 1 OR id = :id", {"note"}),
    ("SELECT note FROM orders WHERE note <=> :id", {"note"}),
    ("SELECT COALESCE(note, 1) AS note FROM orders", set()),
    ("SELECT c.name, c.nick FROM orders o JOIN customers c ON c.id = o.customer_id", {"nick"}),
    ("SELECT c.name, c.nick FROM orders o LEFT JOIN customers c ON c.id = o.customer_id", {"name", "nick"}),
    ("SELECT c.name FROM orders o LEFT JOIN customers c ON c.id = o.customer_id WHERE c.id = :id", set()),
    ("SELECT o.state, c.name FROM orders o RIGHT JOIN customers c ON c.id = o.customer_id", {"state"}),
    ("SELECT x.note FROM (SELECT note FROM orders) AS x", set()),  # not known, so nothing is said
    ("WITH x AS (SELECT note FROM orders) SELECT note FROM x", set()),
    ("SELECT note FROM orders UNION SELECT nick FROM customers", set()),
    ("SELECT missing, o.missing, zz.id FROM orders o", set()),
    ("SELECT id FROM orders, customers", set()),
]


@pytest.mark.parametrize(("select", "nullable"), NULLABLE)
def test_which_columns_of_a_result_may_be_null(select: str, nullable: set[str]) -> None:
    found = outputs(sqlglot.parse_one(select, read="mysql"), SCHEMA)
    assert {one.name for one in found if one.nullable} == nullable


@dataclass
class Server:
    """A database that has no tables, and answers as `fails` says."""

    fails: Callable[[str], SourceError | None]
    asked: list[str] = field(default_factory=list)

    def select(self, database: str, sql: str, parameters: dict[str, Value], limit: int) -> list[Row]:
        self.asked.append(sql)
        if error := self.fails(database):
            raise error
        return []


def checked(folder: Path, server: Server, text: str = TEMPLATE):
    (folder / "_stages").mkdir(exist_ok=True)
    (folder / "_stages/test.yaml").write_text(STAGE)
    (folder / "order.created.yaml").write_text(text)
    return check(folder, compile_templates(folder), server)  # type: ignore[arg-type]


def test_a_database_that_was_not_given_is_said_once(tmp_path: Path) -> None:
    server = Server(lambda name: SourceError("DB_UNKNOWN", name) if name == "billing" else None)
    found = checked(tmp_path, server)
    assert found.findings == found.failures == ()
    [note] = found.notes
    assert "billing was not given, so order.created" in note


@pytest.mark.parametrize("code", ["DB_UNAVAILABLE", "DB_LOGIN", "DB_TIMEOUT", "DB_TLS"])
def test_a_database_that_does_not_answer_is_asked_once(tmp_path: Path, code: str) -> None:
    server = Server(lambda name: SourceError(code, name) if name == "billing" else None)
    found = checked(tmp_path, server)
    assert found.failures == (f"{code} billing; fix: {CODES[code].remedy}",)
    assert len(server.asked) == 3  # the names of tables, the plan of the other SELECT, and this one
    assert not found.findings


def test_an_account_without_rights_has_a_finding(tmp_path: Path) -> None:
    class Narrow(Server):
        def select(self, database: str, sql: str, parameters: dict[str, Value], limit: int) -> list[Row]:
            if sql.startswith("EXPLAIN") and "invoices" in sql:
                raise SourceError("DB_DENIED", "billing: error 1142, denied to read table invoices")
            return []

    found = checked(tmp_path, Narrow(lambda _: None))
    assert [(one.line, one.code) for one in found.findings] == [(5, "DB_DENIED")]


def test_a_template_with_an_error_is_not_asked_about(tmp_path: Path) -> None:
    server = Server(lambda _: None)
    assert checked(tmp_path, server, TEMPLATE.replace("{{ order.number }}", "{{ ordr.number }}")).findings == ()
    assert server.asked == []


def test_of_many_tables_few_are_read() -> None:
    names = [f"t{number}" for number in range(2000)]
    asked = []

    class Large:
        def select(self, database: str, sql: str, parameters: dict[str, Value], limit: int) -> list[Row]:
            asked.append(len(parameters))
            return [Row(name=name) for name in names] if "information_schema.tables" in sql else []

    schema = reading.read_schema(Large(), "default", set(names[:45]))  # type: ignore[arg-type]
    assert schema.names == tuple(names)
    assert asked == [1, *[20, 20, 5] * 2]


@pytest.mark.parametrize("code", ["ROW_VALUE_UNSUPPORTED", "DB_TIMEOUT"])
def test_a_value_that_cannot_be_bound_is_none(code: str) -> None:
    server = Server(lambda _: SourceError(code))
    if code == "ROW_VALUE_UNSUPPORTED":
        assert reading.highest(server, "default", "orders", "id") is None  # type: ignore[arg-type]
    else:
        with pytest.raises(SourceError):
            reading.highest(server, "default", "odd`name%", "id")  # type: ignore[arg-type]
        assert server.asked == ["SELECT MAX(`id`) AS found FROM `odd``name%%`"]


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_facts_are_said_in_each_language(tmp_path: Path, name: str) -> None:
    with speaking(name):
        server = Server(lambda name: SourceError("DB_UNKNOWN", name))
        assert all("billing" in note or "default" in note for note in checked(tmp_path, server).notes)
