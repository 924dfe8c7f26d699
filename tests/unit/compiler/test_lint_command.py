"""`notifier lint`, as a person and as a script sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import language
from cli.commands.lint import lint

from .conftest import FILE, Compile

GOOD = """\
id: integer
channel: orders
lookups:
  order: {sql: "SELECT note FROM orders WHERE id = :id"}
text: Order {{ id }}
samples:
  one: {id: 1, lookups: {order: {note: null}}}
"""


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(lint, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_good_templates_are_counted(compiled: Compile, tmp_path: Path) -> None:
    compiled(GOOD, {"order.paid.yaml": GOOD})
    assert run(tmp_path) == (0, "2 templates, 1 stage: no findings\n")


def test_an_error_has_its_place_and_its_cure(compiled: Compile, tmp_path: Path) -> None:
    compiled(GOOD.replace("{{ id }}", "{{ idd }}"))
    code, output = run(tmp_path)
    assert code == 1
    assert output.splitlines() == [
        f"{tmp_path.as_posix()}/{FILE}:5:13: TEMPLATE_UNDEFINED `idd` is not known here",
        "  fix: write {{ id }}; nearest: id",
        "1 template, 1 stage: 1 error",
    ]


def test_it_speaks_japanese_to_people_alone(compiled: Compile, tmp_path: Path) -> None:
    compiled(GOOD.replace("{{ id }}", "{{ idd }} {{ order.note }}."))
    english = run(tmp_path, "--json")
    with language.speaking("ja"):
        assert run(tmp_path, "--json") == run(tmp_path, "--format", "json") == english
        output = run(tmp_path)[1]
    assert "TEMPLATE_UNDEFINED `idd` という名前はここにはありません\n  対処: {{ id }} と書いてください" in output
    assert output.endswith("\nテンプレート 1 件、ステージ 1 件: エラー 1 件、警告 1 件\n")


def test_a_warning_is_shown_and_lets_a_build_pass(compiled: Compile, tmp_path: Path) -> None:
    compiled(GOOD.replace("{{ id }}", "{{ order.note }}."))
    code, output = run(tmp_path)
    assert code == 0
    assert ": VALUE_EMPTY warning: this is empty" in output
    assert output.splitlines()[-1] == "1 template, 1 stage: 1 warning"


def test_square_brackets_in_a_message_are_shown(compiled: Compile, tmp_path: Path) -> None:
    compiled(GOOD.replace("samples:", "blocks: [dividr]\nsamples:"))
    assert "VALUE_INVALID" in run(tmp_path)[1]
    compiled(GOOD.replace("id: integer", "id: {pattern: '(?=a).*'}"))
    assert "such as [A-Z]{2}-[0-9]+" in run(tmp_path)[1]
    compiled(GOOD.replace("samples:", "blocks: [{headr: x}]\nsamples:"))
    assert "`blocks[0]`" in run(tmp_path)[1]


@pytest.mark.parametrize(("text", "code", "errors"), [(GOOD, 0, 0), (GOOD.replace("integer", "int"), 1, 1)])
def test_json_is_for_scripts(compiled: Compile, tmp_path: Path, text: str, code: int, errors: int) -> None:
    compiled(text)
    exit_code, output = run(tmp_path, "--json")
    document = json.loads(output)
    assert exit_code == code
    assert document["files"] == [FILE, "_stages/test.yaml"]
    assert document["errors"] == errors == len(document["findings"])
    for finding in document["findings"]:
        assert finding == {
            "file": FILE,
            "line": 1,
            "column": 5,
            "code": "VALUE_INVALID",
            "severity": "error",
            "message": "`id` is one of: integer, uuid",
            "fix": "write `integer`",
            "edit": {"old": "int", "new": "integer"},
        }


@pytest.mark.parametrize(
    ("within", "typed", "file", "errors"),
    [
        ("..", f"{{}}/{FILE}", FILE, 1),
        (".", FILE, FILE, 1),
        ("_stages", f"../{FILE}", FILE, 1),
        (".", "order.paid.yaml", "order.paid.yaml", 0),
        (".", "_stages/test.yaml", "_stages/test.yaml", 0),
        ("_stages", "test.yaml", "_stages/test.yaml", 0),
        (".", "_labels.yaml", "_labels.yaml", 0),
    ],
)
def test_a_file_is_checked_in_its_folder(
    compiled: Compile,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    within: str,
    typed: str,
    file: str,
    errors: int,
) -> None:
    broken = GOOD.replace("{{ id }}", "{{ idd }}")
    compiled(broken, {"order.paid.yaml": GOOD, "order.sent.yaml": broken, "_labels.yaml": "a: {b: c}\n"})
    monkeypatch.chdir(tmp_path / within)
    code, output = run(typed.format(tmp_path.name))
    *findings, total = output.splitlines()
    assert (code, total) == (errors, f"{file}: 1 error" if errors else f"{file}: no findings")
    assert [line.partition(": ")[0] for line in findings[::2]] == [f"{Path(typed.format(tmp_path.name))}:5:13"] * errors


def test_a_fix_of_several_lines_can_be_copied(compiled: Compile, tmp_path: Path) -> None:
    compiled(GOOD[: GOOD.index("samples:")])
    assert "\nsamples:\n  an example:\n" in run(tmp_path)[1]


def test_a_notification_may_be_named_and_a_folder_that_is_missing_is_told(
    compiled: Compile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled(GOOD)
    monkeypatch.setenv("NOTIFIER_TEMPLATES", str(tmp_path))
    assert run(FILE.removesuffix(".yaml")) == (0, f"{FILE}: no findings\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NOTIFIER_TEMPLATES")
    code, output = run()
    assert (code, "there is no templates" in output, "NOTIFIER_TEMPLATES" in output) == (2, True, True)


@pytest.mark.parametrize("arguments", [["nowhere"], ["--nothing"], ["pyproject.toml"]])
def test_misuse_is_told_apart(arguments: list[str]) -> None:
    assert run(*arguments)[0] == 2


def test_json_has_a_short_form(compiled: Compile, tmp_path: Path) -> None:
    compiled(GOOD.replace("integer", "int"))
    assert run(tmp_path, "--json") == run(tmp_path, "--format", "json")


def test_github_gets_annotations_and_a_summary(
    compiled: Compile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled(GOOD.replace("integer", "int"))
    summary = tmp_path / "summary.md"
    summary.write_text("# before\n")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path.parent))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    code, output = run(tmp_path, "--format", "github")
    place = f"file={tmp_path.name}/{FILE},line=1,col=5,title=VALUE_INVALID"
    assert code == 1
    assert output.splitlines() == [
        f"::error {place}::`id` is one of: integer, uuid%0Afix: write `integer`",
        "1 template, 1 stage: 1 error",
    ]
    assert summary.read_text().startswith("# before\n### notifier lint\n")
    assert "| VALUE\\_INVALID |" in summary.read_text()
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    assert "cannot be written: Is a directory" in run(tmp_path, "--format", "github")[1]
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    assert run(tmp_path, "--format", "github") == (code, output)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--db", "nonsense"], "mysql://"),
        (["--db", "mysql://replica.example.org/shop"], "name the account"),
        (["--db", "mysql://reader:secret@replica.example.org/shop"], "NOTIFIER_DB_PASSWORD"),
        (["--db", "demo"], "notifier demo"),
        (["--db", "demo", "--db", "mysql://reader@x/y"], "stands alone"),
        (["--format", "html"], "github"),
    ],
)
def test_misuse_is_explained(
    compiled: Compile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    compiled(GOOD)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    code, output = run(tmp_path, *arguments)
    assert code == 2
    assert says in output
    assert "secret" not in output


def test_a_database_that_is_away_is_said_after_the_findings(
    compiled: Compile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled(GOOD)
    monkeypatch.setenv("NOTIFIER_DB_PASSWORD", "secret")
    code, output = run(tmp_path, "--db", "mysql://reader@127.0.0.1:9/shop")
    assert code == 1
    assert output.startswith("1 template, 1 stage: no findings\nDB_UNAVAILABLE default (127.0.0.1:9)")
    assert "secret" not in output
