"""Bytecode for Lambda's Python, from an interpreter of that version alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.commands.bundle import bundle
from cli.packaging import bytecode
from cli.packaging.bytecode import BytecodeError, compile_package

TEMPLATES = {
    "order.created.yaml": """
        description: d
        id: integer
        channel: orders
        text: "{{ id }}"
        samples: {one: {id: 1}}
    """,
    "_stages/production.yaml": "channels: {orders: C0123456789}\nfallback: C0123456789\n",
}


@pytest.fixture(autouse=True)
def this_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the version that is wanted be the one that runs the tests."""
    monkeypatch.setattr(bytecode, "VERSION", f"{sys.version_info[0]}.{sys.version_info[1]}")


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    (folder / "_stages").mkdir(parents=True)
    for name, text in TEMPLATES.items():
        (folder / name).write_text(text)
    return folder


def package(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "one.py").write_text("def f():\n    raise ValueError({'b', 'a'})\n")
    (folder / "two.py").write_text("from one import f\n")
    return folder


def test_the_same_sources_give_the_same_bytes_wherever_they_are(tmp_path: Path) -> None:
    first, second = package(tmp_path / "a"), package(tmp_path / "somewhere/else")
    assert compile_package(first, Path(sys.executable)) == compile_package(second, Path(sys.executable)) == 2
    for compiled in first.rglob("*.pyc"):
        other = second / compiled.relative_to(first)
        assert compiled.read_bytes() == other.read_bytes()
        assert int.from_bytes(compiled.read_bytes()[4:8], "little") == 1
        assert b"/var/task/" in compiled.read_bytes()


@pytest.mark.parametrize(
    ("python", "says"),
    [("/nowhere/python3.13", "cannot be run"), ("/bin/false", "failed")],
)
def test_an_interpreter_that_does_not_work_is_named(tmp_path: Path, python: str, says: str) -> None:
    with pytest.raises(BytecodeError, match=f"{python} {says}"):
        compile_package(package(tmp_path / "a"), Path(python))


def test_an_interpreter_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bytecode, "VERSION", "2.7")
    with pytest.raises(BytecodeError, match=r"is Python 3\.\d+, and Lambda's is 2\.7"):
        compile_package(package(tmp_path / "a"), Path(sys.executable))
    assert not list(tmp_path.rglob("*.pyc"))


def test_source_that_cannot_be_compiled_is_shown(tmp_path: Path) -> None:
    folder = package(tmp_path / "a")
    (folder / "three.py").write_text("def")
    with pytest.raises(BytecodeError, match="SyntaxError"):
        compile_package(folder, Path(sys.executable))


@pytest.mark.parametrize(("options", "status", "says"), [((), 0, "Warning: no bytecode"), (("--release",), 1, "Error")])
def test_without_an_interpreter_a_build_warns_and_a_release_fails(
    tmp_path: Path, templates: Path, options: tuple[str, ...], status: int, says: str
) -> None:
    ran = CliRunner().invoke(bundle, [str(tmp_path / "package"), "--templates", str(templates), *options])
    assert (ran.exit_code, says in ran.output) == (status, True), ran.output


def test_with_one_the_package_is_compiled(tmp_path: Path, templates: Path) -> None:
    folder = tmp_path / "package"
    ran = CliRunner().invoke(bundle, [str(folder), "--templates", str(templates), "--python", sys.executable])
    assert ran.exit_code == 0, ran.output
    assert "files compiled for Python" in ran.output
    assert list((folder / "handler/__pycache__").glob("app.*.pyc"))
