"""All that is wrong at once: whoever corrects a deployment should not have to deploy once for each mistake."""

from __future__ import annotations

from collections.abc import Callable


def together(*readings: Callable[[], object]) -> None:
    """Try all readings. Raises one ValueError that has the arguments of all the ValueErrors that they raised."""
    mistakes: list[object] = []
    for reading in readings:
        try:
            reading()
        except ValueError as error:
            mistakes += error.args
    if mistakes:
        raise ValueError(*mistakes)
