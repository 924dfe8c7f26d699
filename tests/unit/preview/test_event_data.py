"""The `data` of events: what a template reads, what a poll's event would have, and what to change to try a poll."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.compiler import compile_templates
from cli.preview.event_data import UsedData
from cli.preview.poll_trial import example, statement
from handler.errors import SourceError
from tests.kit import FakeDatabase

STAGE = "channels: {orders: C0123ORDERS}\nfallback: C0123ORDERS\n"
WATCHING = "poll: {every: 1m, sql: 'SELECT o.id, o.status AS watched FROM orders o'}\n"
BOTH = "{{ data.old | default('new') }} → {{ data.new }}"
SAMPLE = "{id: 7, data: {old: pending, new: paid}}"


def compiled(folder: Path, files: Mapping[str, str]) -> Any:
    (folder / "_stages").mkdir()
    (folder / "_stages/production.yaml").write_text(STAGE)
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content, "utf-8")
    found = compile_templates(folder)
    assert not found.errors, found.findings
    return found


def template(text: str, samples: str, more: str = "") -> str:
    return f'id: integer\nchannel: orders\n{more}text: "x {text}"\nsamples: {samples}\n'


def carried(folder: Path, content: str, name: str = "order.status", **others: str) -> UsedData:
    found = compiled(folder, {name: content, **others})
    one = next(each for each in found.templates if each.notification.name == name)
    return UsedData.of(one.notification, one.samples, found.polls)


@pytest.mark.parametrize(
    ("text", "samples", "needed", "example"),
    [
        ("{{ id }}", "{a: {id: 1}}", "", {}),
        ("{{ id }}", "{a: {id: 1, data: {by: Ines}}}", "", {}),
        ("{{ data.by }}", "{a: {id: 1, data: {by: Ines, sum: 1.50}}}", '{"by": "Ines", "sum": "1.50"}', {"by"}),
        ("{{ data['by'] }}", "{a: {id: 1, data: {by: Ines}}}", '{"by": "Ines"}', {"by"}),
        ("{{ data.by | default('-') }}", "{a: {id: 1}, b: {id: 2, data: {by: Ines}}}", "", {"by"}),
        ("{% for one in data.all %}{{ one }}{% endfor %}", "{a: {id: 1, data: {all: [1]}}}", '{"all": [1]}', {"all"}),
        ("data.by {{ id }}", "{a: {id: 1, data: {by: Ines}}}", "", {}),
    ],
)
def test_data_are_needed_if_they_are_read_and_every_sample_has_them(
    tmp_path: Path, text: str, samples: str, needed: str, example: Any
) -> None:
    found = carried(tmp_path, template(text, samples))
    assert (found.needed, {*found.example} >= {*example}) == (needed, True)


@pytest.mark.parametrize(
    ("rows", "given", "data"),
    [
        ([{"watched": "paid"}], {}, {"old": "pending", "new": "paid"}),
        ([{"watched": "pending"}], {}, {"old": None, "new": "pending"}),
        ([{"watched": None}], {}, {"old": "pending", "new": None}),
        ([], {}, {}),
        ([{"watched": "paid"}], {"new": "lost"}, {"old": "pending", "new": "lost"}),
        (None, {"old": "a", "new": "b"}, {"old": "a", "new": "b"}),
    ],
)
def test_the_event_of_a_change_has_the_value_of_the_row(tmp_path: Path, rows: Any, given: Any, data: Any) -> None:
    asked: list[str] = []

    def answer(sql: str, parameters: Any) -> Any:
        asked.append(sql)
        assert (parameters, rows is None) == ({"id": 7}, False)
        return rows

    found = carried(tmp_path, template(BOTH, f"{{a: {SAMPLE}}}", WATCHING))
    assert found.of_row(7, given, FakeDatabase(answer)) == data
    assert all("FROM (SELECT o.id, o.status AS watched FROM orders o) AS found" in sql for sql in asked)


def test_another_template_for_the_events_of_a_poll_has_them_too(tmp_path: Path) -> None:
    polled = template("{{ id }}", f"{{a: {SAMPLE}}}", WATCHING)
    found = carried(
        tmp_path, template(BOTH, f"{{a: {SAMPLE}}}", "event: order.status\n"), "other", **{"order.status": polled}
    )
    assert found.of_row(7, {}, FakeDatabase(lambda *_: [{"watched": "paid"}])) == {"old": "pending", "new": "paid"}


def test_a_poll_whose_template_reads_no_data_asks_nothing(tmp_path: Path) -> None:
    def fail(*_: Any) -> Any:
        raise SourceError("DB_UNAVAILABLE", "")

    found = carried(tmp_path, template("{{ id }}", f"{{a: {SAMPLE}}}", WATCHING))
    assert found.of_row(7, {}, FakeDatabase(fail)) == {}


UUID = "5f0c1c2e-8d2f-4a52-9a41-0d6f7b1f3f11"
POLLS = {
    "a watched column": (WATCHING, "integer", SAMPLE, "UPDATE orders SET status = 'paid' WHERE id = 7"),
    "a watched expression": (
        "poll: {every: 1m, sql: 'SELECT id, a IS NOT NULL AS watched FROM orders'}\n",
        "integer",
        "{id: 7, data: {old: '0', new: '1'}}",
        "UPDATE orders SET … = '1' WHERE id = 7",
    ),
    "another id": (
        "poll: {every: 1m, sql: 'SELECT number AS id, status AS watched FROM orders'}\n",
        "integer",
        SAMPLE,
        "UPDATE orders SET status = 'paid' WHERE number = 7",
    ),
    "what a shell reads": (
        WATCHING,
        "integer",
        "{id: 7, data: {old: a, new: '$(rm)'}}",
        "UPDATE orders SET status = '…' WHERE id = 7",
    ),
    "a time": (
        "poll: {every: 1m, sql: 'SELECT id, paid_at AS at FROM orders'}\n",
        "uuid",
        f"{{id: {UUID}}}",
        f"UPDATE orders SET paid_at = UTC_TIMESTAMP() WHERE id = '{UUID}'",
    ),
    "new rows": (
        "poll: {every: 1m, sql: SELECT id FROM orders}\n",
        "integer",
        "{id: 7}",
        "INSERT INTO orders (…) VALUES (…)",
    ),
    "no poll": ("", "integer", "{id: 7}", ""),
}


@pytest.mark.parametrize(("poll", "form", "sample", "sql"), POLLS.values(), ids=POLLS)
def test_a_poll_is_tried_by_a_statement(tmp_path: Path, poll: str, form: str, sample: str, sql: str) -> None:
    content = template("{{ id }}", f"{{a: {sample}}}", poll).replace("id: integer", f"id: {form}")
    found = compiled(tmp_path, {"order.status": content})
    assert [statement(one) for one in found.templates] == [sql]
    assert example(found.templates) == (sql or "UPDATE … SET … WHERE id = …")
