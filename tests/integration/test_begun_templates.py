"""`notifier new` on a real replica: every table of the shop, and every type of column, gives a sound template."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from cli.new_template import asking
from lab.databases import Pair
from lab.shop import SCHEMA, Target

SHARED: Final = ("_stages", "_labels.yaml", "_privacy.yaml")
SHOP: Final = (
    "customers", "products", "orders", "order_items", "payments", "refunds", "stock_levels", "support_tickets",
)  # fmt: skip
# Each type of a column that a message can show, with a value.
TYPES: Final = {
    "TINYINT": "3", "TINYINT(1)": "1", "TINYINT UNSIGNED": "255", "SMALLINT": "-3", "MEDIUMINT": "3", "INT": "5",
    "BIGINT UNSIGNED": "18446744073709551615", "DECIMAL(12,2)": "12.50", "DECIMAL(30,0)": "1", "FLOAT": "1.5",
    "DOUBLE": "1e20", "BIT(1)": "b'1'", "YEAR": "2026", "DATE": "'2026-01-05'", "DATETIME": "'2026-01-05 10:00:00'",
    "DATETIME(6)": "'9999-12-31 23:59:59.999999'", "TIMESTAMP": "'2026-01-05 10:00:00'", "TIME": "'-25:30:00'",
    "TIME(3)": "'10:00:00.5'", "CHAR(3)": "'EUR'", "CHAR(36)": "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'",
    "VARCHAR(20)": "'<!channel> *x*'", "VARCHAR(300)": "''", "VARCHAR(2000)": "'山田 花子'", "TINYTEXT": "'a'",
    "TEXT": "'two\nlines'", "MEDIUMTEXT": "REPEAT('x', 100000)", "LONGTEXT": "'a'",
    "JSON": """'{"a": [1, "{{ b }}"]}'""",
    "ENUM('a', 'b''c', '日本')": "'日本'", "SET('x', 'y')": "'x,y'",
}  # fmt: skip
UNSHOWN: Final = ("BIT(8)", "BINARY(16)", "VARBINARY(20)", "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB", "GEOMETRY")
# Names that SQL, expressions or YAML would read as something else; with those that no template can hold.
NAMES: Final = (
    "select", "order", "rank", "offset", "注文番号", "顧客 名", "a.b", "a:b", "50%", "1st", "ＩＤ", "none", "loop",
    "yes", "it's", 'q"', "a#b", "{x}", "<b>", "a--b", "_x", "null", "é",
)  # fmt: skip
UNWRITABLE: Final = ("{{x}}", "a``b", "!!!")
COMMENTS: Final = (
    "",
    "",
    " COMMENT '支払い状況: 0 未払い'",
    " COMMENT '<b>*x*</b> {{ y }} @all'",
    " COMMENT '0 new, 1 paid'",
)


def columns() -> Iterator[tuple[str, str]]:
    """Each type, required and not, with different comments, by its column's name."""
    for number, kind in enumerate([*TYPES, *UNSHOWN]):
        comment = COMMENTS[number % len(COMMENTS)]
        yield f"r{number}", f"{kind} NOT NULL{comment}"
        if kind not in UNSHOWN:
            yield f"n{number}", f"{kind} NULL{comment}"


@pytest.fixture(scope="module")
def tables(database_pair: Pair) -> Iterator[Pair]:
    primary = database_pair.primary
    made = ", ".join(f"{name} {kind}" for name, kind in columns())
    primary.query(
        f"CREATE TABLE {SCHEMA}.new_kinds (id INT NOT NULL PRIMARY KEY, {made}) DEFAULT CHARACTER SET utf8mb4"
    )
    shown = [name for name, kind in columns() if not kind.startswith(UNSHOWN)]
    values = [TYPES[[*TYPES][int(name[1:])]] for name in shown]
    blobs = [name for name, kind in columns() if kind.startswith(UNSHOWN)]
    empty = ["NULL" if name[0] == "n" else value for name, value in zip(shown, values, strict=True)]
    bytes_ = [("POINT(1, 1)" if "GEOMETRY" in dict(columns())[name] else "'1'") for name in blobs]
    for number, row in ((1, values), (2, empty)):
        listed = ", ".join([str(number), *row, *bytes_])
        primary.query(f"INSERT INTO {SCHEMA}.new_kinds (id, {', '.join([*shown, *blobs])}) VALUES ({listed})")
    odd = ", ".join(f"`{name}` VARCHAR(20)" for name in (*NAMES, *UNWRITABLE))
    primary.query(
        f"CREATE TABLE {SCHEMA}.`new names` (`the key` INT NOT NULL PRIMARY KEY, {odd}) CHARACTER SET utf8mb4"
    )
    primary.query(f"INSERT INTO {SCHEMA}.`new names` (`the key`) VALUES (7)")
    primary.query(
        f"CREATE TABLE {SCHEMA}.new_empty (code VARCHAR(8) NOT NULL PRIMARY KEY, password VARCHAR(60), api_token TEXT,"
        " customer_id BIGINT UNSIGNED NOT NULL, amount DECIMAL(8, 2) NOT NULL, currency CHAR(3) NOT NULL,"
        " is_paid BOOLEAN)"
    )
    database_pair.wait_for_replica()
    yield database_pair
    primary.query(f"DROP TABLE {SCHEMA}.new_kinds, {SCHEMA}.`new names`, {SCHEMA}.new_empty")
    database_pair.wait_for_replica()


PEOPLE: Final = (
    "email VARCHAR(80) NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL, age TINYINT NOT NULL, phone BIGINT NOT NULL,"
    " birth DATE NOT NULL, status VARCHAR(20) NOT NULL, meta JSON, opts SET('vip', 'new') NOT NULL,"
    " both_names VARCHAR(150) AS (CONCAT(name, email)) STORED, total DECIMAL(8, 2) NOT NULL, ccy CHAR(3) NOT NULL"
)
PERSON: Final = (
    "'ines@shop.jp', 'Ines Brandt', 41, 819012345678, '1984-05-06', 'ines@shop.jp', '{\"Ines\": [\"Brandt\"]}', 'vip',"
    " 12.5, 'EUR'"
)
SECRETS: Final = ("ines", "Ines", "Brandt", "41", "8190", "1984", "shop.jp", "vip")


@pytest.fixture
def people(database_pair: Pair) -> Iterator[None]:
    primary = database_pair.primary
    primary.query(f"CREATE TABLE {SCHEMA}.new_people ({PEOPLE}) CHARACTER SET utf8mb4")
    columns_ = "email, name, age, phone, birth, status, meta, opts, total, ccy"
    primary.query(f"INSERT INTO {SCHEMA}.new_people ({columns_}) VALUES ({PERSON})")
    database_pair.wait_for_replica()
    yield
    primary.query(f"DROP TABLE {SCHEMA}.new_people")
    database_pair.wait_for_replica()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "templates"
    made.mkdir()
    for name in SHARED:
        source = Path("templates") / name
        shutil.copytree(source, made / name) if source.is_dir() else shutil.copy(source, made / name)
    return made


def run(reader: Target, *arguments: str | Path, typed: str | None = None) -> Result:
    database = f"mysql://{reader.user}@{reader.host}:{reader.port}/{reader.schema};ca={reader.ca}"
    environment = {"NOTIFIER_DB": database, "NOTIFIER_DB_PASSWORD": reader.password}
    return CliRunner().invoke(main, [str(one) for one in arguments], env=environment, input=typed)


def new(reader: Target, folder: Path, table: str, *arguments: str) -> Result:
    return run(reader, "new", "a.b", "--table", table, "--channel", "orders", "--templates", folder, *arguments)


def begun(reader: Target, folder: Path, table: str, *arguments: str) -> str:
    """The text of the template that is made; the files are removed, so that the next one can be."""
    ran = new(reader, folder, table, *arguments)
    assert ran.exit_code == 0, ran.output
    assert (folder / "_approved/a.b.txt").exists()
    text = (folder / "a.b.yaml").read_text("utf-8")
    (folder / "_approved/a.b.txt").unlink()
    (folder / "a.b.yaml").unlink()
    return text


@pytest.mark.parametrize("table", SHOP)
def test_each_table_of_the_shop_gives_a_sound_template(reader: Target, folder: Path, table: str) -> None:
    ran = new(reader, folder, table)
    assert ran.exit_code == 0, ran.output
    linted = run(reader, "lint", "--pii", folder)
    assert "no findings" in linted.output
    assert run(reader, "test", "a.b", "--templates", folder).exit_code == 0
    assert run(reader, "preview", "a.b", "--id", "1042", "--templates", folder).exit_code in (0, 1)


def test_each_type_of_column_can_be_shown(tables: Pair, reader: Target, folder: Path) -> None:
    shown = [name for name, kind in columns() if not kind.startswith(UNSHOWN)]
    for start in range(0, len(shown), 8):
        for row in ("1", "2"):
            some = shown[start : start + 8]
            text = begun(reader, folder, "new_kinds", "--columns", ",".join(some), "--id", row)
            assert all(f"kind.{name}" in text for name in some)


def test_what_no_message_can_show_is_named(tables: Pair, reader: Target, folder: Path) -> None:
    for name in (name for name, kind in columns() if kind.startswith(UNSHOWN)):
        ran = new(reader, folder, "new_kinds", "--columns", name)
        assert ran.exit_code == 2
        assert "which no message can show" in ran.output
    assert not [*folder.glob("a.b*")]


def test_each_name_can_be_shown(tables: Pair, reader: Target, folder: Path) -> None:
    for start in range(0, len(NAMES), 8):
        begun(reader, folder, "new names", "--columns", ",".join(NAMES[start : start + 8]), "--language", "ja")
    for name in ("{{x}}", "a`b", "!!!"):
        assert new(reader, folder, "new names", "--columns", name).exit_code == 2


def test_a_table_without_rows_gets_a_sample_that_is_made_up(tables: Pair, reader: Target, folder: Path) -> None:
    text = begun(reader, folder, "new_empty")
    assert 'id: {pattern: "[A-Za-z0-9._-]{1,8}"}' in text
    assert "LEFT JOIN customers AS j1 ON j1.id = t.customer_id" in text
    assert "money(new_empty.currency)" in text
    assert "'yes' if new_empty.is_paid else 'no'" in text
    assert not [word for word in ("password", "api_token") if word in text]
    assert "the name of a secret" in new(reader, folder, "new_empty", "--columns", "amount,password").output


@pytest.mark.parametrize(
    "shown", ["", "name,age,phone", "birth,status,meta", "both_names,opts,total,ccy", "email"], ids=str
)
@pytest.mark.parametrize("is_asked", [False, True])
def test_no_value_of_a_person_is_written_or_printed(
    people: None, reader: Target, folder: Path, shown: str, is_asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "is_there", lambda: is_asked)
    arguments = ["--table", "new_people", "--channel", "orders", "--templates", folder, "--columns", shown]
    ran = run(reader, "new", "a.b", *arguments, typed="\n" * 9)
    assert ran.exit_code == 0, ran.output
    files = (path for path in folder.rglob("a.b*") if path.is_file())
    seen = "".join([ran.output, ran.stderr, *(path.read_text("utf-8") for path in files)])
    assert [secret for secret in SECRETS if secret in seen.replace("_names", "")] == []


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--title", "返金"], '"返金: *'),
        (["--description", "What: this", "--owner", "Support team"], "owner: Support team\n"),
        (["--every", "1m"], "SELECT id, created_at AS created FROM refunds"),
        (["--poll", "0 9 * * *"], 'every: "0 9 * * *"'),
        (["--id", "20"], "  id 20:\n    id: 20\n"),
        (["--language", "ja"], "language: ja\n"),
        (["--columns", "reason, amount"], "SELECT reason, amount, currency\n"),
        (["--id-column", "order_id"], "expect: many"),
    ],
)
def test_each_option_does_what_it_says(reader: Target, folder: Path, arguments: list[str], part: str) -> None:
    assert part in begun(reader, folder, "refunds", *arguments)


@pytest.mark.parametrize(
    ("table", "arguments", "status", "said"),
    [
        ("refund", [], 2, "Did you mean refunds?"),
        ("refunds", ["--columns", "ammount"], 2, "Did you mean amount?"),
        ("refunds", ["--id-column", "created_at"], 2, "datetime"),
        ("refunds", ["--id", "T-1"], 2, "whole number"),
        ("refunds", ["--id", "999999999"], 1, "ROW_NOT_FOUND"),
        ("refunds", ["--channel", "order"], 2, "Did you mean orders?"),
        ("refunds", ["--owner", "x" * 81], 1, "at most 80"),
        ("refunds", ["--every", "often"], 1, "Nothing is written"),
        ("order_items", ["--every", "1m"], 2, "has several rows"),
        ("orders", ["--every", "1m", "--id-column", "number"], 2, "A poll finds rows by whole numbers, and number is"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_written(
    reader: Target, folder: Path, table: str, arguments: list[str], status: int, said: str
) -> None:
    ran = new(reader, folder, table, *arguments)
    assert (ran.exit_code, said in ran.output) == (status, True), ran.output
    assert not [*folder.glob("a.b*"), *folder.glob("_approved/*")]


def test_what_no_option_says_is_asked(reader: Target, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "is_there", lambda: True)
    table, columns_ = ["xyz", "ord", "orders"], ["nothing", "number, amount"]
    answers = [*table, "", *columns_, "1042", "", "nowhere", "orders", "", "Ops", "y"]
    ran = run(reader, "new", "a.b", "--templates", folder, typed="\n".join(answers) + "\n")
    assert ran.exit_code == 0, ran.output
    text = (folder / "a.b.yaml").read_text("utf-8")
    assert "owner: Ops" in text
    assert "SELECT number, amount, currency" in text
    assert "id 1042:" in text


def test_a_no_in_the_end_writes_nothing(reader: Target, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "is_there", lambda: True)
    ran = run(reader, "new", "a.b", "--table", "orders", "--templates", folder, typed="\n" * 3 + "\norders\n\n\nn\n")
    assert ran.exit_code == 1
    assert not [*folder.glob("a.b*"), *folder.glob("_approved/*")]
