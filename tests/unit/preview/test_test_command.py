"""`notifier test` fails for whatever is not exactly as approved, shows it, and accepts one thing at a time."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.compiler import compile_templates
from cli.compiler.samples import Sample
from cli.edits import snapshot
from cli.main import main
from cli.preview import approved
from cli.preview.compose import Preview, Previews
from handler.errors import NotifierError
from handler.model import Notification

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = """\
id: integer
channel: orders
lookups:
  order:
    sql: SELECT o.number, o.amount FROM orders AS o WHERE o.id = :id
when: order.amount > 0
text: "New order {{ order.number }}"
samples:
  one:
    id: 1
    lookups:
      order: {number: A-1, amount: 5}
  無料:
    id: 2
    lookups:
      order: {number: A-2, amount: 0}
"""
OTHER = "id: integer\nchannel: orders\ntext: Order {{ id }} is paid\nsamples:\n  paid: {id: 3}\n"
STAGE = "channels: {orders: C0123ORDERS}\nfallback: C0123ORDERS\n"
SECOND = "channels: {orders: C0123OTHERS}\nfallback: C0123OTHERS\nprefix: '[eu]'\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two templates, all of which is approved."""
    monkeypatch.chdir(tmp_path)
    found = tmp_path / "templates"
    (found / "_stages").mkdir(parents=True)
    for name, text in {
        "order.created": TEMPLATE,
        "order.paid": OTHER,
        "_stages/production": STAGE,
        "_stages/eu": SECOND,
    }.items():
        (found / f"{name}.yaml").write_text(text, "utf-8")
    assert run("--approve", "all").exit_code == 0
    return found


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["test", *arguments], env={"NOTIFIER_LANG": "en", **environment})


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_the_shipped_templates_post_what_is_approved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    answer = run(NOTIFIER_STAGE="staging")
    assert answer.exit_code == 0, answer.output


def test_what_is_approved_is_readable_and_the_same_for_everybody(folder: Path) -> None:
    text = approved.path(folder, "order.created").read_text("utf-8")
    assert text.partition("\n")[2] == (
        "stage: production\n\n"
        "sample: one\n  channel: orders\n  text: New order A-1\n\n"
        "sample: 無料\n  nothing is posted: WHEN\n"
    )
    answer = run(NOTIFIER_LANG="ja", NOTIFIER_STAGE="eu")
    assert (answer.exit_code, answer.output) == (0, "サンプル 3 件: 承認どおり 3\n")
    edit(folder / "_stages/production.yaml", "C0123ORDERS", "C0999ORDERS")
    assert run().exit_code == 0


def test_nothing_else_reads_the_approved_files(folder: Path, tmp_path: Path) -> None:
    with_files, seen = compile_templates(folder), snapshot(folder)
    assert CliRunner().invoke(main, ["bundle", str(tmp_path / "out"), "--templates", str(folder)]).exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"handler", "catalog.json"}
    shutil.rmtree(folder / approved.FOLDER)
    assert (compile_templates(folder), snapshot(folder)) == (with_files, seen)


# What somebody does to the folder, and what `test` says of it.
CHANGES = {
    "another text": ("order.created.yaml", "New order", "An order", "order.created/one: changed"),
    "another condition": ("order.created.yaml", "> 0", ">= 0", "order.created/無料: changed"),
    "another channel": ("order.paid.yaml", "channel: orders", "channel: orders\nthread: a", "order.paid/paid: changed"),
    "another prefix": ("_stages/production.yaml", STAGE, f"{STAGE}prefix: '[p]'\n", "order.paid/paid: changed"),
    "a new sample": ("order.paid.yaml", "{id: 3}", "{id: 3}\n  more: {id: 4}", "order.paid/more: not approved yet"),
    "a sample that is renamed": ("order.paid.yaml", "paid: {", "late: {", "order.paid/paid: approved, but there is no"),
    "an edited line": ("_approved/order.paid.txt", "is paid", "was paid", "order.paid/paid: changed"),
    "an emptied sample": (
        "_approved/order.paid.txt",
        "  channel: orders\n  text: Order 3 is paid\n",
        "",
        "order.paid/paid: changed",
    ),
    "a line more": ("_approved/order.paid.txt", "is paid", "is paid\n  divider", "order.paid/paid: changed"),
    "a sample more": (
        "_approved/order.paid.txt",
        "sample:",
        "sample: x\n  y\n\nsample:",
        "order.paid/x: approved, but",
    ),
    "another stage": ("_approved/order.paid.txt", "production", "eu", "order.paid/paid: changed"),
    "no such stage": (
        "_approved/order.paid.txt",
        "production",
        "us",
        "order.paid.txt: its stage is not in this folder",
    ),
    "a conflict": (
        "_approved/order.paid.txt",
        "sample:",
        "<<<<<<< HEAD\nsample:",
        "order.paid.txt:4: it has the marks",
    ),
    "a template with an error": ("order.paid.yaml", "{{ id }}", "{{ ib }}", "order.paid.yaml:3:"),
    "a stage with an error": ("_stages/eu.yaml", "orders", "[", "_stages/eu.yaml:1:"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_not_as_approved_fails_and_is_approved_by_the_command_that_is_said(
    folder: Path, change: str
) -> None:
    file, old, new, says = CHANGES[change]
    edit(folder / file, old, new)
    answer = run()
    assert answer.exit_code == 1
    assert says in answer.output
    document = json.loads(run("--json").stdout)
    assert document["good"] is False
    has_error = change.endswith("error")
    assert has_error == bool(document["findings"])
    if has_error:
        return
    commands = re.findall("notifier test (--approve .*)", answer.output)
    assert commands
    for command in commands:
        assert run(*shlex.split(command)).exit_code == 0
    assert run().exit_code == 0
    assert json.loads(run("--json").stdout)["good"] is True


def test_one_sample_is_approved_alone(folder: Path) -> None:
    edit(folder / "order.created.yaml", "New order", "An order")
    edit(folder / "order.created.yaml", "> 0", ">= 0")
    answer = run("--approve", "order.created/無料")
    assert answer.exit_code == 0
    assert "+ text: An order A-2" in answer.output
    assert "A-1" not in answer.output
    answer = run("order.created")
    assert answer.exit_code == 1
    assert "  - text: New order A-1\n    + text: An order A-1" not in answer.output  # the sign stands at one place
    assert "  - text: New order A-1\n  + text: An order A-1\n" in answer.output
    assert "2 samples: 1 as approved, 1 changed" in answer.output


def test_an_unused_sample_stays_until_it_is_approved(folder: Path) -> None:
    edit(folder / "order.created.yaml", "  無料:", "  free:")
    file = approved.path(folder, "order.created")
    assert run("--approve", "order.created/free").exit_code == 0
    assert [*approved.read(file).samples] == ["one", "free", "無料"]
    assert run("--approve", "order.created/無料").exit_code == 0
    assert [*approved.read(file).samples] == ["one", "free"]


def test_a_template_that_is_gone_leaves_a_file_that_is_named_and_removed(folder: Path) -> None:
    (folder / "order.paid.yaml").unlink()
    answer = run()
    assert answer.exit_code == 1
    assert (
        "order.paid/paid: approved, but there is no such sample any more\n"
        "  remove it: notifier test --approve order.paid/paid\n"
    ) in answer.output
    assert run("order.created").exit_code == 0
    answer = run("--approve", "order.paid")
    assert (answer.exit_code, "order.paid.txt is empty now, and removed" in answer.output) == (0, True)
    assert not approved.path(folder, "order.paid").exists()
    assert run().exit_code == 0


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_file_that_cannot_be_read_fails_with_and_without_its_template(folder: Path, is_gone: bool) -> None:
    edit(approved.path(folder, "order.paid"), "sample:", "=======\nsample:")
    if is_gone:
        (folder / "order.paid.yaml").unlink()
    answer = run()
    assert (answer.exit_code, "order.paid.txt:4: it has the marks" in answer.output) == (1, True)
    document = json.loads(run("--json").stdout)
    assert (document["good"], [one["line"] for one in document["problems"]]) == (False, [4])
    assert {one["notification"] for one in document["samples"]} == {"order.created"}


def test_all_at_once_is_for_the_first_time_alone(folder: Path) -> None:
    edit(folder / "order.paid.yaml", "is paid", "was paid")
    assert run("--approve", "all").exit_code == 2
    shutil.rmtree(folder / approved.FOLDER)
    answer = run()
    assert answer.exit_code == 1
    assert "accept all of them this once: notifier test --approve all" in answer.output
    edit(folder / "order.paid.yaml", "{{ id }}", "{{ ib }}")
    assert run("--approve", "all").exit_code == 1
    assert approved.names(folder) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["order.creatd"], "order.created"),
        (["--approve", "order.creatd"], "order.created"),
        (["--approve", "order.created/two"], "Known: one, 無料"),
        (["--approve", "order.created/"], ""),
        (["--approve", ""], "There is no notification"),
        (["--approve", "../order"], "is a folder"),
        (["order.paid", "--approve", "order.created"], "Name one thing to approve: order.created, or order.paid"),
    ],
)
def test_a_name_that_there_is_not_is_misuse(folder: Path, arguments: list[str], says: str) -> None:
    answer = run(*arguments)
    assert answer.exit_code == (2 if says else 0)
    assert says in answer.output


def test_a_sample_is_not_approved_into_a_file_that_cannot_be_read(folder: Path) -> None:
    file = approved.path(folder, "order.paid")
    edit(file, "sample:", ">>>>>>> branch\nsample:")
    before = file.read_bytes()
    answer = run("--approve", "order.paid/paid")
    assert answer.exit_code == 1
    assert "order.paid.txt:4: it has the marks of a merge conflict" in answer.output
    assert file.read_bytes() == before


def test_commands_name_a_folder_that_is_elsewhere(folder: Path) -> None:
    elsewhere = shutil.copytree(folder, folder.parent / "our templates")
    edit(elsewhere / "order.paid.yaml", "is paid", "was paid")
    answer = run("our templates/order.paid.yaml")
    assert answer.exit_code == 1
    assert "notifier test --templates 'our templates' --approve order.paid/paid" in answer.output
    assert run("--templates", "our templates", "--approve", "order.paid/paid").exit_code == 0


def test_a_sample_of_which_no_message_can_be_made_is_not_approved(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: Previews, notification: Notification, sample: Sample) -> Preview:
        error = NotifierError("TEMPLATE_SYNTAX", "too much")
        return Preview(notification.name, "production", sample.name, error=error)

    monkeypatch.setattr(Previews, "of_sample", failing)
    answer = run("order.paid")
    assert answer.exit_code == 1
    assert "order.paid/paid: no message can be made\n  TEMPLATE_SYNTAX: too much\n1 sample" in answer.output
    before = approved.path(folder, "order.paid").read_bytes()
    answer = run("--approve", "order.paid")
    assert (answer.exit_code, answer.output) == (1, "Error: order.paid/paid: TEMPLATE_SYNTAX: too much\n")
    assert approved.path(folder, "order.paid").read_bytes() == before


@pytest.mark.parametrize("text", ["[bold]x[/bold]", "&lt;!channel&gt;", "山田 " * 40, "\\u202e"])
def test_a_long_or_strange_text_is_shown_whole_whatever_the_width(folder: Path, text: str) -> None:
    edit(folder / "order.paid.yaml", "Order {{ id }} is paid", json.dumps(f"A {text}", ensure_ascii=False))
    answer = run("order.paid", COLUMNS="40")
    assert answer.exit_code == 1
    made = json.loads(run("order.paid", "--json").stdout)["samples"][0]["after"][-1]
    assert f"  + {made}\n" in answer.output


def test_json_says_what_was_approved(folder: Path) -> None:
    edit(folder / "order.paid.yaml", "is paid", "was paid")
    [one] = json.loads(run("order.paid", "--json").stdout)["samples"]
    assert (one["verdict"], one["before"][-1], one["after"][-1]) == (
        "changed", "text: Order 3 is paid", "text: Order 3 was paid",
    )  # fmt: skip
    answer = run("--approve", "order.paid", "--json", NOTIFIER_LANG="ja")
    assert json.loads(answer.stdout) == {"approved": ["order.paid/paid"], "findings": []}
    assert "承認するものはありません" in run("--approve", "order.paid", NOTIFIER_LANG="ja").output


def test_an_approved_file_that_may_not_be_written_is_named(folder: Path) -> None:
    edit(folder / "order.paid.yaml", "is paid", "was paid")
    shutil.rmtree(folder / approved.FOLDER)
    (folder / approved.FOLDER).write_text("")
    answer = run("--approve", "order.paid")
    assert answer.exit_code == 1
    assert "Error: " in answer.output
    assert "Traceback" not in answer.output
