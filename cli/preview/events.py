"""Parses what people type about an event: the id of a row, and its `data`."""

from __future__ import annotations

import json
import shlex
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from cli.language import later, say

if TYPE_CHECKING:  # imported when the command runs: usage errors stay fast
    from handler.model import IdRule

NEEDS_DATA: Final = later("the template reads the event's `data`. Write:")
# A longer number is not an id. Python refuses to parse one of thousands of digits.
_DIGITS: Final = 100
_EXAMPLE: Final = '{"coupon": "TEA"}'


def row_id(text: str, rule: IdRule) -> int | str:
    """Return an id as an application would publish it: digits are a number, unless the template's ids are texts."""
    is_number = rule.kind != "pattern" and text.isascii() and text.isdecimal() and len(text) <= _DIGITS
    return int(text) if is_number else text


def extras(text: str) -> dict[str, Any]:
    """Return the JSON object of --data. Raises click.UsageError."""
    try:
        return typed_extras(text)
    except ValueError:
        raise click.UsageError(say("--data takes a JSON object, such as {example}", example=f"'{_EXAMPLE}'")) from None


def typed_extras(text: str) -> dict[str, Any]:
    """Return the object that somebody typed as JSON; nothing is an empty one. Raises ValueError."""
    with suppress(ValueError, RecursionError):
        match json.loads(text) if text.strip() else {}:
            case dict(data):
                return data
    raise ValueError(say("`data` takes a JSON object, such as {example}", example=_EXAMPLE))


def advice(data: str) -> str:
    """Say which `data` an event needs, with the command to paste."""
    return f"{say(NEEDS_DATA)} {again(data=data)}"


def again(**options: str) -> str:
    """Return the command that runs, with further options, to paste."""
    context = click.get_current_context()
    words = ["notifier", *context.command_path.split()[1:]]
    for one in context.command.params:
        if not one.name or context.get_parameter_source(one.name) is not ParameterSource.COMMANDLINE:
            continue
        value = context.params[one.name]
        for each in value if isinstance(value, tuple) else (value,):
            words += [] if isinstance(one, click.Argument) else [one.opts[0]]
            words += [] if each is True else [str(each)]
    return shlex.join([*words, *(word for name, text in options.items() for word in (f"--{name}", text))])
