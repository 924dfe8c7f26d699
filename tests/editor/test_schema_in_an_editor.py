"""The YAML language server, which editors run, completes templates and names mistakes by templates/.schema.json."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from lab.aws import TOOLS
from lab.sam import ROOT

SERVER = TOOLS / "editor/node_modules/yaml-language-server/bin/yaml-language-server"
CLIENT = Path(__file__).with_name("client.mjs")
FIRST = "# yaml-language-server: $schema=./.schema.json\n"

Open = Callable[..., dict[str, Any]]


@pytest.fixture
def opened(tmp_path: Path, missing: Callable[[str], NoReturn]) -> Open:
    """Open files of a copy of templates/ in an editor; the keywords are further files of it."""
    path = os.pathsep.join([str(TOOLS / "node/bin"), os.environ["PATH"]])
    node = shutil.which("node", path=path)
    if not (node and SERVER.exists()):
        missing("there is no YAML language server here (make editor)")
    shutil.copytree(ROOT / "templates", tmp_path / "templates")

    def call(*files: str, **added: str) -> dict[str, Any]:
        for name, text in added.items():
            (tmp_path / f"templates/{name}.yaml").write_text(FIRST + text, "utf-8")
        command = [node, CLIENT, SERVER, tmp_path / "templates", *files]
        ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        found: dict[str, Any] = json.loads(ran.stdout)
        return found

    return call


def test_what_is_right_has_no_mark(opened: Open) -> None:
    files = [path.relative_to(ROOT / "templates").as_posix() for path in (ROOT / "templates").glob("**/[!.]*.yaml")]
    said = opened(*files)
    assert len(said) == len(files) > 10
    assert {file: one["problems"] for file, one in said.items() if one["problems"]} == {}


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("id: integer\nchanel: orders\n", 3, "chanel"),
        ("id: number\n", 2, "integer"),
        ("id: integer\nchannel: orders\nlookups:\n  order: {sql: SELECT 1, expct: one}\n", 5, "expct"),
        ("id: integer\nchannel: orders\nblocks:\n  - {headr: x}\n", 5, "headr"),
        ("id: integer\nchannel: orders\nlookups:\n  order: {get: customers}\n", 5, "/"),
        ("id: integer\nchannel: orders\nlookups:\n  order: {get: /a, wait: 5 min}\n", 5, "30s"),
        ("id: integer\nchannel: orders\nlookups:\n  order: {get: /a, expect: many, wait: 5m}\n", 5, "wait"),
        ("id: integer\nchannel: orders\nthread: a\nupdate: yes\n", 5, "boolean"),
        ("id: integer\nchannel: orders\nupdate: true\n", 2, "thread"),
        ("id: integer\nchannel: orders\n", 2, "samples"),
    ],
)
def test_a_mistake_is_marked_where_it_is(opened: Open, text: str, line: int, says: str) -> None:
    problems = opened("wrong.yaml", wrong=text)["wrong.yaml"]["problems"]
    assert any(at == line and says in message for at, message in problems), problems


def test_keys_are_completed(opened: Open) -> None:
    said = opened("half.yaml@3:1", "block.yaml@4:5", half="id: integer\n\n", block="id: integer\nblocks:\n  - \n")
    assert {"channel", "route", "lookups", "when", "text", "blocks", "samples"} <= set(said["half.yaml"]["completions"])
    assert {"header", "section", "fields", "table", "for"} <= set(said["block.yaml"]["completions"])
