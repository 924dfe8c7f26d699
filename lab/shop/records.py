"""The rows of the shop: one class per table, whose fields are its columns (schema.sql has units and codes)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class Customer(NamedTuple):
    """A person with an account."""

    id: int
    name: str
    email: str
    tier: int
    country: str
    created_at: datetime


class Product(NamedTuple):
    """A product; `price` in EUR."""

    sku: str
    name: str
    price: Decimal


class Order(NamedTuple):
    """One purchase of a customer."""

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
    """A refund, paid or requested."""

    id: int
    order_id: int
    status: int
    amount: Decimal
    currency: str
    reason: str
    created_at: datetime


class StockLevel(NamedTuple):
    """The stock of a product in one warehouse."""

    id: int
    sku: str
    warehouse: str
    on_hand: int
    reorder_at: int
    updated_at: datetime


class Ticket(NamedTuple):
    """A customer's message to support."""

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
    """All rows; each field has the name of its table."""

    customers: Sequence[Customer]
    products: Sequence[Product]
    orders: Sequence[Order]
    order_items: Sequence[OrderItem]
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    stock_levels: Sequence[StockLevel]
    support_tickets: Sequence[Ticket]
