"""`notifier sample`, over a database that a test answers for."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.commands import sample as command
from cli.compiler import compile_templates
from cli.language import LANGUAGES, speaking
from cli.main import main
from cli.preview.connections import Connections
from handler.errors import SourceError
from handler.model import Row
from tests.kit import FakeApi, FakeDatabase

TEMPLATE = """\
# A comment, which stays.
id: integer
channel: orders
lookups:
  order: {sql: "SELECT number, customer, note, status FROM orders WHERE id = :id"}
  items: {sql: "SELECT name FROM items WHERE order_id = :id", expect: many}
text: |
  {{ order.number }} of {{ order.customer }}{{ ', paid' if order.status == 'paid' else '!' }}
samples:
  one:
    id: 1
    lookups: {order: {number: A-1, customer: Lorem, note: null, status: paid}, items: []}
"""
WITHOUT = TEMPLATE.partition("samples:")[0]
STAGE = "channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\n"
RULES = "keep: [number]\nname: [customer]\n"
ROW = {"number": "A-17", "customer": "Ines Brandt", "note": "Ring twice", "status": "paid"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "templates"
    (found / "_stages").mkdir(parents=True)
    (found / "_stages/production.yaml").write_text(STAGE)
    (found / "_privacy.yaml").write_text(RULES)
    (found / "order.created.yaml").write_text(TEMPLATE)
    return found


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Say what the database and the API answer."""

    def set_answer(order: Any = ROW, items: Any = ()) -> None:
        def select(sql: str, _: object) -> list[Row]:
            found = order if "FROM orders" in sql else list(items)
            if isinstance(found, Exception):
                raise found
            return [Row(one) for one in ([found] if isinstance(found, dict) else found)]

        @contextmanager
        def connect(*_: object) -> Iterator[Connections]:
            yield Connections(FakeDatabase(select), FakeApi(lambda path: None), "a test")

        monkeypatch.setattr(command.connections, "connect", connect)

    set_answer()
    return set_answer


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["sample", "order.created", "17", "--templates", str(folder), *arguments])


def written(folder: Path) -> str:
    return (folder / "order.created.yaml").read_text()


def test_a_row_becomes_a_sample_without_what_is_personal(folder: Path, answer: Callable[..., None]) -> None:
    ran = run(folder)
    assert ran.exit_code == 0, ran.output
    assert written(folder) == TEMPLATE + (
        "  id 17:\n    id: 17\n    lookups:\n"
        "      order: {number: A-17, customer: Robin Exampleby, note: Lorem ipsu, status: paid}\n"
        "      items: []\n"
    )
    for part in ("Wrote the sample `id 17`", "order.customer", "customer is under name", "no list names it",
                 "the template has this value", "notifier preview order.created --sample 'id 17'"):  # fmt: skip
        assert part in ran.output
    assert not any(secret in ran.output + written(folder) for secret in ("Ines", "Brandt", "Ring"))
    assert compile_templates(folder).findings == ()
    assert CliRunner().invoke(main, ["lint", "--pii", str(folder)]).output.endswith("no findings\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_said_in_each_language(folder: Path, answer: Callable[..., None], language: str) -> None:
    with speaking(language):
        ran = CliRunner().invoke(
            main, ["--lang", language, "sample", "order.created", "17", "--templates", str(folder)]
        )
    assert ran.exit_code == 0
    assert ("サンプル" in ran.output) == (language == "ja")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--plain"], "customer: Ines Brandt, note: Ring twice"),
        (["--name", "a big one"], "  a big one:\n    id: 17\n"),
        (["--name", "注文: 1"], '  "注文: 1":\n    id: 17\n'),
        (["--data", '{"by": "Ines", "sum": 1.50, "id": null}'], "    data: {by: Lore, sum: 1.50, id: null}\n"),
        (["--name", "one", "--replace"], "samples:\n  one:\n    id: 17\n"),
    ],
)
def test_the_options_do_what_they_say(
    folder: Path, answer: Callable[..., None], arguments: list[str], part: str
) -> None:
    ran = run(folder, *arguments)
    assert ran.exit_code == 0, ran.output
    assert part in written(folder)


def test_of_a_list_the_first_rows_are_kept(folder: Path, answer: Callable[..., None]) -> None:
    answer(items=[{"name": f"Thing {number}"} for number in range(100)])
    ran = run(folder)
    assert "Kept 10 of 100 rows of items; --rows 100 keeps all." in ran.output
    [template] = compile_templates(folder).templates
    rows = template.samples[1].answers["items"]
    assert len(rows) == 10
    assert len({row["name"] for row in rows}) == 10
    assert run(folder, "--name", "all", "--rows", "100").exit_code == 0
    assert len(compile_templates(folder).templates[0].samples[2].answers["items"]) == 100


def test_stdout_is_the_sample_alone(folder: Path, answer: Callable[..., None]) -> None:
    ran = run(folder, "--stdout")
    assert ran.stdout.startswith("samples:\n  id 17:\n    id: 17\n")
    assert written(folder) == TEMPLATE


def test_a_template_without_samples_gets_its_first(folder: Path, answer: Callable[..., None]) -> None:
    (folder / "order.created.yaml").write_text(WITHOUT)
    ran = run(folder)
    assert ran.exit_code == 0, ran.output
    assert written(folder).startswith(f"{WITHOUT}\nsamples:\n  id 17:\n")
    assert compile_templates(folder).findings == ()


def test_a_masked_column_that_the_template_compares_is_named(folder: Path, answer: Callable[..., None]) -> None:
    answer({**ROW, "status": "returned"})
    assert "The template compares order.status" in " ".join(run(folder).output.split())


def test_an_id_that_is_an_address_is_masked(folder: Path, answer: Callable[..., None]) -> None:
    (folder / "order.created.yaml").write_text(TEMPLATE.replace("id: integer", "id: {pattern: '.+'}"))
    ran = CliRunner().invoke(main, ["sample", "order.created", "ines@example.jp", "--templates", str(folder)])
    assert ran.exit_code == 0, ran.output
    assert "  id person1@example.com:\n    id: person1@example.com\n" in written(folder)


REFUSED = [
    (["--name", "one"], 2, "There is a sample `one` already. Add --replace, or --name 'one 2'"),
    (["--name", "{{ id }}"], 2, "a name is one line"),
    (["--name", "a\nb"], 2, "a name is one line"),
    (["--name", "<<"], 2, "a name is one line"),
    (["--data", "{"], 2, "this is not JSON"),
    (["--data", "[1]"], 2, "write an object"),
    (["--rows", "-1"], 2, "--rows"),
    (["--stage", "nowhere"], 2, "There is no stage nowhere"),
]


@pytest.mark.parametrize(("arguments", "code", "says"), REFUSED)
def test_misuse_is_named(folder: Path, answer: Callable[..., None], arguments: list[str], code: int, says: str) -> None:
    ran = run(folder, *arguments)
    assert (ran.exit_code, says in " ".join(ran.output.split())) == (code, True), ran.output
    assert written(folder) == TEMPLATE


FAILED = [
    (SourceError("DB_UNREACHABLE", "order.created.yaml:5 lookups.order: refused"), "DB_UNREACHABLE"),
    ([], "ROW_NOT_FOUND"),
    ({**ROW, "status": 10**40}, "a value that a sample cannot hold (number)"),
    ({**ROW, "more": "x"}, "SAMPLE_INVALID the SELECT of `order` returns no `more`"),
    ({**ROW, "customer": None}, "VALUE_EMPTY"),  # new: the message has a gap for this row
]


@pytest.mark.parametrize(("order", "says"), FAILED)
def test_what_cannot_be_a_sample_is_named_and_nothing_is_written(
    folder: Path, answer: Callable[..., None], order: Any, says: str
) -> None:
    answer(order)
    ran = run(folder)
    assert (ran.exit_code, says in ran.output) == (1, True), ran.output
    assert not any(secret in ran.output for secret in ("Ines", "Ring"))
    assert written(folder) == TEMPLATE


@pytest.mark.parametrize(
    ("file", "content", "arguments", "says"),
    [
        ("_privacy.yaml", "keep: [", [], "so nobody knows what is personal"),
        ("order.created.yaml", "id: [", [], "has mistakes. Correct them first"),
        ("order.created.yaml", TEMPLATE.replace("{{ order.number }}", "{{ ordr }}"), [], "has mistakes"),
        ("order.created.yaml", WITHOUT + "samples: null\n", [], "nothing can be added to"),
    ],
)
def test_files_with_mistakes_are_named(
    folder: Path, answer: Callable[..., None], file: str, content: str, arguments: list[str], says: str
) -> None:
    (folder / file).write_text(content)
    ran = run(folder, *arguments)
    assert (ran.exit_code, says in " ".join(ran.output.split())) == (1, True), ran.output
    assert (folder / file).read_text() == content


def test_without_rules_all_texts_are_masked(folder: Path, answer: Callable[..., None]) -> None:
    (folder / "_privacy.yaml").unlink()
    ran = run(folder)
    assert (ran.exit_code, "has no _privacy.yaml" in " ".join(ran.output.split())) == (0, True), ran.output
    assert "number: A-11" in written(folder)


def test_a_file_that_is_read_only_is_named(folder: Path, answer: Callable[..., None]) -> None:
    (folder / "order.created.yaml").chmod(0o444)
    ran = run(folder)
    assert (ran.exit_code, "is read-only" in " ".join(ran.output.split())) == (1, True), ran.output
    assert run(folder, "--stdout").exit_code == 0


def test_the_mode_and_a_link_stay(folder: Path, answer: Callable[..., None]) -> None:
    (folder / "shared").mkdir()
    real = (folder / "order.created.yaml").rename(folder / "shared/order.created.txt")
    (folder / "order.created.yaml").symlink_to("shared/order.created.txt")
    real.chmod(0o664)
    assert run(folder).exit_code == 0
    assert (folder / "order.created.yaml").is_symlink()
    assert "id 17" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o664
    assert sorted(one.name for one in (folder / "shared").iterdir()) == ["order.created.txt"]


def test_a_file_that_changed_meanwhile_is_left_alone(
    folder: Path, answer: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = TEMPLATE.replace("A comment", "Another")
    found = command._found

    def meanwhile(*arguments: Any) -> Any:
        (folder / "order.created.yaml").write_text(changed)
        return found(*arguments)

    monkeypatch.setattr(command, "_found", meanwhile)
    ran = run(folder)
    assert (ran.exit_code, "has changed meanwhile" in " ".join(ran.output.split())) == (1, True)
    assert written(folder) == changed


def test_an_event_type_of_several_templates_is_not_guessed(folder: Path, answer: Callable[..., None]) -> None:
    for name in ("a", "b"):
        (folder / f"{name}.yaml").write_text(TEMPLATE.replace("id: integer", "id: integer\nevent: order.sent"))
    ran = CliRunner().invoke(main, ["sample", "order.sent", "1", "--templates", str(folder)])
    assert (ran.exit_code, "Name one of these templates: a, b." in ran.output) == (2, True)
    ran = CliRunner().invoke(main, ["sample", str(folder / "a.yaml"), "1"])
    assert ran.exit_code == 0, ran.output
    assert CliRunner().invoke(main, ["sample", "nothing", "1", "--templates", str(folder)]).exit_code == 2


def test_hostile_values_are_read_back(folder: Path, answer: Callable[..., None]) -> None:
    hostile = {"number": "*bold* <!channel> {{ id }}\u202e\x07", "customer": "x" * 300, "note": "茶\n" * 900,
               "status": "2026-01-02"}  # fmt: skip
    answer(hostile)
    ran = run(folder, "--plain")
    assert ran.exit_code == 0, ran.output
    assert compile_templates(folder).templates[0].samples[1].answers["order"] == hostile
    answer({**ROW, "note": "x" * 262_144})
    assert run(folder, "--name", "long").exit_code == 0  # as long as a block, not as the column
    assert run(folder, "--name", "longer", "--plain").exit_code == 1


def test_a_time_is_a_time(folder: Path, answer: Callable[..., None]) -> None:
    answer({**ROW, "number": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)})
    run(folder)
    assert compile_templates(folder).templates[0].samples[1].answers["order"]["number"].microsecond == 6
