"""The part of the shop's application that writes rows without publishing events."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lab import application

_REFUND: Final = """
INSERT INTO refunds (order_id, status, amount, currency, reason, created_at)
SELECT id, 0, amount, currency, 'arrived broken', UTC_TIMESTAMP(6) FROM orders WHERE id = %s
"""
ORDER: Final = 1042


def request_refund(login: Path, order: int = ORDER) -> int:
    """Insert a refund without publishing an event, and return its id."""
    return application.execute(login, _REFUND, order)[1]
