"""Reports all problems at once, so that correcting a deployment does not take one deployment for each problem."""

from __future__ import annotations

from collections.abc import Callable


def together(*readings: Callable[[], object]) -> None:
    """Call all readings. Raises one ValueError that holds the arguments of all the ValueErrors that they raised."""
    problems: list[object] = []
    for reading in readings:
        try:
            reading()
        except ValueError as error:
            problems += error.args
    if problems:
        raise ValueError(*problems)
