"""What a person may write for a notification and a stage, and what is said of anything else."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from cli.preview.selection import select
from tests.unit.preview.folders import GOOD, written


def names(what: str, folder: Path, *stages: str) -> tuple[list[str], list[str]]:
    found = select(what, folder, stages)
    return [one.notification.name for one in found.templates], [one.name for one in found.stages]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path)


@pytest.mark.parametrize(
    ("what", "found"),
    [
        ("", ["order.created.jp", "order.created"]),
        ("order.created.jp", ["order.created.jp"]),
        ("{folder}/order.created.yaml", ["order.created"]),
    ],
)
def test_what_is_a_name_or_a_file(folder: Path, what: str, found: list[str]) -> None:
    assert sorted(names(what.format(folder=folder), folder)[0]) == sorted(found)


def test_what_may_be_the_type_of_several(tmp_path: Path) -> None:
    twin = GOOD.replace("channel:", "event: order.paid\nchannel:")
    folder = written(tmp_path, **{"order.paid.eu.yaml": twin, "order.paid.jp.yaml": twin})
    assert names("order.paid", folder)[0] == ["order.paid.eu", "order.paid.jp"]


@pytest.mark.parametrize(
    ("stages", "found"),
    [
        ((), ["production"]),
        (("staging",), ["staging"]),
        (("staging", "staging", "production"), ["staging", "production"]),
        (("all",), ["production", "staging"]),
    ],
)
def test_a_stage_is_production_unless_it_is_named(folder: Path, stages: tuple[str, ...], found: list[str]) -> None:
    assert names("order.created", folder, *stages)[1] == found


def test_the_first_stage_stands_in_for_production(tmp_path: Path) -> None:
    assert names("order.created", written(tmp_path, **{"_stages/production.yaml": None}))[1] == ["staging"]


def test_without_stages_there_is_one_that_knows_nothing(tmp_path: Path) -> None:
    folder = written(tmp_path, **{"_stages/production.yaml": None, "_stages/staging.yaml": None})
    assert names("order.created", folder) == (["order.created"], ["production"])


@pytest.mark.parametrize(
    ("what", "stage", "says"),
    [
        ("order.creatd", (), "There is no notification order.creatd. Did you mean order.created?"),
        ("nothing", (), "There is no notification nothing. Known: order.created, order.created.jp."),
        ("nothing", (), "The templates are read from {folder}; --templates or NOTIFIER_TEMPLATES names another"),
        ("\x1b[2J", (), r"There is no notification \x1b[2J."),
        ("order.created", ("stagin",), "There is no stage stagin. Did you mean staging?"),
        ("{folder}", (), "templates is a folder. Write --templates"),
        ("{folder}/_stages/staging.yaml", (), "staging.yaml is a stage, not a template. Write --stage staging"),
        ("{folder}/_labels.yaml", (), "_labels.yaml is not the file of a template."),
        ("{folder}/old.yml", (), "old.yml is not the file of a template."),
        ("{folder}/.hidden.yaml", (), ".hidden.yaml is not the file of a template."),
        ("{folder}/missing.yaml", (), "missing.yaml"),
        ("order.created.yaml", (), "There is no file order.created.yaml. Did you mean"),
    ],
)
def test_anything_else_is_refused_by_name(folder: Path, what: str, stage: tuple[str, ...], says: str) -> None:
    for name in ("_labels.yaml", "old.yml", ".hidden.yaml"):
        (folder / name).write_text("")
    with pytest.raises(click.UsageError) as caught:
        select(what.format(folder=folder), folder, stage)
    assert says.replace("{folder}", str(folder)) in caught.value.message


@pytest.mark.parametrize("names", [(), ("production",), ("all",)])
def test_a_stage_with_errors_is_named_with_the_first(tmp_path: Path, names: tuple[str, ...]) -> None:
    folder = written(tmp_path, **{"_stages/production.yaml": "channels: ["})
    with pytest.raises(click.ClickException) as caught:
        select("order.created", folder, names)
    assert "Stage production has errors: _stages/production.yaml:1" in caught.value.message
    assert select("order.created", folder, ("staging",)).stages


@pytest.mark.parametrize(
    "text", ["id: [", "id: integer\ntext: '{{ '\nsamples: {a: {id: 1}}\n", GOOD.replace("SELECT", "")]
)
def test_the_errors_of_what_was_chosen_are_told_apart(tmp_path: Path, text: str) -> None:
    folder = written(tmp_path, **{"order.paid.yaml": text})
    everything, broken, sound = (select(what, folder, ()) for what in ("", "order.paid", "order.created"))
    assert {one.file for one in everything.findings} == {"order.paid.yaml"}
    assert {one.file for one in broken.findings} == {"order.paid.yaml"}
    assert sound.findings == ()
    assert {one.notification.name for one in everything.whole} == {"order.created", "order.created.jp"}


def test_broken_labels_are_a_finding_of_everything(tmp_path: Path) -> None:
    found = select("order.created", written(tmp_path, **{"_labels.yaml": "a: ["}), ())
    assert {one.file for one in found.findings} == {"_labels.yaml"}
