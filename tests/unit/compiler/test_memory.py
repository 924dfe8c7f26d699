"""Who compiles a folder after each edit has only what has changed checked again, and gets the same as without that."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from cli.compiler import Memory, compile_templates
from cli.preview import document
from cli.preview.gallery import Gallery

TEMPLATE = """\
id: integer
channel: orders
text: Order {{ id }} {{ 'open' | label('state') }} {{ vars.shop }}
samples: {one: {id: 1}}
"""
STAGE = "channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\nvars: {shop: Tea}\n"
FILES = {
    "order.created": TEMPLATE,
    "order.paid": TEMPLATE,
    "order.closed": TEMPLATE,
    "_labels": "state: {open: Open}\n",
    "_stages/production": STAGE,
    "_stages/staging": STAGE,
}
# What can happen to each file; None deletes it.
EDITS = [
    ("order.paid", TEMPLATE + "# a comment\n"),
    ("order.paid", TEMPLATE.replace("Order", "Paid:")),
    ("order.paid", TEMPLATE.replace("{{ id }}", "{{ idd }}")),
    ("order.paid", "text: ["),
    ("order.paid", None),
    ("order.creatd", TEMPLATE),
    ("order.creatd", None),
    ("_labels", "state: {open: Offen}\n"),
    ("_labels", "state: {shut: Shut}\n"),
    ("_labels", "state: ["),
    ("_labels", None),
    ("_stages/staging", STAGE.replace("Tea", "Tee")),
    ("_stages/staging", STAGE.replace("shop", "store")),
    ("_stages/staging", "channels: ["),
    ("_stages/staging", None),
    ("_stages/production", None),
    *FILES.items(),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "_stages").mkdir()
    for name, text in FILES.items():
        write(tmp_path, name, text)
    return tmp_path


def write(folder: Path, name: str, text: str | None) -> None:
    file = folder / f"{name}.yaml"
    file.unlink(missing_ok=True) if text is None else file.write_text(text, "utf-8")


@pytest.mark.parametrize("seed", range(6))
def test_what_comes_out_is_the_same(folder: Path, seed: int) -> None:
    memory: Memory = {}
    remembering, forgetting = Gallery(folder, None), Gallery(folder, None)
    for name, text in random.Random(seed).choices(EDITS, k=12):
        write(folder, name, text)
        compilation, anew = compile_templates(folder, memory), compile_templates(folder)
        assert compilation == anew
        assert remembering.items(compilation) == forgetting.items(anew)


@pytest.mark.parametrize(
    ("name", "text", "anew"),
    [
        ("order.paid", TEMPLATE + "# a comment\n", {"order.paid"}),
        ("order.creatd", TEMPLATE, {"order.creatd"}),
        ("order.paid", None, set()),
        ("_labels", "state: {open: Offen}\n", {"order.created", "order.paid", "order.closed"}),
        ("_stages/staging", STAGE.replace("Tea", "Tee"), {"order.created", "order.paid", "order.closed"}),
    ],
)
def test_only_what_has_changed_is_checked_and_rendered_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str | None, anew: set[str]
) -> None:
    memory: Memory = {}
    gallery = Gallery(folder, None)
    before = compile_templates(folder, memory)
    gallery.items(before)
    write(folder, name, text)
    after = compile_templates(folder, memory)
    kept = {id(one) for one in before.templates}
    assert {one.notification.name for one in after.templates if id(one) not in kept} == anew
    rendered: set[str] = set()
    monkeypatch.setattr(
        "cli.preview.gallery.document.of_preview",
        lambda preview, *more, made=document.of_preview: rendered.add(preview.notification) or made(preview, *more),
    )
    gallery.items(after)
    assert rendered == anew


def test_the_memory_has_the_files_that_are_there(folder: Path) -> None:
    memory: Memory = {}
    compile_templates(folder, memory)
    write(folder, "order.paid", None)
    compile_templates(folder, memory)
    assert {file.name for file in memory} == {"order.created.yaml", "order.closed.yaml"}
