"""The API's data: customers and orders as JSON documents, made from the shop's rows."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from lab.shop.records import OrderItem, Shop

TIERS: Final = ("standard", "gold", "vip")
ORDER_STATES: Final = ("new", "paid", "packed", "shipped", "delivered", "cancelled", "payment_failed")
CLOSED_TICKET: Final = 2

Documents = Mapping[int, Mapping[str, Any]]


def customers(shop: Shop) -> Documents:
    """Return each customer's document by id."""
    open_tickets = Counter(ticket.customer_id for ticket in shop.support_tickets if ticket.status != CLOSED_TICKET)
    return {
        customer.id: {
            "id": customer.id,
            "name": customer.name,
            "tier": TIERS[customer.tier],
            "email": customer.email,
            "country": customer.country,
            "open_tickets": open_tickets[customer.id],
            "since": customer.created_at,
        }
        for customer in shop.customers
    }


def orders(shop: Shop) -> Documents:
    """Return each order's document by id."""
    items: dict[int, list[OrderItem]] = defaultdict(list)
    for item in shop.order_items:
        items[item.order_id].append(item)
    return {
        order.id: {
            "id": order.id,
            "number": order.number,
            "customer_id": order.customer_id,
            "status": ORDER_STATES[order.status],
            "amount": order.amount,
            "currency": order.currency,
            "items": [{"sku": item.sku, "quantity": item.quantity} for item in items[order.id]],
            "updated_at": order.updated_at,
        }
        for order in shop.orders
    }


def to_json(document: Any) -> str:
    """Return a document as JSON: money as a number, times in ISO 8601."""
    return json.dumps(document, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime():
            return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")
