"""What an error makes of a record that has no message yet."""

from __future__ import annotations

import pytest

from handler.delivery.delivery import failed
from handler.errors import SourceError
from handler.outcome import State
from tests.kit import record


@pytest.mark.parametrize(
    ("code", "attempt", "state"),
    [
        ("DB_UNKNOWN_ERROR", 1, State.RETRY),
        ("DB_UNKNOWN_ERROR", 4, State.RETRY),
        ("DB_UNKNOWN_ERROR", 5, State.PARKED),
        ("DB_UNKNOWN_ERROR", 6, State.PARKED),
        ("DB_UNAVAILABLE", 40, State.RETRY),
        ("QUERY_LOSSY", 1, State.PARKED),
    ],
)
def test_an_error_without_a_name_is_tried_again_a_few_times(code: str, attempt: int, state: State) -> None:
    outcome = failed(record(attempt=attempt), SourceError(code, "default: error 9999"))
    assert (outcome.state, outcome.code) == (state, code)
