"""The terminal: its width, the progress of slow work, and --json."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any, Final, TypeVar

import click
from rich.console import Console, RenderableType

WIDTH: Final = 100
WHOLE: Final = 2000
Say = Callable[[str], None]
_Command = TypeVar("_Command", bound=Callable[..., Any])


def console() -> Console:
    """Return the console, no wider than is readable. Characters that it cannot encode become question marks."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    terminal = Console(highlight=False)
    if terminal.width > WIDTH:
        terminal.width = WIDTH
    return terminal


def print_whole(part: RenderableType) -> None:
    """Print something that limits its own width, except for long lines that must not be broken or cut."""
    Console(highlight=False, width=WHOLE).print(part)


def as_json(command: _Command) -> _Command:
    """Add --json to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")(command)


def print_json(document: Any) -> None:
    """Print a document as JSON, with escapes if the output is not UTF-8."""
    is_utf8 = codecs.lookup(sys.stdout.encoding or "utf-8").name == "utf-8"
    click.echo(json.dumps(document, ensure_ascii=not is_utf8, indent=2))


@contextmanager
def working(what: str) -> Iterator[Say]:
    """Show on a terminal, beside the output, that work is in progress. Yields a function that shows how far it is."""
    aside = Console(stderr=True, highlight=False)
    with aside.status(what) as status:
        yield lambda far: status.update(f"{what}: {far}" if far else what)
