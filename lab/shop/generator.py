"""Generates the shop's rows: deterministic for a seed, on every machine and in every process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Final

from lab.shop import texts
from lab.shop.records import Customer, Order, Product, Shop, StockLevel, Ticket
from lab.shop.sales import BETWEEN_ORDERS, OPENED, REGIONS, payments, purchase, refunds

CUSTOMERS: Final = 1_500
ORDERS: Final = 4_200
TICKETS: Final = 400


@cache
def generate(seed: int = 1) -> Shop:
    """Return all rows of the shop. Orders count from 1 to 4200, customers to 1500.

    Whatever the seed: order 1042 was paid by customer 1, "Zoë <VIP> & Co", in EUR; the payment of order 1043, by
    customer 2, `O'Brien "Bob" <!channel>`, was declined; order 1044, by customer 3, 山田 花子, was shipped, and is in
    JPY. Orders 1045 to 1053 are of customers 4 to 12, whose names are awkward too. A payment's id is its order's id and
    one digit for the attempt: 10431 is the declined one.
    """
    random = Random(seed)
    customers = [_customer(random, number) for number in range(1, CUSTOMERS + 1)]
    products = [Product(sku, name, Decimal(price)) for sku, name, price in texts.PRODUCTS]
    purchases = [purchase(random, products, customers, number) for number in range(1, ORDERS + 1)]
    orders = [order for order, _ in purchases]
    return Shop(
        customers=customers,
        products=products,
        orders=orders,
        order_items=[item for _, items in purchases for item in items],
        payments=[payment for order in orders for payment in payments(random, order)],
        refunds=refunds(random, orders),
        stock_levels=_stock_levels(random, products),
        support_tickets=[_ticket(random, orders, number) for number in range(1, TICKETS + 1)],
    )


def _customer(random: Random, number: int) -> Customer:
    awkward = number <= len(texts.AWKWARD_CUSTOMERS)
    name, country = texts.AWKWARD_CUSTOMERS[number - 1] if awkward else _person(random)
    tier = 2 if number == 1 else random.choices((0, 1, 2), (80, 15, 5))[0]
    created = OPENED - timedelta(days=random.randrange(1, 900), microseconds=random.randrange(86_400_000_000))
    return Customer(number, name, f"customer{number}@example.com", tier, country, created)


def _person(random: Random) -> tuple[str, str]:
    country = random.choice(list(REGIONS))
    if country == "JP":
        return f"{random.choice(texts.JAPANESE_FAMILY_NAMES)} {random.choice(texts.JAPANESE_GIVEN_NAMES)}", country
    return f"{random.choice(texts.GIVEN_NAMES)} {random.choice(texts.FAMILY_NAMES)}", country


def _stock_levels(random: Random, products: Sequence[Product]) -> list[StockLevel]:
    counted = OPENED + ORDERS * BETWEEN_ORDERS
    places = [(product.sku, warehouse) for product in products for warehouse in texts.WAREHOUSES]
    return [
        StockLevel(number, sku, warehouse, random.randrange(120), 10 * random.randrange(1, 5), counted)
        for number, (sku, warehouse) in enumerate(places, start=1)
    ]


def _ticket(random: Random, orders: Sequence[Order], number: int) -> Ticket:
    order = random.choice(orders)
    subject, body = random.choice(texts.TICKETS)
    opened = order.updated_at + timedelta(hours=random.randrange(1, 200))
    about = order.id if random.random() < 0.7 else None
    return Ticket(number, order.customer_id, about, random.randrange(3), random.randrange(3), subject, body, opened)
