"""A team's own templates, in a folder outside this checkout: each command and `make` take it."""

from __future__ import annotations

import json
import re
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli.commands import demo
from cli.main import main
from cli.preview.selection import VARIABLE
from lab.sam import ROOT

TEMPLATE = "id: integer\nchannel: orders\ntext: 'Ours: {{ id }}'\nsamples: {one: {id: 7}}\n"
STAGE = "channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\n"
EVENT = ["order.ours", "7"]


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A folder whose name has a blank in it."""
    folder = tmp_path / "our team" / "templates"
    (folder / "_stages").mkdir(parents=True)
    (folder / "order.ours.yaml").write_text(TEMPLATE)
    (folder / "_stages/production.yaml").write_text(STAGE)
    return folder


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The commands that are no groups, each with the words that call it."""
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            one = command.get_command(click.Context(command), name)
            assert one
            yield from leaves(one, (*path, name))
    else:
        yield path, command


def reads_templates(command: click.Command) -> bool:
    return any(one.envvar == VARIABLE for one in command.params)


READERS = [(path, command) for path, command in leaves(main) if reads_templates(command)]


def test_every_command_that_takes_a_folder_of_templates_takes_it_from_the_variable_too() -> None:
    named = {path for path, command in leaves(main) if any("--templates" in one.opts for one in command.params)}
    assert named == {path for path, _ in READERS} - {("lint",)}
    assert named >= {("bundle",), ("demo",), ("emit",), ("poll", "run"), ("poll", "status"), ("schema",), ("types",)}


@pytest.mark.parametrize("path", [path for path, _ in READERS], ids=" ".join)
def test_a_folder_that_is_not_there_is_named(path: tuple[str, ...], tmp_path: Path) -> None:
    command = dict(READERS)[path]
    values = [
        "x" for one in command.params if isinstance(one, click.Argument) and one.required for _ in range(one.nargs)
    ]
    for one in command.params:
        if isinstance(one, click.Option) and one.required:
            values += [one.opts[0], "x"]
    answer = CliRunner().invoke(main, [*path, *values], env={VARIABLE: str(tmp_path / "typo")})
    assert answer.exit_code == 2
    assert "typo" in answer.output


def test_a_package_is_made_of_them(ours: Path, tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["bundle", str(tmp_path / "out")], env={VARIABLE: str(ours)}).exit_code == 0
    catalog = json.loads((tmp_path / "out/catalog.json").read_text())
    assert [one["name"] for one in catalog["notifications"]] == ["order.ours"]


def test_what_is_in_the_folder_is_what_commands_see(ours: Path) -> None:
    def said(*arguments: str) -> str:
        answer = CliRunner().invoke(main, arguments, env={VARIABLE: str(ours)})
        assert answer.exit_code == 0, answer.output
        return answer.output

    assert said("types") == "order.ours\n"
    assert said("lint") == "1 template, 1 stage: no findings\n"
    assert f"Wrote {ours / '.schema.json'}" in said("schema")
    assert (ours / "_stages/.schema.json").exists()


@pytest.mark.parametrize(
    ("removed", "says"),
    [("order.ours.yaml", "there is no template here"), ("_stages/production.yaml", "there is no stage here")],
)
def test_a_folder_that_lacks_a_part_is_a_finding(ours: Path, tmp_path: Path, removed: str, says: str) -> None:
    (ours / removed).unlink()
    answer = CliRunner().invoke(main, ["bundle", str(tmp_path / "out"), "--templates", str(ours)])
    assert answer.exit_code == 1
    assert f"FILE_MISSING {says}" in answer.output
    assert not (tmp_path / "out").exists()


def test_types_of_a_folder_without_templates_is_an_error(tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["types", "--templates", str(tmp_path)])
    assert answer.exit_code == 1
    assert f"There is no template in {tmp_path}." in answer.output


def test_a_demo_says_which_stage_it_needs(ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "local_cloud", lambda *_: pytest.fail("the cloud was started"))
    answer = CliRunner().invoke(main, ["demo", "--templates", str(ours)])
    assert answer.exit_code == 1
    assert "templates/_stages/demo.yaml into its folder _stages" in answer.output


@pytest.mark.parametrize("given", ["our team/templates", "/our team/templates"])
def test_make_tells_what_it_calls_the_whole_path(tmp_path: Path, given: str) -> None:
    makefile = tmp_path / "Makefile"
    makefile.write_text(f'include {ROOT}/Makefile\nshown:\n\t@echo "$$NOTIFIER_TEMPLATES"\n')
    command = ["make", "-s", "-C", str(tmp_path), "shown", f"TEMPLATES={given}"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == str(tmp_path / given if given[0] != "/" else given)


@pytest.mark.parametrize("page", ["docs/upgrade.md", "docs/ja/upgrade.md"])
def test_the_makefile_of_the_guide_builds_and_deploys_them(ours: Path, page: str) -> None:
    shown = re.search(r"```make\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    assert shown
    team = ours.parent.rename(ours.parents[1] / "team")  # make has no blanks in the names of folders
    (team / "Makefile").write_text(textwrap.dedent(shown[1].replace("\n   ", "\n")))
    (team / "notifier").symlink_to(ROOT)
    ran = subprocess.run(["make", "-n", "-C", str(team), "deploy-prod"], capture_output=True, text=True, check=True)
    assert f"-C notifier TEMPLATES={team}/templates build" in ran.stdout
    assert f"sam deploy --config-file {team}/samconfig.toml --config-env prod" in ran.stdout
