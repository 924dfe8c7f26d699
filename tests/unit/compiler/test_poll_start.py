"""`start` of a poll in a template: which times it takes, and what each mistake is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from handler import catalog

from .conftest import Compile
from .test_schema import problems as said_by_an_editor

GOOD = """\
id: integer
channel: orders
poll:
  every: 1m
  sql: SELECT o.id, o.created_at AS created FROM orders o
  start: now
text: Order {{ id }}
samples:
  one: {id: 1}
"""
FIRST = datetime(2026, 11, 1, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ("now", None),
        ("2026-11-01T00:00:00Z", FIRST),
        ("'2026-11-01T00:00:00Z'", FIRST),
        ("2026-11-01 00:00:00Z", FIRST),
        ("2026-11-01T09:00:00+09:00", FIRST),
        ("2026-11-01T09:00+09:00", FIRST),
        ("2026-10-31T20:00:00.25-04:00", FIRST + 0.25),
        ("1970-01-01T00:00:00Z", 0.0),
        ("2999-12-31T23:59:59.999999Z", 32_503_679_999.999999),
    ],
)
def test_a_time_with_a_zone_is_what_the_function_reads(compiled: Compile, written: str, start: float | None) -> None:
    text = GOOD.replace("start: now", f"start: {written}")
    compilation = compiled(text)
    assert compilation.findings == ()
    (poll,) = catalog.read(json.loads(json.dumps(compilation.catalog)), "test").polls.values()
    assert poll.start == start
    assert said_by_an_editor(text) == []


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        ("2026-11-01", "2026-11-01T00:00:00Z, or 2026-11-01T00:00:00+09:00 for the time in Japan"),
        ("2026-11-01T08:30", "2026-11-01T08:30Z, or 2026-11-01T08:30+09:00 for the time in Japan"),
        ("2026-11-01 08:30:15", "2026-11-01T08:30:15Z, or 2026-11-01T08:30:15+09:00 for the time in Japan"),
        ("2026-11-01T00:00:00 Asia/Tokyo", "2026-11-01T00:00:00Z, or 2026-11-01T00:00:00+09:00"),
        ("2026-13-01T00:00:00Z", "now"),
        ("2026-11-31", "now"),
        ("1969-12-31T00:00:00Z", "now"),
        ("2026-11-01T00:00:00+99:00", "2026-11-01T00:00:00Z"),
        ("1793491200", "now"),
        ("7d", "now"),
        ("yesterday", "now"),
        ("Now", "now"),
        ("3000-01-01T00:00:00Z", "now"),
        ("2026-W45-1", "now"),
        ("20261101T000000Z", "now"),
        ("٢٠٢٦-11-01T00:00:00Z", "now"),
    ],
)
def test_a_time_without_a_zone_is_a_mistake(compiled: Compile, written: str, fix: str) -> None:
    """A date alone would begin at another moment in each zone."""
    (finding,) = compiled(GOOD.replace("start: now", f"start: {written}")).findings
    assert finding.code == "VALUE_INVALID"
    assert "a time with its zone, such as 2026-11-01T00:00:00+09:00" in finding.message
    assert finding.fix.startswith(f"write start: {fix}")


@pytest.mark.parametrize("sql", ["SELECT o.id FROM orders o", "SELECT id FROM a JOIN b ON a.x = b.x"])
def test_without_the_column_created_only_now_can_be_meant(compiled: Compile, sql: str) -> None:
    text = GOOD.replace("SELECT o.id, o.created_at AS created FROM orders o", sql)
    assert "VALUE_INVALID" not in {finding.code for finding in compiled(text).findings}
    findings = compiled(text.replace("start: now", "start: 2026-11-01T00:00:00Z")).findings
    (finding,) = [one for one in findings if one.code == "VALUE_INVALID"]
    assert "the SELECT has no column `created`" in finding.message
    assert "o.created_at AS created" in finding.fix


@pytest.mark.parametrize("written", ["now", "2026-11-01T00:00:00Z"])
def test_a_poll_by_a_time_needs_no_column_created(compiled: Compile, written: str) -> None:
    text = GOOD.replace("o.created_at AS created", "o.paid_at AS at").replace("start: now", f"start: {written}")
    compilation = compiled(text)
    assert compilation.findings == ()
    (poll,) = catalog.read(json.loads(json.dumps(compilation.catalog)), "test").polls.values()
    assert (poll.at, poll.start) == ("paid_at", None if written == "now" else FIRST)


def test_a_mistake_in_the_select_is_told_once(compiled: Compile) -> None:
    text = GOOD.replace("SELECT o.id, ", "SELECT o.id, o.total, ").replace("start: now", "start: 2026-11-01T00:00:00Z")
    (finding,) = compiled(text).findings
    assert "o.total" in finding.message


@pytest.mark.parametrize("key", ["since", "from"])
def test_what_people_call_it_is_understood(compiled: Compile, key: str) -> None:
    (finding, *_) = compiled(GOOD.replace("start: now", f"{key}: now")).findings
    assert "start" in finding.fix
