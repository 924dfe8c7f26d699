"""What is no ordinary file of the folder is named, and neither opened nor waited for, by any reader of the folder."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.commands.bundle import bundle
from cli.commands.lint import lint
from cli.commands.schema import schema
from cli.compiler import Compilation, compile_templates
from cli.compiler.files import content
from cli.snapshot import snapshot

from .conftest import FILE, Compile

GOOD = """\
id: integer
channel: orders
text: Order {{ id }}
samples:
  one: {id: 1}
"""
SECRET = "id: CANARY\n"
# Where a file is read from, by what it is.
PLACES = ("order.paid.yaml", "_stages/other.yaml", "_labels.yaml")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)  # a socket's path has room for about a hundred bytes


def folder(path: Path) -> None:
    path.mkdir()


def outside(path: Path) -> Path:
    """A file beside the folder of templates in which `path` lies."""
    made = next(one for one in path.parents if one.name == "templates").with_name("outside.yaml")
    made.write_text(SECRET)
    return made


def link_out(path: Path) -> None:
    path.symlink_to(outside(path))


def link_up(path: Path) -> None:
    path.symlink_to(os.path.relpath(outside(path), path.parent))


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def dangling(path: Path) -> None:
    path.symlink_to("nowhere.yaml")


def loop(path: Path) -> None:
    path.symlink_to(path.name)


KINDS = (pipe, listening, folder, link_out, link_up, device, dangling, loop)
SAYS = ("a named pipe", "a socket", "a folder", *["outside the folder"] * 3, *["leads nowhere"] * 2)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("make", "says"), [*zip(KINDS, SAYS, strict=True)])
def test_it_is_a_finding_that_is_read_by_nobody(
    tmp_path: Path, make: Callable[[Path], None], says: str, place: str
) -> None:
    templates = tmp_path / "templates"
    (templates / "_stages").mkdir(parents=True)
    (templates / FILE).write_text(GOOD)
    (templates / "_stages/test.yaml").write_text("channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\n")
    make(templates / place)
    compilation = compile_templates(templates)
    [finding] = compilation.findings
    assert (finding.file, finding.code, finding.severity) == (place, "FILE_UNREADABLE", "error")
    assert says in finding.message
    assert place not in compilation.files
    assert "CANARY" not in repr(compilation)
    for path in (templates, templates / place):
        result = CliRunner().invoke(lint, [str(path), "--json"])
        if os.path.lexists(path) and path.exists() and path.is_dir() and path != templates:
            continue  # lint takes a folder for one of templates
        assert result.exit_code != 0
        assert "CANARY" not in result.output
    assert "CANARY" not in json.dumps(_bundled(templates, tmp_path))
    assert snapshot(templates)


def _bundled(templates: Path, tmp_path: Path) -> str:
    result = CliRunner().invoke(bundle, [str(tmp_path / "package"), "--templates", str(templates)])
    assert result.exit_code == 1
    assert not (tmp_path / "package").exists()
    return result.output


def test_a_link_within_the_folder_is_followed(compiled: Compile, tmp_path: Path) -> None:
    compiled(GOOD)
    (tmp_path / "order.paid.yaml").symlink_to(FILE)
    linked = tmp_path / "linked"
    linked.symlink_to(tmp_path)
    for path in (tmp_path, linked):
        compilation = compile_templates(path)
        assert compilation.findings == ()
        assert len(compilation.templates) == 2


def test_a_folder_of_stages_elsewhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/test.yaml").write_text(SECRET)
    (tmp_path / "templates" / FILE).write_text(GOOD)
    (tmp_path / "templates/_stages").symlink_to(tmp_path / "elsewhere")
    [finding] = compile_templates(tmp_path / "templates").findings
    assert (finding.file, finding.code) == ("_stages", "FILE_UNREADABLE")


def plain_file(path: Path) -> None:
    path.write_text(SECRET)


NEEDY = """\
id: integer
channel: orders
text: "{{ 'a' | label('kind') }} {{ vars.name }} {{ 'oncall' | mention }}"
samples:
  one: {id: 1}
"""


@pytest.mark.parametrize("place", ["_stages", "_labels.yaml"])
@pytest.mark.parametrize(
    ("make", "says"), [*((make, says) for make, says in zip(KINDS, SAYS, strict=True) if make != folder)]
)
def test_a_special_file_instead_of_what_templates_share_is_the_only_finding(
    tmp_path: Path, make: Callable[[Path], None], says: str, place: str
) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / FILE).write_text(NEEDY)
    if place != "_stages":
        (templates / "_stages").mkdir()
        (templates / "_stages/test.yaml").write_text(
            "channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\nvars: {name: x}\nmentions: {oncall: S024BE7LD}\n"
        )
    make(templates / place)
    [finding] = compile_templates(templates).findings
    assert (finding.file, finding.code) == (place, "FILE_UNREADABLE")
    assert says in finding.message


@pytest.mark.parametrize(
    ("place", "make", "code"),
    [
        ("_stages", plain_file, "FILE_UNREADABLE"),
        ("_stages", folder, "FILE_MISSING"),
        ("_labels.yaml", lambda path: path.write_text("a: ["), "YAML_SYNTAX"),
    ],
)
def test_what_cannot_be_read_has_no_further_findings(
    tmp_path: Path, place: str, make: Callable[[Path], None], code: str
) -> None:
    (tmp_path / FILE).write_text(NEEDY)
    make(tmp_path / place)
    found = [(one.file, one.code) for one in compile_templates(tmp_path).findings]
    assert found == [(place, code)] + [("_stages", "FILE_MISSING")] * (place != "_stages")


def test_a_link_to_a_large_folder_is_not_searched(compiled: Compile, tmp_path: Path) -> None:
    (tmp_path / "everything").symlink_to("/")
    assert compiled(GOOD).findings == ()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"order.\xff.yaml", r"order.\xff.yaml"),
        (b"order\nerror.yaml", r"order\nerror.yaml"),
        (b"order\x1b[31m.yaml", r"order\x1b[31m.yaml"),
        ("order\u202egpj.yaml".encode(), r"order\u202egpj.yaml"),
        (b"-rf.yaml", "-rf.yaml"),
        (b"ORDER.CREATED.yaml", "ORDER.CREATED.yaml"),
        (b"order.created.yml", "order.created.yml"),
        (b"\xff.yml", r"\xff.yml"),
    ],
)
def test_an_odd_name_is_shown_on_one_line(compiled: Compile, tmp_path: Path, name: bytes, shown: str) -> None:
    path = os.fsencode(tmp_path) + b"/" + name
    Path(os.fsdecode(path)).write_text(GOOD)
    [finding] = compiled(GOOD).findings
    assert (finding.file, finding.code) == (shown, "FILE_NAME")
    for arguments in ([str(tmp_path)], [str(tmp_path), "--json"], [os.fsdecode(path)]):
        result = CliRunner().invoke(lint, arguments)
        assert result.exit_code == 1
        assert result.output.encode()
    assert len(CliRunner().invoke(lint, [str(tmp_path)]).output.splitlines()) == 3


def test_a_file_that_is_not_read_is_misuse(compiled: Compile, tmp_path: Path) -> None:
    compiled(GOOD, {".order.paid.yaml": GOOD})
    result = CliRunner().invoke(lint, [str(tmp_path / ".order.paid.yaml")])
    assert result.exit_code == 2
    assert "not read" in result.output


def test_a_file_of_any_size_is_read_in_part(tmp_path: Path) -> None:
    with (tmp_path / "large.yaml").open("wb") as opened:
        opened.truncate(10**10)
    assert len(content(tmp_path, "large.yaml")) < 10**5


def test_what_became_a_pipe_after_it_was_looked_at_is_not_waited_for(tmp_path: Path) -> None:
    pipe(tmp_path / "a.yaml")
    with pytest.raises(OSError, match="not a file"):
        content(tmp_path, "a.yaml")


def test_schemas_are_written_over_no_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/.schema.json").symlink_to(elsewhere)
    result = CliRunner().invoke(schema, ["--templates", str(tmp_path / "templates")])
    assert result.exit_code == 1
    assert elsewhere.read_text() == "mine"


def test_an_unreadable_folder_is_a_finding(compiled: Compile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled(GOOD)

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    found: Compilation = compile_templates(tmp_path)
    assert {(one.file, one.code) for one in found.findings} == {("", "FILE_UNREADABLE"), ("_stages", "FILE_UNREADABLE")}
