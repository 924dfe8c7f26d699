"""Generates orders with their items, payments and refunds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from lab.shop import texts
from lab.shop.records import Customer, Order, OrderItem, Payment, Product, Refund

OPENED: Final = datetime(2025, 7, 1, 9, 0, tzinfo=UTC)
BETWEEN_ORDERS: Final = timedelta(minutes=61)

NEW, PAID, PACKED, SHIPPED, DELIVERED, CANCELLED, PAYMENT_FAILED = range(7)  # orders.status
CAPTURED, DECLINED = 1, 2  # payments.status
REFUND_STATES: Final = 4

# The orders of the customers with awkward names begin here. The first three are for examples: status, (sku, quantity).
FIRST_AWKWARD_ORDER: Final = 1042
EXAMPLES: Final = {
    1042: (PAID, (("POT-IRN-800", 1), ("TEA-SEN-100", 2))),
    1043: (PAYMENT_FAILED, (("TEA-MAT-030", 1), ("ACC-WHI-001", 1))),
    1044: (SHIPPED, (("TEA-GYO-050", 2), ("ACC-TIN-100", 3))),
}
REGIONS: Final = {"DE": "eu", "FR": "eu", "HU": "eu", "SE": "eu", "US": "us", "CA": "us", "JP": "jp"}
# region: currency, its rate to one EUR, and the smallest price step
MONEY: Final = {
    "eu": ("EUR", Decimal(1), Decimal("0.01")),
    "us": ("USD", Decimal("1.1"), Decimal("0.01")),
    "jp": ("JPY", Decimal(160), Decimal(1)),
}

Basket = tuple[tuple[str, int], ...]


def purchase(
    random: Random, products: Sequence[Product], customers: Sequence[Customer], number: int
) -> tuple[Order, list[OrderItem]]:
    """Make order `number` and its items."""
    customer = _customer(random, customers, number)
    currency, rate, step = MONEY[REGIONS[customer.country]]
    status, basket = EXAMPLES.get(number) or _choice(random, products)
    prices = {product.sku: (product.price * rate).quantize(step) for product in products}
    items = [OrderItem(number, line, sku, count, prices[sku]) for line, (sku, count) in enumerate(basket, start=1)]
    created = OPENED + number * BETWEEN_ORDERS + timedelta(microseconds=random.randrange(1_000_000))
    order = Order(
        id=number,
        number=f"T-{number:06}",
        customer_id=customer.id,
        region=REGIONS[customer.country],
        status=status,
        amount=sum((item.quantity * item.unit_price for item in items), Decimal(0)),
        currency=currency,
        note=random.choice(texts.NOTES) if random.random() < 0.2 else None,
        created_at=created,
        updated_at=created + (status + 1) * timedelta(microseconds=random.randrange(60_000_000, 40_000_000_000)),
    )
    return order, items


def _customer(random: Random, customers: Sequence[Customer], number: int) -> Customer:
    awkward = number - FIRST_AWKWARD_ORDER
    return customers[awkward] if 0 <= awkward < len(texts.AWKWARD_CUSTOMERS) else random.choice(customers)


def _choice(random: Random, products: Sequence[Product]) -> tuple[int, Basket]:
    status = random.choices(range(7), (5, 8, 6, 12, 60, 5, 4))[0]
    chosen = random.sample(products, random.choices((1, 2, 3, 4), (40, 35, 15, 10))[0])
    return status, tuple((product.sku, random.choices((1, 2, 6), (75, 20, 5))[0]) for product in chosen)


def payments(random: Random, order: Order) -> Iterator[Payment]:
    """Yield the payment attempts of an order: none for a new one, only declined ones if its payment failed."""
    if order.status == NEW:
        return
    konbini = order.currency == "JPY" and random.random() < 0.3
    method = "konbini" if konbini else random.choice(("card", "card", "bank"))
    failed = order.status == PAYMENT_FAILED
    attempts = [DECLINED] * (failed or random.random() < 0.05) + [CAPTURED] * (not failed)
    for attempt, status in enumerate(attempts, start=1):
        yield Payment(
            id=order.id * 10 + attempt,
            order_id=order.id,
            status=status,
            method=method,
            amount=order.amount,
            currency=order.currency,
            decline_code=random.choice(texts.DECLINE_CODES) if status == DECLINED else None,
            attempted_at=order.created_at + timedelta(seconds=20 * attempt),
        )


def refunds(random: Random, orders: Sequence[Order]) -> list[Refund]:
    """Return a refund for some of the delivered and cancelled orders."""
    returned = [order for order in orders if order.status in (DELIVERED, CANCELLED) and random.random() < 0.06]
    return [
        Refund(
            id=number,
            order_id=order.id,
            status=random.randrange(REFUND_STATES),
            amount=order.amount,
            currency=order.currency,
            reason=random.choice(texts.REFUND_REASONS),
            created_at=order.updated_at + timedelta(days=random.randrange(1, 14)),
        )
        for number, order in enumerate(returned, start=1)
    ]
