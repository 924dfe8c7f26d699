"""What the self-check says of rows that a poll by a time leaves out, or that are meant as never."""

from __future__ import annotations

from handler.model import Poll
from handler.polling import time_scan
from handler.polling.table import Table
from handler.polling.time_cursor import SECOND
from tests.unit.health.test_timed import NOW, SELECT, Answers, said

PAST = tuple(range(NOW - 20_000, NOW - 10, 100))


def test_times_that_are_none_are_told() -> None:
    """Microseconds, as one wrong writer leaves them: each run fails with QUERY_INVALID."""
    assert {check.state for check in said(Answers(times=(*PAST, NOW * 10**6))).values()} != {"ok"}


def test_a_window_that_the_future_shortens_is_not_called_too_full() -> None:
    found = said(Answers(times=(*PAST, *(NOW + 1000 + n for n in range(11_995)))))
    assert "future" in found["window"].cause


def test_rows_that_never_end_do_not_turn_seconds_into_milliseconds() -> None:
    """9999-12-31 23:59:59 in seconds, in most of the latest rows: that is 1978 in milliseconds."""
    answers = Answers(times=(*PAST, *[253_402_300_799] * 1_500))
    cursor = time_scan.first_cursor(Table(answers, Poll(SELECT, 60.0, at="at")).page, 3600.0, NOW * SECOND, "at")
    assert (cursor.unit, cursor.watermark) == ("s", PAST[-1] * SECOND)
    assert "many years in the future" in said(answers)[""].seen
