"""The rows of the shop, one type a table; fields are columns (schema.sql has their units and codes)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class Customer(NamedTuple):
    """Somebody who has an account."""

    id: int
    name: str
    email: str
    tier: int
    country: str
    created_at: datetime


class Product(NamedTuple):
    """Something that is sold; `price` in EUR."""

    sku: str
    name: str
    price: Decimal


class Order(NamedTuple):
    """What a customer bought at once."""

    id: int
    number: str
    customer_id: int
    region: str
    status: int
    amount: Decimal
    currency: str
    note: str | None
    created_at: datetime
    updated_at: datetime


class OrderItem(NamedTuple):
    """One line of an order."""

    order_id: int
    line: int
    sku: str
    quantity: int
    unit_price: Decimal


class Payment(NamedTuple):
    """One attempt to pay an order."""

    id: int
    order_id: int
    status: int
    method: str
    amount: Decimal
    currency: str
    decline_code: str | None
    attempted_at: datetime


class Refund(NamedTuple):
    """Money that goes back, or was asked back."""

    id: int
    order_id: int
    status: int
    amount: Decimal
    currency: str
    reason: str
    created_at: datetime


class StockLevel(NamedTuple):
    """How much of a product one warehouse has."""

    id: int
    sku: str
    warehouse: str
    on_hand: int
    reorder_at: int
    updated_at: datetime


class Ticket(NamedTuple):
    """What a customer wrote to support."""

    id: int
    customer_id: int
    order_id: int | None
    priority: int
    status: int
    subject: str
    body: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Shop:
    """All rows; each field is named as its table."""

    customers: Sequence[Customer]
    products: Sequence[Product]
    orders: Sequence[Order]
    order_items: Sequence[OrderItem]
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    stock_levels: Sequence[StockLevel]
    support_tickets: Sequence[Ticket]
