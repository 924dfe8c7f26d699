"""What a column becomes in a message, from its name, its type and its comment."""

from __future__ import annotations

import pytest

from cli.new_template import choosing, fields
from cli.new_template.quoting import as_name, is_writable, quoted, singular
from cli.new_template.tables import Column, Table
from cli.privacy.rules import KEEP, Named, Rules

RULES = Rules((Named("email", "email"), Named("iban", "id"), Named("status", KEEP), Named("name", "name")))


@pytest.mark.parametrize(
    ("comment", "name", "label"),
    [
        ("", "created_at", "Created"),
        ("", "customerId", "Customer"),
        ("", "is_active", "Active"),
        ("", "id", "Id"),
        ("支払い状況: 0 未払い、1 支払い済み", "status", "支払い状況"),
        ("支払い状況（0 未払い）", "status", "支払い状況"),
        ("0 new, 1 paid", "status", "Status"),
        ("Total, with tax", "total", "Total"),
        ("<b>*Bold*</b> {{ x }}", "x", "X"),
        ("@channel _now_ & here", "x", "channel now here"),
        ("a\x1b[31m\u202eb", "x", "a"),
        ("w" * 50, "much_too_long", "Much too long"),
        ("", "顧客 名", "顧客 名"),
    ],
)
def test_a_label_is_the_comment_or_the_words_of_the_name(comment: str, name: str, label: str) -> None:
    assert fields.label_of(comment, name) == label


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("password", True), ("user_password_hash", True), ("apiKey", True), ("api_token", True), ("パスワード", True),
        ("pin", True), ("passport", False), ("shipping", False), ("number", False), ("key", False),
    ],
)  # fmt: skip
def test_a_secret_is_known_by_its_name(name: str, is_one: bool) -> None:
    assert fields.is_secret(name) == is_one


@pytest.mark.parametrize(
    ("table", "row"),
    [("orders", "order"), ("categories", "category"), ("addresses", "address"), ("boxes", "box"), ("news_status",
     "news_status"), ("children", "children"), ("注文", "注文"), ("order_items", "order_item")],
)  # fmt: skip
def test_the_name_of_one_row(table: str, row: str) -> None:
    assert singular(table) == row


@pytest.mark.parametrize(
    ("name", "sql", "expression", "can_be_written"),
    [
        ("number", "number", "number", True),
        ("order", "`order`", "order", True),
        ("offset", "`offset`", "offset", True),
        ("a b", "`a b`", "a_b", True),
        ("1st", "`1st`", "c_1st", True),
        ("ＩＤ", "`ＩＤ`", "ID", True),
        ("a`b", "`a``b`", "a_b", False),
        ("{{x}}", "`{{x}}`", "x", False),
        ("!!", "`!!`", "", True),
        ("a\nb", "`a\nb`", "a_b", False),
    ],
)
def test_a_name_in_sql_and_in_expressions(name: str, sql: str, expression: str, can_be_written: bool) -> None:
    assert (quoted(name), as_name(name), is_writable(name)) == (sql, expression, can_be_written)


def columns(*named: tuple[str, str]) -> Table:
    found = tuple(Column(name, written.partition("(")[0], written) for name, written in named)
    return Table("orders", "", found, ("id",), ("id",))


ORDERS = columns(
    ("id", "bigint"), ("email", "varchar(90)"), ("iban", "varchar(34)"), ("token", "char(9)"), ("pdf", "blob"),
    ("updated_at", "datetime"), ("created_at", "datetime"), ("amount", "decimal(9,2)"), ("status", "tinyint(4)"),
    ("currency", "char(3)"), ("name", "varchar(90)"), ("customer_id", "bigint"), ("weight", "int"), ("note", "text"),
)  # fmt: skip


def test_the_most_telling_columns_come_first() -> None:
    found = fields.of(ORDERS, RULES, {"status": (0, 1)})
    assert "token" not in found
    assert "pdf" not in found
    shown = [one.name for one in choosing.telling(found, "id", RULES, "orders")]
    assert shown == ["name", "status", "amount", "created_at", "weight", "updated_at", "customer_id", "email", "note"]
    chosen = choosing.with_heading([found[name] for name in shown])
    assert chosen.heading
    assert chosen.heading.name == "name"
    assert [one.name for one in chosen.long] == ["note"]


def test_an_amount_has_the_currency_beside_it_and_a_code_has_its_numbers() -> None:
    found = fields.of(ORDERS, RULES, {"status": (0, 1)})
    assert found["amount"].currency is found["currency"]
    assert found["status"].codes == (0, 1)
    assert found["weight"].filters == " | number"
    assert found["customer_id"].filters == ""


@pytest.mark.parametrize(
    ("table", "key"),
    [
        (columns(("id", "int"), ("x", "int")), "id"),
        (Table("t", "", ORDERS.columns, ("customer_id", "id")), "customer_id"),
        (Table("a_view", "", ORDERS.columns), "id"),
        (Table("t", "", (Column("x", "blob", "blob"),)), ""),
        (Table("t", "", (Column("x", "blob", "blob"), Column("y", "int", "int")), ("x",), ("y",)), ""),
    ],
)
def test_the_id_is_in_the_key(table: Table, key: str) -> None:
    assert choosing.usual_id(table) == key


def test_an_id_leads_to_the_name_of_another_table() -> None:
    to = Table("customers", "", (Column("id", "bigint", "bigint"), Column("name", "varchar", "varchar(90)")), ("id",))
    assert choosing.references(ORDERS, ["customers", "products"], "id") == {"customer_id": ("customers", "")}
    found = choosing.named(fields.of(ORDERS, RULES, {}), {"customer_id": (to, "")})
    assert found["customer_id"].name == "customer"
    assert found["customer_id"].join == fields.Join("customers", "id", to.columns[1])
    other = Table("customers", "", (Column("id", "char", "char(36)"), to.columns[1]), ("id",))
    assert choosing.named(fields.of(ORDERS, RULES, {}), {"customer_id": (other, "")})["customer_id"].join is None
