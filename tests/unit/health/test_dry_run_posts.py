"""Whether a dry run knows which events of a poll post nothing: by `when`, as far as that needs no lookup."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.compiler import compile_templates
from handler import catalog
from handler.health.polls import posts
from handler.polling.state import PolledRow
from handler.templating import Templates

STAGE = 'channels: {orders: C0123ORDERS}\nfallback: C0123ORDERS\ntime_zone: Asia/Tokyo\nvars: {limit: "5"}\n'
TEMPLATE = """
id: integer
channel: orders
when: %s
poll: {every: 1m, sql: "SELECT o.id, o.status AS watched FROM orders o"}
lookups: {order: {sql: "SELECT total FROM orders WHERE id = :id"}}
text: "{{ data.new }} {{ order.total }}"
samples: {a: {id: 7, data: {old: pending, new: paid}, lookups: {order: {total: 5}}}}
"""
ROW = PolledRow(7, change=("pending", "paid"))


def decided(folder: Path, *conditions: str) -> bool | None:
    (folder / "_stages").mkdir()
    (folder / "_stages/production.yaml").write_text(STAGE)
    for number, condition in enumerate(conditions):
        content = TEMPLATE % condition
        if number:  # another file for the events of the poll
            content = content.replace("poll:", "#").replace("id: integer", "event: order.status\nid: integer")
        (folder / f"order.status{number or ''}.yaml").write_text(content)
    compiled = compile_templates(folder)
    assert not compiled.errors, compiled.findings
    found = catalog.read(compiled.catalog, "production")
    return posts(found, Templates(locale=found.stage.locale), "order.status", ROW)


@pytest.mark.parametrize(
    ("conditions", "posted"),
    [
        (["data.new == 'paid'"], True),
        (["data.new == 'lost'"], False),
        (["data.old == 'pending' and id == 7 and vars.limit == '5'"], True),
        (["order.total > 3"], None),
        (["data.new == 'lost' and order.total > 3"], None),
        (["data.new == 'lost'", "data.new == 'paid'"], True),
        (["data.new == 'lost'", "order.total > 3"], None),
        (["data.new == 'lost'", "data.new == 'gone'"], False),
    ],
)
def test_when_decides_what_it_can_without_a_lookup(tmp_path: Path, conditions: list[str], posted: bool | None) -> None:
    assert decided(tmp_path, *conditions) is posted
