"""The lists `Databases` and `Apis`: entries `name=URI;option=value` apart by blanks, with or without a comma before.

The comma makes a list that was cut short a mistake. `sam deploy` ends a value at its first blank and drops the rest in
silence, unless the value stands in quotes of its own; what is left then ends with a comma.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeVar

from handler.problems import together

Address = TypeVar("Address")
# Takes an entry's name, its URI and its options; raises ValueError with an argument for each mistake.
Parse = Callable[[str, str, Mapping[str, str]], Address]

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*")
# Others are not repeated: where the name was forgotten, what stands before the first = may be an address, or worse.
_NEARLY_A_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
# A blank beside a semicolon is a slip, and ends no entry.
_APART: Final = re.compile(r"(?<![;\s])\s+(?![;\s])")
_SCHEME: Final = re.compile(r"[a-z]+://")
_TWO_IN_ONE: Final = re.compile(r"[,;][A-Za-z][A-Za-z0-9_-]*=[a-z]+://")


def read_entries(text: str, parse: Parse[Address], two: str) -> tuple[dict[str, Address], list[str]]:
    """Return the addresses by name, and all mistakes, each with the name or the position of its entry.

    `two` is an example of such a list, for the messages.
    """
    found: dict[str, Address] = {}
    mistakes: list[str] = []
    entries = [entry.removesuffix(",") for entry in _APART.split(text.strip())]
    for position, entry in enumerate(filter(None, entries), 1):
        name, _, rest = entry.partition("=")
        named = _NEARLY_A_NAME.fullmatch(name)
        try:
            checks = [partial(_check, entry, found, two), partial(_keep, name, rest, found, parse, two)]
            together(*(checks if named else checks[:1]))
        except ValueError as error:
            mistakes += [f"{name if named else f'entry {position}'}: {said}" for said in error.args]
    if text.rstrip().endswith(","):
        mistakes.append(f"""the list ends with a comma, so its end is missing; give it to sam in quotes: '"{two}"'""")
    return found, mistakes


def _check(entry: str, found: Mapping[str, object], two: str) -> None:
    """Refuse an entry for its name."""
    name = entry.partition("=")[0]
    if not _NAME.fullmatch(name):
        right = name.lower() if _NAME.fullmatch(name.lower()) else "default"
        [scheme, *_] = _SCHEME.findall(f"{entry} {two}")
        raise ValueError(f"write {right}={scheme}…; names are in small letters")
    if name in found:
        raise ValueError("the name stands twice")


def _keep(name: str, rest: str, found: dict[str, Address], parse: Parse[Address], two: str) -> None:
    """Put the address that stands behind a name into `found`."""
    if _TWO_IN_ONE.search(rest):
        raise ValueError(f"several stand apart by blanks: {two}")
    uri, *texts = "".join(rest.split()).split(";")
    pairs = [text.partition("=") for text in texts]
    options = {key: value for key, _, value in pairs if key and value}

    def blanks() -> None:
        if re.search(r"\s", rest):
            raise ValueError("a blank stands beside a ;, where none may be")

    def form() -> None:
        if len(options) < len(pairs):
            raise ValueError("an option is not of the form ;name=value, or stands twice")

    def address() -> None:
        found[name] = parse(name, uri, options)

    together(blanks, form, address)
