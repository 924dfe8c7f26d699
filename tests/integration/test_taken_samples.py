"""`notifier sample` on a real replica: every template of the shop gets a sample from a row, and lint is content."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.compiler import compile_templates
from cli.main import main
from lab.shop import Target

# Rows for which each template posts a message. That of order.payment_failed reads from an API too.
ROWS = {
    "customer.became_vip": "1", "order.cancelled": "1", "order.created": "1044", "order.paid": "1042",
    "order.shipped": "4", "order.shipped.jp": "1044", "order.updated": "33", "refund.requested": "20", "stock.low": "3",
    "ticket.opened": "3", "ticket.resolved": "15", "notifier.canary": "2026-01-05T08:00:00Z",
}  # fmt: skip
PERSONAL = ("Zoë", "Brandt", "山田", "García", "Umut", "customer1@", "届きません")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree("templates", tmp_path / "templates"))


def run(reader: Target, *arguments: str | Path) -> str:
    database = f"mysql://{reader.user}@{reader.host}:{reader.port}/{reader.schema};ca={reader.ca}"
    environment = {"NOTIFIER_DB": database, "NOTIFIER_DB_PASSWORD": reader.password}
    ran = CliRunner().invoke(main, [str(one) for one in arguments], env=environment)
    assert ran.exit_code == 0, ran.output
    return ran.output


def test_each_template_gets_a_sample_from_a_row(reader: Target, folder: Path) -> None:
    before = {path.name: path.read_text("utf-8") for path in folder.glob("*.yaml")}
    for name, row in ROWS.items():
        run(reader, "sample", name, row, "--name", "from a row", "--templates", folder)
    compilation = compile_templates(folder)
    assert compilation.findings == ()
    taken = [one for template in compilation.templates for one in template.samples if one.name == "from a row"]
    assert len(taken) == len(ROWS)
    for name in ROWS:
        new = (folder / f"{name}.yaml").read_text("utf-8").removeprefix(before[f"{name}.yaml"])
        assert new.startswith("  from a row:\n")
        assert not [word for word in PERSONAL if word in new]
    assert "no findings" in run(reader, "lint", "--pii", folder)


def test_without_masks_it_is_the_row(reader: Target, folder: Path) -> None:
    printed = run(reader, "sample", "order.created", "1042", "--plain", "--stdout", "--templates", folder)
    assert printed == (
        "samples:\n  id 1042:\n    id: 1042\n    lookups:\n"
        '      order: {number: T-001042, amount: 118.00, currency: EUR, customer: "Zoë <VIP> & Co"}\n'
    )
