"""`notifier new` on a real replica: every table of the shop, and every type of column, gives a sound template."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from lab.shop import Target

SHOP = (
    "customers",
    "products",
    "orders",
    "order_items",
    "payments",
    "refunds",
    "stock_levels",
    "support_tickets",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree("templates", tmp_path / "templates"))


def run(reader: Target, *arguments: str | Path) -> Result:
    database = f"mysql://{reader.user}@{reader.host}:{reader.port}/{reader.schema};ca={reader.ca}"
    environment = {"NOTIFIER_DB": database, "NOTIFIER_DB_PASSWORD": reader.password}
    return CliRunner().invoke(main, [str(one) for one in arguments], env=environment)


def begin(reader: Target, folder: Path, name: str, table: str, *arguments: str) -> str:
    ran = run(reader, "new", name, "--table", table, "--channel", "orders", "--templates", folder, *arguments)
    assert ran.exit_code == 0, ran.output
    return (folder / f"{name}.yaml").read_text("utf-8")


@pytest.mark.parametrize("table", SHOP)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_each_table_of_the_shop_gives_a_template_without_findings(
    reader: Target, folder: Path, table: str, language: str
) -> None:
    text = begin(reader, folder, "thing.new", table, "--language", language)
    print(text)
    print((folder / "_approved/thing.new.txt").read_text())
    assert "no findings" in run(reader, "lint", "--pii", folder).output
    tested = run(reader, "test", "thing.new", "--templates", folder)
    assert tested.exit_code == 0, tested.output
