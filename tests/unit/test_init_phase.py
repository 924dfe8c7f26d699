"""The init phase gets ready what it can, and breaks nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from handler import init_phase
from handler.errors import ConfigError


class Steps:
    """Steps that note that they ran, each of which takes so many seconds, or fails."""

    def __init__(self, *steps: float | Exception) -> None:
        self.ran: list[int] = []
        self.now = 100.0
        self._steps = steps

    def __iter__(self) -> Iterator[Callable[[], None]]:
        return iter([self._step(number, step) for number, step in enumerate(self._steps)])

    def _step(self, number: int, step: float | Exception) -> Callable[[], None]:
        def run() -> None:
            self.ran.append(number)
            if isinstance(step, Exception):
                raise step
            self.now += step

        return run


@pytest.mark.parametrize(
    ("steps", "ran"),
    [
        ((), []),
        ((0, 0, 0), [0, 1, 2]),
        ((0, ConfigError("CONFIG_UNAVAILABLE", "the store"), 0), [0, 1]),
        ((OSError("no more files"), 0), [0]),
        ((1.5, 0), [0, 1]),
        ((1.6, 0), [0]),
        ((0.8, 0.8, 0), [0, 1]),
    ],
    ids=str,
)
def test_steps_run_in_order_until_one_fails_or_the_time_is_over(
    steps: tuple[float | Exception, ...], ran: list[int]
) -> None:
    given = Steps(*steps)
    init_phase.prepare(given, clock=lambda: given.now)
    assert given.ran == ran


def test_a_failure_is_told_at_debug_by_its_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(init_phase._logger, "debug", lambda text, *values: told.append(text % values))
    init_phase.prepare(Steps(ValueError("xoxb-secret")))
    [line] = told
    assert "ValueError" in line
    assert "xoxb" not in line


def test_steps_that_cannot_be_listed_are_a_failure_too() -> None:
    def none() -> Iterator[Callable[[], None]]:
        raise ConfigError("CONFIG_INVALID", "NOTIFIER_SLACK")
        yield

    init_phase.prepare(none())
