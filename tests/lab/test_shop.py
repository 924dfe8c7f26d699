"""The sample shop: the same on every machine, true to itself, and what the examples rely on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pymysql
import pytest
from click.testing import CliRunner

from lab.databases import Pair
from lab.shop import Shop, Target, generate
from lab.shop.__main__ import main
from lab.shop.database import tables
from lab.shop.sales import CAPTURED, DECLINED, MONEY, NEW, PAYMENT_FAILED, REGIONS
from lab.shop.texts import AWKWARD_CUSTOMERS


@pytest.fixture(scope="module")
def shop() -> Shop:
    return generate()


def test_another_process_makes_the_same_shop(shop: Shop) -> None:
    script = "import hashlib, lab.shop; print(hashlib.sha256(repr(lab.shop.generate()).encode()).hexdigest())"
    environment = [{**os.environ, "PYTHONHASHSEED": seed} for seed in ("1", "2")]
    one, two = (subprocess.check_output([sys.executable, "-c", script], env=env) for env in environment)
    assert one == two


def test_another_seed_makes_another_shop_with_the_same_examples(shop: Shop) -> None:
    other = generate(2)
    assert other.orders != shop.orders
    for number in (1042, 1043, 1044):
        one, two = shop.orders[number - 1], other.orders[number - 1]
        assert (one.status, one.amount, one.customer_id) == (two.status, two.amount, two.customer_id)


EXAMPLES = [
    (1042, "Zoë <VIP> & Co", "118.00", "EUR", 1),
    (1043, 'O\'Brien "Bob" <!channel>', "47.74", "USD", 6),
    (1044, "山田 花子", "12400", "JPY", 3),
]


@pytest.mark.parametrize(("number", "name", "amount", "currency", "status"), EXAMPLES)
def test_the_examples(shop: Shop, number: int, name: str, amount: str, currency: str, status: int) -> None:
    order = shop.orders[number - 1]
    assert order.id == number
    assert shop.customers[order.customer_id - 1].name == name
    assert (order.amount, order.currency, order.status) == (Decimal(amount), currency, status)


def test_each_awkward_customer_has_an_order_of_known_id(shop: Shop) -> None:
    for position, (name, country) in enumerate(AWKWARD_CUSTOMERS):
        order = shop.orders[1042 + position - 1]
        customer = shop.customers[order.customer_id - 1]
        assert (customer.name, customer.country, order.region) == (name, country, REGIONS[country])


def test_ids_are_unique(shop: Shop) -> None:
    for name, rows in tables(shop):
        keys = Counter((row.order_id, row.line) if name == "order_items" else row[0] for row in rows)
        assert max(keys.values()) == 1, name


def test_an_order_costs_what_its_items_cost_in_the_money_of_its_region(shop: Shop) -> None:
    sums: Counter[int] = Counter()
    for item in shop.order_items:
        sums[item.order_id] += item.quantity * item.unit_price
    for order in shop.orders:
        currency, _, step = MONEY[order.region]
        assert (order.amount, order.currency) == (sums[order.id], currency)
        assert order.amount % step == 0
        assert order.created_at <= order.updated_at


def test_payments_fit_the_order_status(shop: Shop) -> None:
    attempts: dict[int, list[int]] = {order.id: [] for order in shop.orders}
    for payment in shop.payments:
        attempts[payment.order_id].append(payment.status)
        assert (payment.decline_code is not None) == (payment.status == DECLINED)
        assert payment.amount == shop.orders[payment.order_id - 1].amount
    for order in shop.orders:
        last = attempts[order.id][-1:]
        expected = {NEW: [], PAYMENT_FAILED: [DECLINED]}.get(order.status, [CAPTURED])
        assert last == expected
    assert any(len(tried) == 2 for tried in attempts.values())


def test_there_is_something_for_every_kind_of_notification(shop: Shop) -> None:
    assert {order.currency for order in shop.orders} == {"EUR", "USD", "JPY"}
    assert {order.status for order in shop.orders} == set(range(7))
    assert {refund.status for refund in shop.refunds} == set(range(4))
    assert any(level.on_hand <= level.reorder_at for level in shop.stock_levels)
    assert {ticket.priority for ticket in shop.support_tickets} == {0, 1, 2}
    assert any(ticket.order_id is None for ticket in shop.support_tickets)


def naive(value: object) -> object:
    """A time as a DATETIME column gives it."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def test_the_database_holds_every_row_as_it_was_made(database_pair: Pair, shop: Shop) -> None:
    for name, rows in tables(shop):
        stored = database_pair.replica.query(f"SELECT {', '.join(rows[0]._fields)} FROM shop.{name}")
        assert sorted(stored) == sorted(tuple(map(naive, row)) for row in rows), name


@pytest.fixture
def owner(database_pair: Pair) -> Iterator[Target]:
    """An account over TLS that may create tables in a schema of its own, as somebody's MySQL would have it."""
    primary = database_pair.primary
    primary.query("CREATE DATABASE other")
    primary.query("CREATE USER owner@'%%' IDENTIFIED BY %s REQUIRE SSL", "p@ss/w:rd%")
    primary.query("GRANT ALL ON other.* TO owner@'%'")
    yield Target(primary.host, primary.port, "other", "owner", "p@ss/w:rd%", str(database_pair.ca))
    primary.query("DROP USER owner@'%'")
    primary.query("DROP DATABASE other")


def url(target: Target, password: str = "p%40ss%2Fw%3Ard%25") -> str:
    return f"mysql://{target.user}:{password}@{target.host}:{target.port}/{target.schema}?ca={target.ca}"


def test_the_command_fills_a_schema_and_can_do_so_again(owner: Target) -> None:
    assert Target.parse(url(owner)) == owner
    assert owner.password not in repr(owner)
    done = CliRunner().invoke(main, ["--url", url(owner)])
    assert done.output == f"The shop is in schema other on {owner.host}:{owner.port}\n"
    again = CliRunner().invoke(main, ["--url", url(owner)])
    assert again.exit_code == 1
    assert "Table 'customers' already exists" in again.output
    assert CliRunner().invoke(main, [], env={"MYSQL_URL": url(owner)}).exit_code == 1
    assert CliRunner().invoke(main, ["--url", url(owner), "--replace"]).exit_code == 0
    with owner.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM orders")
        assert cursor.fetchall() == ((4200,),)


def test_the_command_says_why_it_cannot_log_in_without_the_password(owner: Target) -> None:
    refused = CliRunner().invoke(main, ["--url", url(owner, password="not-this")])
    assert refused.exit_code == 1
    assert "Access denied" in refused.output
    assert "not-this" not in refused.output


@pytest.mark.parametrize(
    "wrong", ["", "postgres://u:secret@h/s", "mysql://h/s", "mysql://u:secret@h", "mysql://u:secret@h:port/s"]
)
def test_a_wrong_url_is_refused_without_being_repeated(wrong: str) -> None:
    refused = CliRunner().invoke(main, ["--url", wrong])
    assert refused.exit_code == 2
    assert "secret" not in refused.output


def test_the_reader_can_read_and_no_more(reader: Target) -> None:
    with reader.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name FROM customers WHERE id = 3")
        assert cursor.fetchall() == (("山田 花子",),)
        with pytest.raises(pymysql.err.OperationalError):
            cursor.execute("DELETE FROM customers WHERE id = 3")
