"""`notifier list --html`: one file with every message of the chosen notifications, or a clear reason why not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from cli.page import document
from tests.unit.preview.test_gallery import BROKEN, STAGE, TEMPLATE, Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    folder, bundle = tmp_path / "templates", tmp_path / "dist"
    for one in (folder, bundle):
        one.mkdir()
    for name in document.ASSETS:
        (bundle / name).write_text("")
    monkeypatch.setattr(document, "BUNDLE", bundle)
    shop = Shop(folder)
    shop.write("c.d", TEMPLATE.replace("id: integer", "owner: Payments team\nid: integer"))
    shop.write("_stages/staging", STAGE)
    return shop


def run(shop: Shop, file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["list", "--templates", str(shop.folder), "--html", str(file), *arguments])


def items(file: Path) -> dict[str, Any]:
    (text,) = re.findall(r'id="given">(.*?)</script>', file.read_text("utf-8"))
    found: dict[str, Any] = json.loads(text)["items"]
    return found


@pytest.mark.parametrize(
    ("arguments", "names", "stages"),
    [
        ([], {"a.b", "c.d"}, {"production", "staging"}),
        (["--stage", "staging"], {"a.b", "c.d"}, {"staging"}),
        (["a.b"], {"a.b"}, {"production", "staging"}),
        (["--owner", "payments"], {"c.d"}, {"production", "staging"}),
    ],
)
def test_the_file_has_what_was_chosen(
    shop: Shop, tmp_path: Path, arguments: list[str], names: set[str], stages: set[str]
) -> None:
    file = tmp_path / "list.html"
    answer = run(shop, file, *arguments)
    assert (answer.exit_code, str(file) in answer.output) == (0, True)
    found = items(file).values()
    assert {one["name"] for one in found if one["kind"] == "notification"} == names
    assert {pair["stage"] for one in found if one["kind"] == "notification" for pair in one["pairs"]} == stages


def test_a_file_with_errors_stands_there_with_them(shop: Shop, tmp_path: Path) -> None:
    shop.write("a.b", BROKEN)
    assert run(shop, tmp_path / "list.html").exit_code == 0
    found = items(tmp_path / "list.html")
    assert (found["notification:a.b"]["stale"], found["notification:a.b"]["pairs"]) == (True, [])
    assert any(one["kind"] == "finding" and one["file"] == "a.b.yaml" for one in found.values())
    assert run(shop, tmp_path / "other.html", "c.d").exit_code == 0
    assert not any(one["kind"] == "finding" for one in items(tmp_path / "other.html").values())


def test_what_cannot_be_written_is_said(shop: Shop, tmp_path: Path) -> None:
    answer = run(shop, tmp_path / "no/such/folder.html")
    assert (answer.exit_code, "Cannot write" in answer.output) == (1, True)
    (document.BUNDLE / "app.js").unlink()
    answer = run(shop, tmp_path / "list.html")
    assert (answer.exit_code, "make page" in answer.output) == (1, True)
