"""The lists `Databases` and `Apis`: entries `name=URI;option=value`, separated by spaces, or by commas and spaces.

With commas, a list that was cut short is noticed. Unless the value is in quotes of its own, `sam deploy` ends it at the
first space and silently drops the rest; what remains then ends with a comma.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeVar

from handler.problems import together

Address = TypeVar("Address")
# Takes an entry's name, its URI and its options. Raises ValueError with one argument for each problem.
Parse = Callable[[str, str, Mapping[str, str]], Address]

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*")
# Other texts are not quoted in messages: if the name is missing, the text before the first = may be an address or even
# a secret.
_NEARLY_A_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
# A space next to a semicolon is a typing mistake, and does not end the entry.
_SEPARATOR: Final = re.compile(r"(?<![;\s])\s+(?![;\s])")
_SCHEME: Final = re.compile(r"[a-z]+://")
_TWO_IN_ONE: Final = re.compile(r"[,;][A-Za-z][A-Za-z0-9_-]*=[a-z]+://")


def read_entries(text: str, parse: Parse[Address], two: str) -> tuple[dict[str, Address], list[str]]:
    """Return the addresses by name, and all problems, each with the name or the position of its entry.

    `two` is an example of such a list, for the messages.
    """
    found: dict[str, Address] = {}
    problems: list[str] = []
    entries = [entry.removesuffix(",") for entry in _SEPARATOR.split(text.strip())]
    for position, entry in enumerate(filter(None, entries), 1):
        name, _, rest = entry.partition("=")
        named = _NEARLY_A_NAME.fullmatch(name)
        try:
            checks = [partial(_check, entry, found, two), partial(_keep, name, rest, found, parse, two)]
            together(*(checks if named else checks[:1]))
        except ValueError as error:
            problems += [f"{name if named else f'entry {position}'}: {said}" for said in error.args]
    if text.rstrip().endswith(","):
        problems.append(
            f"""the list ends with a comma, so the rest was cut off; pass the list to sam in quotes: '"{two}"'"""
        )
    return found, problems


def _check(entry: str, found: Mapping[str, object], two: str) -> None:
    """Refuse an entry whose name is malformed or was used before."""
    name = entry.partition("=")[0]
    if not _NAME.fullmatch(name):
        right = name.lower() if _NAME.fullmatch(name.lower()) else "default"
        [scheme, *_] = _SCHEME.findall(f"{entry} {two}")
        raise ValueError(f"write {right}={scheme}…; names are in lower case")
    if name in found:
        raise ValueError("the name is used twice")


def _keep(name: str, rest: str, found: dict[str, Address], parse: Parse[Address], two: str) -> None:
    """Parse the address of an entry and put it into `found`."""
    if _TWO_IN_ONE.search(rest):
        raise ValueError(f"separate several entries with spaces: {two}")
    uri, *texts = "".join(rest.split()).split(";")
    pairs = [text.partition("=") for text in texts]
    options = {key: value for key, _, value in pairs if key and value}

    def blanks() -> None:
        if re.search(r"\s", rest):
            raise ValueError("remove the spaces around the ;")

    def form() -> None:
        if len(options) < len(pairs):
            raise ValueError("write each option once, as ;name=value")

    def address() -> None:
        found[name] = parse(name, uri, options)

    together(blanks, form, address)
