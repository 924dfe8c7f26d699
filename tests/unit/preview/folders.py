"""Small folders of templates, so that a test compiles little."""

from __future__ import annotations

from pathlib import Path

GOOD = """\
id: integer
channel: orders
lookups:
  order:
    sql: SELECT o.number, o.customer FROM orders AS o WHERE o.id = :id
when: order.number != 'T-0'
text: "Order *{{ order.number }}* of {{ order.customer }}"
samples:
  usual: {id: 1, lookups: {order: {number: T-1, customer: "Zoë <VIP>"}}}
  silent: {id: 2, lookups: {order: {number: T-0, customer: 山田}}}
"""
TWIN = GOOD.replace("channel: orders", "event: order.created\nchannel: orders")
STAGE = "channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\n"


def written(folder: Path, **changes: str | None) -> Path:
    """Write a folder of two templates for one event and two stages; None leaves a file out."""
    files = {
        "order.created.yaml": GOOD,
        "order.created.jp.yaml": TWIN,
        "_stages/production.yaml": STAGE,
        "_stages/staging.yaml": STAGE + 'prefix: "[staging]"\n',
        **changes,
    }
    for name, text in files.items():
        if text is not None:
            path = folder / "templates" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return folder / "templates"
