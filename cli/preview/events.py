"""What people type of an event: the id of a row, and the extras in `data`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import click

from cli.language import say

if TYPE_CHECKING:  # what a command needs that is not misused
    from handler.model import IdRule

# A longer number is no id; Python refuses to read one of thousands of digits.
_DIGITS: Final = 100


def row_id(text: str, rule: IdRule) -> int | str:
    """Return an id as an application would publish it: digits are a number, except where ids are texts."""
    is_number = rule.kind != "pattern" and text.isascii() and text.isdecimal() and len(text) <= _DIGITS
    return int(text) if is_number else text


def extras(text: str) -> dict[str, Any]:
    """Return the object that --data has. Raises click.UsageError."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise click.UsageError(say("--data takes a JSON object, such as {example}", example='\'{"coupon": "TEA"}\''))
    return data
