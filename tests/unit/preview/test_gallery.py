"""What the page shows of a folder: each notification with its messages, and how they differ from the committed ones."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.compiler import compile_templates
from cli.preview import revision
from cli.preview.compose import Previews
from cli.preview.gallery import Gallery, made, selected
from cli.preview.revision import Head
from lab.sam import ROOT

STAGE = "channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\nmentions: {oncall: S0ONCALL01}\n"
TEMPLATE = """\
description: Somebody has ordered.
id: integer
channel: orders
text: Order {{ id }}
samples: {one: {id: 1}, two: {id: 2}}
"""
SILENT = TEMPLATE + "when: id > 9\n"
BROKEN = TEMPLATE.replace("{{ id }}", "{{ idd }}")


class Shop:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "_stages").mkdir()
        self.write("_stages/production", STAGE)
        self.write("a.b", TEMPLATE)

    def write(self, name: str, text: str) -> None:
        (self.folder / f"{name}.yaml").write_text(text, "utf-8")

    def compile(self) -> Any:
        return compile_templates(self.folder)

    def gallery(self) -> Gallery:
        """One that compares with what is there now."""
        return Gallery(self.folder, self.compile())


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def texts(item: dict[str, Any], side: str = "after") -> list[str]:
    return [message["text"] for pair in item["pairs"] for message in (pair[side] or {}).get("messages", ())]


def test_a_message_is_the_one_that_the_function_makes() -> None:
    compilation = compile_templates(ROOT / "templates")
    selection = selected(compilation, ROOT / "templates")
    previews = {stage.name: Previews(stage) for stage in selection.stages}
    found = made(selection)
    for template in compilation.templates:
        for sample in template.samples:
            for stage, each in previews.items():
                shown = found[template.notification.name][stage, sample.name]
                preview = each.of_sample(template.notification, sample)
                posted = [(one.destination, one.text, [*map(dict, one.blocks)]) for one in preview.messages]
                assert [(one["destination"], one["text"], one["blocks"]) for one in shown.get("messages", ())] == posted
                assert shown.get("rule") == (preview.rule and preview.rule.value)


def test_without_a_commit_there_is_nothing_to_compare_with(shop: Shop) -> None:
    item = Gallery(shop.folder, None).items(shop.compile())["notification:a.b"]
    assert (item["change"], item["stale"], texts(item)) == ("", False, ["Order 1", "Order 2"])
    assert {pair["change"] for pair in item["pairs"]} == {""}
    assert item["description"] == "Somebody has ordered."


@pytest.mark.parametrize(
    ("edited", "change", "pairs"),
    [
        (TEMPLATE + "# a comment\n", "same", ["same", "same"]),
        (TEMPLATE.replace("Order", "New order"), "changed", ["changed", "changed"]),
        (TEMPLATE.replace("two: {id: 2}", "two: {id: 3}"), "changed", ["same", "changed"]),
        (TEMPLATE.replace(", two: {id: 2}", ""), "changed", ["same", "removed"]),
        (TEMPLATE.replace("two: {id: 2}", "two: {id: 2}, three: {id: 3}"), "changed", ["same", "same", "added"]),
        (SILENT, "changed", ["changed", "changed"]),
    ],
)
def test_an_edit_is_compared_sample_by_sample(shop: Shop, edited: str, change: str, pairs: list[str]) -> None:
    gallery = shop.gallery()
    shop.write("a.b", edited)
    item = gallery.items(shop.compile())["notification:a.b"]
    assert (item["change"], [pair["change"] for pair in item["pairs"]]) == (change, pairs)
    assert [pair["before"] is not None for pair in item["pairs"]] == [one in ("changed", "removed") for one in pairs]
    assert [pair["after"] is not None for pair in item["pairs"]] == [one != "removed" for one in pairs]


def test_a_new_file_is_added_and_a_deleted_one_removed(shop: Shop) -> None:
    gallery = shop.gallery()
    (shop.folder / "a.b.yaml").unlink()
    shop.write("c.d", TEMPLATE)
    items = gallery.items(shop.compile())
    assert items["notification:c.d"]["change"] == "added"
    gone = items["notification:a.b"]
    assert (gone["change"], gone["stale"], texts(gone), texts(gone, "before")) == (
        "removed",
        False,
        [],
        ["Order 1", "Order 2"],
    )


@pytest.mark.parametrize("broken", [BROKEN, "id: [", ""])
def test_a_broken_file_keeps_its_last_good_messages(shop: Shop, broken: str) -> None:
    gallery = shop.gallery()
    shop.write("a.b", TEMPLATE.replace("Order", "New order"))
    gallery.items(shop.compile())
    shop.write("a.b", broken)
    for _ in range(2):
        items = gallery.items(shop.compile())
        item = items["notification:a.b"]
        assert (item["stale"], texts(item)) == (True, ["New order 1", "New order 2"])
        assert any(one["kind"] == "finding" and one["file"] == "a.b.yaml" for one in items.values())
    shop.write("a.b", TEMPLATE)
    assert not gallery.items(shop.compile())["notification:a.b"]["stale"]


def test_a_file_that_was_broken_from_the_start_shows_the_committed_messages(shop: Shop) -> None:
    committed = shop.compile()
    shop.write("a.b", BROKEN)
    shop.write("c.d", BROKEN)
    items = Gallery(shop.folder, committed).items(shop.compile())
    assert texts(items["notification:a.b"]) == ["Order 1", "Order 2"]
    assert items["notification:c.d"]["pairs"] == []
    assert items["notification:c.d"]["stale"]


@pytest.mark.parametrize("name", ["_labels", "_stages/production"])
def test_an_error_in_what_all_share_makes_all_stale(shop: Shop, name: str) -> None:
    gallery = shop.gallery()
    gallery.items(shop.compile())
    shop.write(name, "a: [")
    item = gallery.items(shop.compile())["notification:a.b"]
    assert (item["stale"], texts(item)) == (True, ["Order 1", "Order 2"])


def test_a_finding_has_what_to_write_instead(shop: Shop) -> None:
    shop.write("a.b", TEMPLATE.replace("{{ id }}", "{{ id | uper }}"))
    found = [one["edit"] for one in shop.gallery().items(shop.compile()).values() if one["kind"] == "finding"]
    assert found == ["{{ id | upper }}"]


def test_a_warning_in_what_all_share_makes_nothing_stale(shop: Shop) -> None:
    gallery = shop.gallery()
    shop.write("_stages/staging", f"{STAGE}prefix: '**staging**'\n")
    items = gallery.items(shop.compile())
    assert [one["severity"] for one in items.values() if one["kind"] == "finding"] == ["warning"]
    assert not items["notification:a.b"]["stale"]


def _link(file: Path) -> None:
    file.symlink_to("/nowhere")


@pytest.mark.parametrize(
    ("name", "put"),
    [
        ("A b.yaml", Path.touch),
        ("c.d.yml", Path.touch),
        ("c.d.yaml", Path.mkdir),
        ("c.d.yaml", _link),
        ("_c.yaml", Path.touch),
        ("_stages/C.yaml", Path.touch),
    ],
)
def test_a_file_that_is_not_read_is_a_finding(shop: Shop, name: str, put: Callable[[Path], None]) -> None:
    gallery = shop.gallery()
    put(shop.folder / name)
    found = [one["file"] for one in gallery.items(shop.compile()).values() if one["kind"] == "finding"]
    assert found == [name]


def test_it_compares_with_what_was_committed_last(shop: Shop) -> None:
    gallery = shop.gallery()
    shop.write("a.b", TEMPLATE.replace("Order", "New order"))
    assert gallery.items(shop.compile())["notification:a.b"]["change"] == "changed"
    gallery.compare_with(shop.compile())
    assert gallery.items(shop.compile())["notification:a.b"]["change"] == "same"
    gallery.compare_with(None)
    assert gallery.items(shop.compile())["notification:a.b"]["change"] == ""


def test_a_commit_and_a_switch_move_the_head(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revision, "LOOK_SECONDS", 0.0)
    git = ["git", "-C", str(shop.folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]

    def moved(*arguments: str) -> bool:
        subprocess.run([*git, *arguments], check=True, capture_output=True)
        return head.has_moved()

    head = Head(shop.folder)
    assert not moved("init", "--initial-branch=main")
    assert not moved("add", "--all")
    assert moved("commit", "--message=one")
    assert not moved("branch", "other")
    assert moved("commit", "--allow-empty", "--message=two")
    assert moved("switch", "other")


def test_why_nothing_is_posted_is_told(shop: Shop) -> None:
    shop.write("a.b", SILENT)
    item = Gallery(shop.folder, None).items(shop.compile())["notification:a.b"]
    told = [(pair["after"]["rule"], pair["after"]["where"]) for pair in item["pairs"]]
    assert told == [("WHEN", "a.b.yaml:6 when")] * 2


def test_a_stage_tells_what_slack_shows_for_ids(shop: Shop) -> None:
    shop.write("_stages/production", f"{STAGE}people: {{ada@example.org: U0ADA00001}}\n")
    items = Gallery(shop.folder, None).items(shop.compile())
    assert items["stage:production"] == {
        "kind": "stage",
        "name": "production",
        "mentions": [{"id": "U0ADA00001", "name": "ada@example.org"}, {"id": "S0ONCALL01", "name": "oncall"}],
        "channels": [{"id": "C0ORDERS01", "name": "orders"}],
    }


def test_the_items_are_json_and_an_empty_folder_has_none(tmp_path: Path) -> None:
    compilation = compile_templates(ROOT / "templates")
    json.dumps(Gallery(ROOT / "templates", compilation).items(compilation), allow_nan=False)
    items = Gallery(tmp_path, None).items(compile_templates(tmp_path))
    assert {one["kind"] for one in items.values()} == {"stage", "finding"}
