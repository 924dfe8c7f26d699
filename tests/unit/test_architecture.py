"""docs/architecture.md against the code: every file and every name that it mentions exists, and no room is missing."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from handler import outcome, ports

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text("utf-8")
QUOTED = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL))
PATHS = sorted({one for one in QUOTED if re.fullmatch(r"[\w./-]+/[\w./-]*|[\w-]+\.(py|toml|yaml|md)", one)})
NAMES = sorted({one for one in QUOTED if re.fullmatch(r"[A-Z][A-Za-z_]+(\.[a-z_]+)?", one)} - {*PATHS})
# A name and the file that the page names for it: "`parse` in `handler/stages/parse.py`", "`decide` (`handler/…`)".
PLACED = sorted(set(re.findall(r"`([A-Za-z_.]+)`(?: in| \()\s*`(handler/[\w/]+\.py|cli/[\w/]+\.py)`", PAGE)))


@pytest.mark.parametrize("path", PATHS)
def test_each_path_exists(path: str) -> None:
    assert (ROOT / path).exists() or (ROOT / "tests" / path).exists()


@pytest.mark.parametrize(("name", "path"), PLACED)
def test_each_name_is_in_its_file(name: str, path: str) -> None:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    for node in ast.walk(tree):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        defined |= {target.id for target in targets if isinstance(target, ast.Name)}
    assert set(name.split(".")) <= defined


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_defined_in_the_code(name: str) -> None:
    last = name.rsplit(".", maxsplit=1)[-1]
    definition = re.compile(rf"^\s*(class |def )?{re.escape(last)}\b|= \"{re.escape(last)}\"", re.MULTILINE)
    sources = [path for folder in ("handler", "cli") for path in (ROOT / folder).rglob("*.py")]
    assert any(definition.search(source.read_text("utf-8")) for source in sources)


def test_the_table_of_the_rooms_is_the_import_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (layers,) = [one for one in settings["tool"]["importlinter"]["contracts"] if one["type"] == "layers"]
    table = PAGE.split("| rooms | what they hold |\n| --- | --- |\n")[1].split("\n\n")[0]
    rooms = [line.split("|")[1].strip().split(", ") for line in table.splitlines()]
    assert rooms == [layer.split(" | ") for layer in layers["layers"]]
    for line in table.splitlines():
        names, held = line.strip("|").split("|")
        assert len(held.split("; ")) == len(names.split(", ")), names


def test_each_end_and_each_port_is_on_the_page() -> None:
    ends = {one.__name__ for one in outcome.End.__args__}
    found = {name for name, one in vars(ports).items() if isinstance(one, type) and one.__module__ == ports.__name__}
    assert ends <= set(QUOTED)
    assert found <= set(QUOTED)
