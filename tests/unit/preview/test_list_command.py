"""`notifier list` shows every notification, in any width, with what people ask for; its JSON is the catalogue."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len
from rich.console import Console, RenderableType

from cli.language import LANGUAGES, speaking
from cli.main import main
from cli.preview import catalogue, details, listing, schedules
from cli.preview.catalogue import Entry, Polled
from cli.preview.selection import select

FOLDER = Path("templates")
SELECTION = select("", FOLDER, ["all"])
ENTRIES = catalogue.entries(SELECTION)
NAMES = [one.name for one in ENTRIES]
STAGE = "channels: {orders: C0ORDERS01, payments: C0PAYMENTS}\nfallback: C0FALLBACK\n"
TEMPLATE = """\
description: "{about}"
{more}id: integer
channel: {channel}
lookups:
  order: {{sql: "SELECT number FROM orders WHERE id = :id"}}
text: "{{{{ order.number }}}}"
samples:
  one: {{id: 1, lookups: {{order: {{number: A-1}}}}}}
"""
FILES = {
    "_stages/production.yaml": STAGE,
    "_stages/test.yaml": STAGE.replace("C0", "C1"),
    "_stages/quiet.yaml": f"{STAGE}redirect: C0QUIET001\n",
    "a.one.yaml": TEMPLATE.format(about="One", channel="orders", more="owner: Team A\n"),
    "a.two.yaml": TEMPLATE.format(about="Two", channel="[payments, orders]", more="owner: チーム B\nevent: a.one\n"),
    "a.three.yaml": TEMPLATE.format(about="Three", channel="payments", more=""),
    "b.bad.yaml": "id: [",
}


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["list", *arguments], env=environment)


def written(folder: Path, files: Mapping[str, str] = FILES) -> str:
    (folder / "_stages").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return str(folder)


def drawn(part: RenderableType, width: int) -> str:
    terminal = Console(file=io.StringIO(), width=width)
    terminal.print(part)
    return terminal.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def words(text: str) -> str:
    """A text without blanks, line breaks and what narrow columns do to it."""
    return "".join(text.split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [20, 40, 59, 60, 80, 100, 200])
def test_every_notification_is_there_in_any_width(width: int, language: str) -> None:
    with speaking(language):
        text = drawn(listing.draw(ENTRIES, width), width)
    assert all(cell_len(line.rstrip()) <= width for line in text.splitlines())
    if width > 30:
        for entry in ENTRIES:
            assert entry.name in text
            assert entry.owner in text
    if width >= 80:
        assert len(text.splitlines()) < 5 * len(ENTRIES)


@pytest.mark.parametrize("width", [20, 40, 80])
@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_all_of_a_notification_is_there_in_any_width(entry: Entry, width: int) -> None:
    text = drawn(details.draw(entry, FOLDER), width)
    assert all(cell_len(line.rstrip()) <= width for line in text.splitlines())
    if width < 80:
        return
    found = words(text)
    conditions = [entry.when, *(one.when for one in entry.routes)]
    places = [f"{one.alias}→{one.destination}" for staged in entry.stages for one in staged.channels]
    people = [f"@{one.alias}→{one.wakes}" for staged in entry.stages for one in staged.mentions]
    sources = [one.source for one in entry.lookups]
    shown = [entry.event, entry.owner, entry.thread, *conditions, *places, *people, *sources, *entry.samples]
    for one in shown:
        assert words(one) in found


def test_a_file_gets_one_line_for_each_notification_and_nothing_is_cut() -> None:
    answer = run()
    assert answer.exit_code == 0
    head, *lines = answer.output.splitlines()
    assert head.split() == ["notification", "event", "channels", "mentions", "data", "poll", "owner", "description"]
    assert [line.split()[0] for line in lines] == NAMES
    for entry, line in zip(ENTRIES, lines, strict=True):
        assert " ".join(entry.description.split()) in line


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_document_is_the_same_in_every_language(language: str) -> None:
    answer = run("--json", "--stage", "all", NOTIFIER_LANG=language)
    assert answer.output == json.dumps(catalogue.document(SELECTION, ENTRIES), ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], ["a.one", "a.three", "a.two", "b.bad"]),
        (["a.two"], ["a.two"]),
        (["a.one"], ["a.one"]),
        (["b.bad"], ["b.bad"]),
        (["--channel", "orders"], ["a.one", "a.two"]),
        (["--channel", "#payments"], ["a.three", "a.two"]),
        (["--channel", "C0ORDERS01"], ["a.one", "a.two"]),
        (["--channel", "C1ORDERS01", "--stage", "test"], ["a.one", "a.two"]),
        (["--channel", "C0QUIET001", "--stage", "quiet"], ["a.one", "a.three", "a.two"]),
        (["--channel", "C0FALLBACK"], []),
        (["--owner", "team a"], ["a.one"]),
        (["--owner", "チーム"], ["a.two"]),
        (["--owner", "a"], ["a.one"]),
        (["--owner", ""], ["a.three"]),
        (["--owner", "team a", "--channel", "payments"], []),
        (["a.three", "--owner", "team a"], []),
    ],
)
def test_what_is_asked_for_is_listed(tmp_path: Path, arguments: list[str], found: list[str]) -> None:
    folder = written(tmp_path)
    document = CliRunner().invoke(main, ["list", "--templates", folder, "--json", *arguments])
    assert [one["name"] for one in json.loads(document.stdout)["notifications"]] == found
    answer = run("--templates", folder, *arguments)
    assert answer.exit_code == 0
    first = {line.split()[0] for line in answer.stdout.splitlines() if line.strip()}
    assert {name.removesuffix(".yaml") for name in FILES} & first == {*found}
    assert ("No notification matches." in answer.stdout) == (not found)


@pytest.mark.parametrize("option", ["--channel", "--owner"])
def test_what_a_filter_cannot_know_of_is_named_beside_the_output(tmp_path: Path, option: str) -> None:
    answer = run("--templates", written(tmp_path), option, "orders" if option == "--channel" else "team a")
    assert answer.stderr == "Left out because of errors: b.bad.yaml\n"
    assert "b.bad" not in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--channel", "ordes"], "There is no channel ordes. Did you mean orders?"),
        (["--channel", "C1ORDERS01"], "There is no channel C1ORDERS01. Did you mean C0ORDERS01?"),
        (["--owner", "Team C"], "There is no owner Team C. Did you mean Team A?"),
        (["--owner", "zzz"], "There is no owner zzz. Known: Team A, チーム B."),
        (["a.on"], "There is no notification a.on. Did you mean a.one?"),
        (["--stage", "tst"], "There is no stage tst. Did you mean test?"),
    ],
)
def test_what_is_not_there_is_answered_with_the_nearest(tmp_path: Path, arguments: list[str], says: str) -> None:
    answer = run("--templates", written(tmp_path), *arguments)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert says in answer.stderr


def test_a_template_with_errors_is_marked(tmp_path: Path) -> None:
    files = {**FILES, "a.one.yaml": FILES["a.one.yaml"].replace("channel: orders", "channel: ordes")}
    folder = written(tmp_path, files)
    one, *_, bad = run("--templates", folder).output.splitlines()[1:]
    assert one.startswith("a.one ✖ 2 errors")
    assert "ordes (fallback)" in one
    assert bad.startswith("b.bad ✖ 1 error")
    answer = run("--templates", folder, "a.one")
    assert f"2 errors. `notifier lint {folder}/a.one.yaml` says where." in answer.output


def test_an_empty_folder_says_what_to_do_next(tmp_path: Path) -> None:
    answer = run("--templates", str(tmp_path))
    assert answer.exit_code == 0
    assert f"Write {tmp_path}/order.created.yaml" in answer.output
    assert json.loads(run("--templates", str(tmp_path), "--json").output)["notifications"] == []


def test_words_of_a_template_are_no_markup_and_no_commands_of_a_terminal(tmp_path: Path) -> None:
    about = r"[bold]Zoë[/] :tea: \e[31m &\nmore"
    folder = written(tmp_path, {**FILES, "a.one.yaml": TEMPLATE.format(about=about, channel="orders", more="")})
    for what in ([], ["a.one"]):
        answer = run("--templates", folder, *what)
        assert r"[bold]Zoë[/] :tea: \x1b[31m & more" in answer.output


@pytest.mark.parametrize(
    ("plan", "english", "japanese"),
    [
        (60.0, "every minute", "1 分ごと"),
        (90.0, "every 90 seconds", "90 秒ごと"),
        (900.0, "every 15 minutes", "15 分ごと"),
        (3600.0, "every hour", "1 時間ごと"),
        (7200.0, "every 2 hours", "2 時間ごと"),
        (86_400.0, "every day", "毎日"),
        (172_800.0, "every 2 days", "2 日ごと"),
        ("0 9 * * *", "every day at 09:00", "毎日 09:00"),
        ("5 9,18 * * 1-5", "Monday to Friday at 09:05, 18:05", "月曜日〜金曜日 09:05, 18:05"),
        ("0 9 * * MON-FRI", "Monday to Friday at 09:00", "月曜日〜金曜日 09:00"),
        ("0 9 * * mon,7", "Monday, Sunday at 09:00", "月曜日, 日曜日 09:00"),
        ("*/15 * * * *", "every 15 minutes", "15 分ごと"),
        ("* * * * *", "* * * * *", "* * * * *"),
        ("*/7 * * * *", "*/7 * * * *", "*/7 * * * *"),
        ("30 * * * *", "every hour at minute 30", "毎時 30 分"),
        ("0 9-17 * * *", "0 9-17 * * *", "0 9-17 * * *"),
        ("0 9 1 * *", "0 9 1 * *", "0 9 1 * *"),
        ("0 9 * * 1#2", "0 9 * * 1#2", "0 9 * * 1#2"),
        ("0 9 * * 1-3", "0 9 * * 1-3", "0 9 * * 1-3"),
    ],
)
def test_when_a_poll_runs_in_words(plan: float | str, english: str, japanese: str) -> None:
    every, cron = (None, plan) if isinstance(plan, str) else (plan, "")
    poll = Polled(every, cron, "Asia/Tokyo" if cron else "", "default", "", "", "id", "", "")
    zone = " (Asia/Tokyo)" if cron else ""
    for language, expected in (("en", english), ("ja", japanese)):
        with speaking(language):
            assert schedules.words(poll) == expected + zone
