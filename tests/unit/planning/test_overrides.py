"""Parameters are read as `sam` reads them, and what it would drop without a word is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.planning import overrides
from cli.planning.overrides import Overrides
from handler.health.model import Check
from tests.overrides_kit import FORMS

ROOT = Path(__file__).resolve().parents[3]
# What may stand in an old samconfig.toml. A parameter may be added; one that goes or gets another name is dropped by
# `sam` without a word, so its old name has to be taken for one more release.
PARAMETERS = {
    "Apis", "Databases", "EventTypes", "ExistingTopicArn", "Intake", "KmsKeyArn", "LayerArns", "LogLevel",
    "LogRetentionDays", "MaximumConcurrency", "MemorySize", "PermissionsBoundary", "PolicyArns", "Polls",
    "ReservedConcurrency", "Secrets", "SecurityGroupIds", "Slack", "Stage", "SubnetIds", "TraceDownstream",
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_each_form_is_read(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    form = FORMS[name]
    path = form.put(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert overrides.read(path, "prod") == Overrides(form.values, form.lost)
    assert overrides.read(path, "staging") == Overrides()


def test_what_is_given_for_deploy_is_taken_before_what_is_given_for_all_commands(tmp_path: Path) -> None:
    path = FORMS["a list"].put(tmp_path)
    path.write_text(path.read_text() + '[prod.global.parameters]\nparameter_overrides = "Stage=other"\n')
    assert overrides.read(path, "prod").values["Stage"] == "prod"


def test_without_a_file_nothing_is_given(tmp_path: Path) -> None:
    assert overrides.read(tmp_path / "samconfig.toml", "prod") == Overrides()


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"samconfig.toml": "[[["}, r"samconfig\.toml cannot be read"),
        ({"more.yaml": "a: [", "samconfig.toml": "file"}, r"more\.yaml cannot be read"),
        ({"samconfig.toml": "file"}, r"more\.yaml cannot be read"),
        ({"more.yaml": "$include: file://more.yaml", "samconfig.toml": "file"}, r"more\.yaml includes itself"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    files: dict[str, str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        named = '[prod.deploy.parameters]\nparameter_overrides = "file://more.yaml"\n'
        Path(name).write_text(named if text == "file" else text)
    with pytest.raises(ValueError, match=says):
        overrides.read(Path("samconfig.toml"), "prod")


def found(known: set[str] | None = PARAMETERS, *lost: str, **values: str) -> list[Check]:
    return list(overrides.check(Overrides(values, lost), known))


@pytest.mark.parametrize(
    ("values", "name", "remedy"),
    [
        ({"SubnetId": "subnet-1"}, "SubnetId", "nearest: SubnetIds"),
        ({"subnetids": "subnet-1"}, "subnetids", "nearest: SubnetIds"),
        ({"Databases": "a=mysql://x/y,", "b": "mysql://z/y"}, "b", "A list stands in quotes of its own"),
    ],
)
def test_what_the_template_does_not_have_fails_with_the_nearest_name(
    values: dict[str, str], name: str, remedy: str
) -> None:
    [check] = found(**values)
    assert (check.name, check.state) == (f"parameter {name}", "failed")
    assert f"no parameter {name}" in check.cause
    assert remedy in check.remedy


def test_text_that_is_no_parameter_fails() -> None:
    [check] = found(PARAMETERS, "Apis=", Stage="prod")
    assert (check.state, "`Apis=`" in check.cause, 'Name=""' in check.remedy) == ("failed", True, True)


@pytest.mark.parametrize(
    ("known", "values", "state"),
    [
        (PARAMETERS, {"Stage": "prod", "Apis": ""}, "ok"),
        (PARAMETERS, {}, None),
        (None, {"Stage": "prod"}, "skipped"),
        (None, {}, None),
    ],
)
def test_where_nothing_is_dropped_nothing_fails(
    known: set[str] | None, values: dict[str, str], state: str | None
) -> None:
    assert [check.state for check in found(known, **values)] == ([state] if state else [])


def test_a_parameter_of_either_template_is_known(tmp_path: Path) -> None:
    assert overrides.declared(tmp_path) is None
    (tmp_path / "template.yaml").write_text("Parameters:\n  A: {Type: String}\nResources: {Q: !Ref A}\n")
    (tmp_path / "template-image.yaml").write_text("Parameters:\n  B: {Type: String}\n")
    assert overrides.declared(tmp_path) == {"A", "B"}


def test_the_names_of_an_old_samconfig_are_still_taken() -> None:
    known = overrides.declared(ROOT)
    assert known is not None
    assert known >= PARAMETERS


@pytest.mark.parametrize("environment", ["default", "staging", "prod"])
def test_nothing_in_the_checkouts_own_samconfig_is_dropped(environment: str) -> None:
    given = overrides.read(ROOT / "samconfig.toml", environment)
    assert {check.state for check in overrides.check(given, overrides.declared(ROOT))} <= {"ok"}
