"""`notifier sql` from another terminal: what the demo's function could read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli import running
from tests.e2e.conftest import Deployment

Ask = Callable[..., tuple[int, str]]


@pytest.fixture
def ask(by_queue: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    """Run the command, as a person does while a demo is announced, and return its exit status and what it says."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    command = [str(Path(sys.executable).with_name("notifier")), "sql"]

    def asked(*arguments: str) -> tuple[int, str]:
        ran = subprocess.run([*command, *arguments], env=os.environ, capture_output=True, text=True, check=False)
        return ran.returncode, ran.stdout + ran.stderr

    with running.announced(by_queue.outputs["TopicArn"], by_queue.cloud.aws.env):
        yield asked


def test_rows_come_from_the_replica_by_the_account_of_the_function(ask: Ask, by_queue: Deployment) -> None:
    status, said = ask("SELECT number, amount, note FROM orders WHERE id = :id", "id=1044", "--json")
    assert status == 0
    assert json.loads(said) == {"rows": [{"number": "T-001044", "amount": "12400.00", "note": None}], "more": False}
    by_queue.cloud.database.replica.stop_replication()
    try:
        by_queue.cloud.database.primary.query("UPDATE shop.orders SET note = 'x' WHERE id = 1044")
        assert json.loads(ask("SELECT note FROM orders WHERE id = 1044", "--json")[1])["rows"] == [{"note": None}]
    finally:
        by_queue.cloud.database.primary.query("UPDATE shop.orders SET note = NULL WHERE id = 1044")
        by_queue.cloud.database.replica.start_replication()
        by_queue.cloud.database.wait_for_replica()


def test_without_a_select_it_shows_what_there_is(ask: Ask) -> None:
    status, said = ask()
    assert status == 0
    for table in ("customers", "orders", "order_items", "support_tickets"):
        assert f"\n{table} " in said
    status, said = ask("orders", "--json")
    assert status == 0
    columns = {one["name"]: one for one in json.loads(said)["columns"]}
    assert [*columns][:3] == ["id", "number", "customer_id"]
    assert (columns["id"]["key"], columns["note"]["nullable"]) == ("PRI", True)


def test_what_the_database_refuses_is_told(ask: Ask) -> None:
    status, said = ask("SELECT numbr FROM orders")
    assert status == 1
    assert "QUERY_INVALID" in said
    assert "numbr" in said
    assert "Traceback" not in said
