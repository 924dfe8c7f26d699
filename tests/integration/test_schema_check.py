"""What `notifier lint --db` says of templates, with the tables of real servers behind them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from cli.compiler import compile_templates
from cli.compiler.findings import OF_DATABASE
from cli.main import main
from cli.schema_check import check
from handler.adapters.database.replica import Replicas
from handler.adapters.database.session import Limits
from handler.model import Row
from lab.databases import Pair
from lab.shop import SCHEMA, Target
from tests.integration.test_guide_examples import SHOP
from tests.replica_kit import Default, replicas
from tests.unit.compiler.test_docs import DOCS, JAPANESE, completed, examples

ROOT: Final = Path(__file__).resolve().parents[2]
ROWS: Final = 5_000
TABLES: Final = {
    "lint_parcels": "id BIGINT NOT NULL PRIMARY KEY, code VARCHAR(20) NOT NULL, carrier VARCHAR(400), weight INT,"
    " sent_at DATETIME, customer_id BIGINT NOT NULL, note VARCHAR(90) NOT NULL, KEY by_code (code)",
    "lint_bare": "code VARCHAR(20) NOT NULL PRIMARY KEY, id BIGINT NOT NULL",
    "lint_texts": "id VARCHAR(20) NOT NULL PRIMARY KEY",
    "lint_stops": "id BIGINT NOT NULL PRIMARY KEY, parcel_id BIGINT NOT NULL, city VARCHAR(50) NOT NULL",
}
GOOD: Final = """\
id: integer
channel: orders
lookups:
  parcel:
    sql: |
      SELECT p.code, p.carrier, p.weight, p.sent_at, p.note, c.name AS customer
      FROM lint_parcels p
      JOIN customers c ON c.id = p.customer_id
      WHERE p.id = :id
  stop:
    sql: SELECT city FROM lint_stops WHERE id = :id
text: "Parcel {{ parcel.code }} to {{ stop.city }}"
blocks:
  - header: "Parcel {{ parcel.code }}"
  - section: |
      {{ parcel.carrier | default('-') }} {{ parcel.weight | default(0) }} g
      for {{ parcel.customer }}
  - buttons:
      "Open it": "https://example.org/{{ id }}"
samples:
  one:
    id: 1
    lookups:
      parcel: {code: AB-1, carrier: DHL, weight: 5, sent_at: 2026-01-05T10:00:00Z, note: fragile, customer: Zoë}
      stop: {city: Kyoto}
"""
BUTTON: Final = """\
  - type: actions
    elements:
      - {type: button, text: {type: plain_text, text: "{{ parcel.note }}"}, url: "https://example.org"}
  - buttons:"""
POLL: Final = "poll: {{every: 5m, sql: SELECT id FROM {}}}\ntext:"
INDEX: Final = "CREATE INDEX by_parcel_id ON lint_stops (parcel_id);"
# What is changed in GOOD; then the line and the word where it is found, its code, and parts of what is said.
MISTAKES: Final[list[tuple[str, str, int, str, str, str]]] = [
    ("FROM lint_parcels p", "FROM lint_parcel p", 7, "SCHEMA_UNKNOWN", "no table `lint_parcel`", "write lint_parcels"),
    ("p.carrier", "p.carier AS carrier", 6, "SCHEMA_UNKNOWN", "`lint_parcels` has no column `carier`", "write carrier"),
    ("c.id = p", "cc.id = p", 8, "SCHEMA_UNKNOWN", "no table of this SELECT is called `cc`", "write c;"),
    ("SELECT city", "SELECT town AS city", 11, "SCHEMA_UNKNOWN", "`lint_stops` has no column `town`", "there are: id"),
    ("p.code,", "LENGTH(p.code, 2) AS code,", 6, "QUERY_INVALID", "error ", "run it"),
    (" | default('-')", "", 16, "COLUMN_EMPTY", "`parcel.carrier` may be NULL", "parcel.carrier | default("),
    ("weight | default(0)", "weight + 1", 16, "COLUMN_UNGUARDED", "`parcel.weight` may be NULL", "write "),
    ("for {{", "{{ parcel.sent_at | date }} {{", 17, "COLUMN_EMPTY", "`parcel.sent_at` may be NULL", "default("),
    ("JOIN customers", "LEFT JOIN customers", 17, "COLUMN_EMPTY", "`parcel.customer` may be NULL", "default("),
    ("Parcel {{ parcel.code }}\"\n  -", "{{ parcel.customer }}\"\n  -", 14, "COLUMN_CUT", "varchar(500)", "section"),
    ("  - buttons:", BUTTON, 20, "COLUMN_CUT", "here, which is 75 characters", "`section`"),
    ("stops WHERE id", "stops WHERE parcel_id", 11, "QUERY_SCAN", "all of lint_stops", INDEX),
    ("stops WHERE id", "stops WHERE id + 1", 11, "QUERY_SCAN", "all of lint_stops", "compare a column of lint_stops"),
    ("WHERE p.id", "WHERE p.code", 9, "QUERY_TYPE", "lint_parcels.code is varchar(20)", "declare the id"),
    (
        "= :id\ntext", "= :code\n    bind: {code: parcel.code}\ntext",
        11, "QUERY_TYPE", "`:code` is a text, and lint_stops.id is bigint", "holds texts",
    ),
    (
        "WHERE id = :id\ntext", "WHERE id = :stop\n    bind: {stop: parcel.weight}\ntext",
        12, "COLUMN_UNGUARDED", "then `stop` finds nothing, and the event is parked", "expect: optional",
    ),
    ("text:", POLL.format("lint_stops"), 0, "", "", ""),
    ("text:", POLL.format("lint_stop"), 12, "SCHEMA_UNKNOWN", "no table `lint_stop`", "write lint_stops"),
    ("text:", POLL.format("lint_bare"), 12, "QUERY_SCAN", "no index of lint_bare begins with the id", "add an index"),
    ("text:", POLL.format("lint_texts"), 12, "QUERY_TYPE", "type varchar(20)", "poll a column that is a whole number"),
]  # fmt: skip


@pytest.fixture(scope="module")
def tables(database_pair: Pair) -> Iterator[Pair]:
    primary = database_pair.primary
    for table, columns in TABLES.items():
        primary.query(f"CREATE TABLE {SCHEMA}.{table} ({columns}) DEFAULT CHARACTER SET utf8mb4")
    parcels = ", ".join(f"({n}, 'C{n}', NULL, NULL, NULL, {n % 50 + 1}, 'n')" for n in range(1, ROWS + 1))
    primary.query(f"INSERT INTO {SCHEMA}.lint_parcels VALUES {parcels}")
    primary.query(f"INSERT INTO {SCHEMA}.lint_bare SELECT code, id FROM {SCHEMA}.lint_parcels")
    primary.query(f"INSERT INTO {SCHEMA}.lint_texts SELECT id FROM {SCHEMA}.lint_parcels")
    primary.query(f"INSERT INTO {SCHEMA}.lint_stops VALUES {', '.join(f'({n}, {n}, {n})' for n in range(1, ROWS + 1))}")
    database_pair.wait_for_replica()
    for table in TABLES:
        database_pair.replica.query(f"ANALYZE NO_WRITE_TO_BINLOG TABLE {SCHEMA}.{table}")
    yield database_pair
    primary.query(f"DROP TABLE {', '.join(f'{SCHEMA}.{table}' for table in TABLES)}")
    database_pair.wait_for_replica()


@pytest.fixture(scope="module")
def database(tables: Pair, reader: Target) -> Iterator[Default]:
    adapter = replicas(reader, limits=Limits())
    yield Default(adapter)
    adapter.close()


def written(folder: Path, text: str) -> Path:
    (folder / "_stages").mkdir(exist_ok=True)
    (folder / "_stages/test.yaml").write_text("channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\n")
    (folder / "parcel.sent.yaml").write_text(text, "utf-8")
    return folder


def test_a_good_template_has_no_finding(database: Default, tmp_path: Path) -> None:
    folder = written(tmp_path, GOOD)
    compilation = compile_templates(folder)
    assert compilation.findings == ()
    checked = check(folder, compilation, database.replicas)
    assert (checked.findings, checked.notes, checked.failures) == ((), (), ())


@pytest.mark.parametrize(
    ("old", "new", "line", "code", "said", "fix"), MISTAKES, ids=[f"{row[3]}-{row[1][:20]}" for row in MISTAKES]
)
def test_each_mistake_is_found_at_its_place(
    database: Default, tmp_path: Path, old: str, new: str, line: int, code: str, said: str, fix: str
) -> None:
    assert GOOD.count(old) >= 1
    text = GOOD.replace(old, new, 1)
    folder = written(tmp_path, text)
    compilation = compile_templates(folder)
    assert compilation.errors == 0, compilation.findings
    found = check(folder, compilation, database.replicas).findings
    if not code:
        assert found == ()
        return
    assert [(one.line, one.code) for one in found] == [(line, code)], found
    [one] = found
    assert said in one.message
    assert fix in one.fix
    if one.edit:  # it stands there, and its correction has no finding
        lines = text.splitlines(keepends=True)
        assert lines[one.line - 1][one.column - 1 :].startswith(one.edit.old)
        at = one.column - 1
        lines[one.line - 1] = lines[one.line - 1][:at] + one.edit.new + lines[one.line - 1][at + len(one.edit.old) :]
        folder = written(tmp_path, "".join(lines))
        assert check(folder, compile_templates(folder), database.replicas).findings == ()


@pytest.mark.parametrize(
    ("code", "example"),
    [
        pytest.param(code, example, id=f"{language}-{code}")
        for language, page in (("en", DOCS), ("ja", JAPANESE))
        for words, example in examples(page)
        for code in re.findall(r"^yaml database=([A-Z_]+)$", words)
    ],
)
def test_an_example_of_the_guides_has_the_finding_that_it_shows(
    database: Default, tmp_path: Path, code: str, example: str
) -> None:
    folder = written(tmp_path, completed(example, SHOP))
    assert [one.code for one in check(folder, compile_templates(folder), database.replicas).findings] == [code]


ODD: Final = {
    "lint_注文": "`番号` BIGINT NOT NULL PRIMARY KEY, `顧客 名` VARCHAR(20) NOT NULL, `select` VARCHAR(9) NOT NULL,"
    " `100%` INT NOT NULL, `Größe` VARCHAR(9) CHARACTER SET utf8mb3 NOT NULL, e ENUM('a', 'bb') NOT NULL,"
    " made INT AS (`100%` * 2) STORED",
    "lint_Mixed": "Id BIGINT NOT NULL PRIMARY KEY, CamelCase VARCHAR(20) NOT NULL",
}
MADE: Final = "not checked: what may be NULL or long of `row` in parcel.sent, where another SELECT makes the columns"
VIEW: Final = (
    "not checked: how the database reads `row` in parcel.sent: it reads a view, and the account may not SHOW VIEW"
)
# A SELECT, what is found in it, and what is said not to be checked.
ODD_SELECTS: Final = [
    ("SELECT `顧客 名` AS x FROM `lint_注文` WHERE `番号` = :id", "", ""),
    ("SELECT t.`select` AS x, `100%` AS p FROM lint_注文 t WHERE t.番号 = :id", "", ""),
    ("SELECT größe AS x, e, made FROM `lint_注文` WHERE `番号` = :id", "", ""),
    ("SELECT camelcase AS x FROM lint_Mixed WHERE ID = :id", "", ""),
    ("SELECT CamelCase AS x FROM LINT_mixed WHERE Id = :id", "no table `LINT_mixed`", ""),
    ("WITH t AS (SELECT id, code FROM lint_parcels) SELECT code AS x FROM t WHERE id = :id", "", MADE),
    ("SELECT t.x FROM (SELECT id, code AS x FROM lint_parcels WHERE id = :id) t", "", MADE),
    ("SELECT t.* FROM (SELECT id, code AS x FROM lint_parcels WHERE id = :id) t", "", MADE),
    ("SELECT code AS x FROM lint_parcels WHERE id = :id UNION SELECT city FROM lint_stops WHERE id = :id", "", MADE),
    ("SELECT (SELECT s.city FROM lint_stops s WHERE s.id = p.id) AS x FROM lint_parcels p WHERE p.id = :id", "", MADE),
    ("SELECT code AS x FROM lint_parcels WHERE id = :id AND id IN (SELECT id FROM lint_stops)", "", ""),
    ("SELECT p.code AS x FROM lint_parcels p JOIN lint_stops s USING (id) WHERE p.id = :id", "", ""),
    ("SELECT p.code AS x FROM lint_parcels p, lint_stops s WHERE s.id = p.id AND p.id = :id", "", ""),
    ("SELECT code AS x FROM lint_view WHERE id = :id", "", VIEW),
    ("SELECT nothing AS x FROM lint_view WHERE id = :id", "", VIEW),
    ("SELECT id AS x FROM lint_broken WHERE id = :id", "", VIEW),
]  # fmt: skip


@pytest.fixture(scope="module")
def odd(tables: Pair) -> Iterator[None]:
    primary = tables.primary
    for table, columns in ODD.items():
        primary.query(f"CREATE TABLE {SCHEMA}.`{table}` ({columns}) DEFAULT CHARACTER SET utf8mb4")
    primary.query(f"CREATE TABLE {SCHEMA}.lint_gone (id INT PRIMARY KEY)")
    primary.query(f"CREATE VIEW {SCHEMA}.lint_view AS SELECT id, code FROM {SCHEMA}.lint_parcels")
    primary.query(f"CREATE VIEW {SCHEMA}.lint_broken AS SELECT id FROM {SCHEMA}.lint_gone")
    primary.query(f"DROP TABLE {SCHEMA}.lint_gone")
    tables.wait_for_replica()
    yield
    primary.query(f"DROP VIEW {SCHEMA}.lint_view, {SCHEMA}.lint_broken")
    primary.query(f"DROP TABLE {', '.join(f'{SCHEMA}.`{table}`' for table in ODD)}")
    tables.wait_for_replica()


def lookup(sql: str) -> str:
    columns = ["x", *(name for name in ("p", "e", "made") if f" AS {name} " in sql or f", {name}" in sql)]
    row = ", ".join(f"{name}: a" for name in columns)
    return (
        f"id: {{pattern: '[0-9]+'}}\nchannel: orders\nlookups:\n  row:\n    sql: {json.dumps(sql)}\n"
        f'text: "Row {{{{ row.x }}}}"\nsamples:\n  one: {{id: "1", lookups: {{row: {{{row}}}}}}}\n'
    )


@pytest.mark.parametrize(("sql", "found", "note"), ODD_SELECTS)
def test_of_an_odd_select_nothing_wrong_is_said(
    database: Default, odd: None, tmp_path: Path, sql: str, found: str, note: str
) -> None:
    folder = written(tmp_path, lookup(sql))
    compilation = compile_templates(folder)
    assert compilation.errors == 0
    checked = check(folder, compilation, database.replicas)
    # The samples' ids are texts, which is another finding.
    others = [one.message for one in checked.findings if one.code != "QUERY_TYPE"]
    assert ([found in one for one in others], checked.notes, checked.failures) == (
        [True] if found else [], (note,) if note else (), (),
    )  # fmt: skip


def test_what_one_select_cannot_be_checked_for_keeps_no_other_from_it(
    database: Default, odd: None, tmp_path: Path
) -> None:
    both = "  a: {sql: SELECT code FROM lint_view WHERE id = :id}\n  stop:\n"
    folder = written(tmp_path, GOOD.replace("  stop:\n", both, 1).replace("SELECT city", "SELECT town AS city").replace(
        "      stop: {", "      a: {code: x}\n      stop: {"))  # fmt: skip
    checked = check(folder, compile_templates(folder), database.replicas)
    assert [one.code for one in checked.findings] == ["SCHEMA_UNKNOWN"]
    assert len(checked.notes) == 1


def test_an_account_that_reads_little_is_told_what_the_server_says(
    tables: Pair, reader: Target, tmp_path: Path
) -> None:
    primary = tables.primary
    primary.query("CREATE USER lint_little@'%' IDENTIFIED BY 'pw'")
    primary.query(f"GRANT SELECT ON {SCHEMA}.lint_stops TO lint_little@'%'")
    tables.wait_for_replica()
    adapter = replicas(reader._replace(user="lint_little", password="pw"), limits=Limits())
    try:
        for sql, code in (
            ("SELECT code AS x FROM lint_parcels WHERE id = :id", "DB_DENIED"),
            ("SELECT LENGTH(code, 2) AS x FROM lint_parcels WHERE id = :id", "QUERY_INVALID"),
            ("SELECT town AS x FROM lint_stops WHERE id = :id", "SCHEMA_UNKNOWN"),
        ):
            folder = written(tmp_path, lookup(sql))
            found = check(folder, compile_templates(folder), adapter).findings
            assert [one.code for one in found if one.code != "QUERY_TYPE"] == [code], sql
    finally:
        adapter.close()
        primary.query("DROP USER lint_little@'%'")
        tables.wait_for_replica()


def test_the_servers_own_log_has_only_what_reads(tables: Pair, database: Default, odd: None, tmp_path: Path) -> None:
    replica = tables.replica
    replica.query("SET GLOBAL log_output = 'TABLE'")
    replica.query("SET GLOBAL general_log = 1")
    try:
        for sql, _, _ in ODD_SELECTS:
            folder = written(tmp_path, lookup(sql))
            check(folder, compile_templates(folder), database.replicas)
        asked = "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE command_type = 'Query'"
        texts = replica.query(f"{asked} AND user_host LIKE %s", f"%{tables.reader.user}%")
        words = {text.split(maxsplit=1)[0].upper() for (text,) in texts}
    finally:
        replica.query("SET GLOBAL general_log = 0")
        replica.query("SET GLOBAL log_output = 'FILE'")
        replica.query("TRUNCATE TABLE mysql.general_log")
    assert {"SELECT", "EXPLAIN"} <= words <= {"SELECT", "EXPLAIN", "SHOW", "SET", "ROLLBACK"}


def test_the_command_reads_the_databases_that_it_is_given(
    database: Default, reader: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = GOOD.replace("  stop:\n", "  stop:\n    db: depot\n").replace("SELECT city", "SELECT town AS city")
    folder = written(tmp_path, text)
    monkeypatch.setenv("NOTIFIER_DB_PASSWORD", reader.password)
    url = f"mysql://{reader.user}@{reader.host}:{reader.port}/{reader.schema};ca={reader.ca}"
    one = CliRunner().invoke(main, ["lint", str(folder), "--db", url])
    assert one.exit_code == 0, one.output
    assert "The database depot was not given, so parcel.sent were not checked" in one.stderr
    both = CliRunner().invoke(main, ["lint", str(folder), "--db", url, "--db", f"depot={url}"])
    assert both.exit_code == 1
    assert "parcel.sent.yaml:12:17: SCHEMA_UNKNOWN `lint_stops` has no column `town`" in both.stdout
    assert both.stderr == ""
    assert reader.password not in both.output


def test_it_only_reads_and_shows_no_row(
    database: Default, reader: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    select = Replicas.select

    def noted(self: Replicas, name: str, sql: str, *rest: Any) -> list[Row]:
        asked.append(sql.split(maxsplit=1)[0])
        return select(self, name, sql, *rest)

    monkeypatch.setattr(Replicas, "select", noted)
    text = GOOD.replace("text:", POLL.format("lint_texts")).replace("stops WHERE id", "stops WHERE parcel_id")
    folder = written(tmp_path, text.replace("id: 1\n", "id: 777000111\n"))
    found = check(folder, compile_templates(folder), database.replicas).findings
    assert {one.code for one in found} == {"QUERY_SCAN", "QUERY_TYPE"}
    assert {*asked} == {"SELECT", "EXPLAIN", "SHOW"}
    assert not [one for one in found if "777000111" in str(one) or "C4999" in str(one)]


def test_each_code_of_a_database_has_a_case() -> None:
    assert {code for _, _, _, code, *_ in MISTAKES} >= OF_DATABASE


def test_the_templates_of_the_shop_fit_its_database(database: Default) -> None:
    folder = ROOT / "templates"
    checked = check(folder, compile_templates(folder), database.replicas)
    assert not checked.failures
    # The shop lets names be longer than a header.
    assert {one.code for one in checked.findings} == {"COLUMN_CUT"}
