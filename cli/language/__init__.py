"""The words of the tools, in the language of the person who uses them.

The code has the English sentence, as `say("there is no stage {name}", name=name)`. It is the key of the translation in
`ja.toml`, or of another language's file beside it. A test checks that no sentence is missing there, and none is left
over.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

ENGLISH: Final = "en"
LANGUAGES: Final = (ENGLISH, "ja")
VARIABLE: Final = "NOTIFIER_LANG"
# Where the language is read from that nobody named: the stage production in the usual folder of templates.
_STAGE: Final = Path("_stages/production.yaml")
_LANGUAGE: Final = re.compile(r"""^language: *["']?([a-z]+)["']? *(?:#.*)?$""", re.MULTILINE)

_chosen: str | None = None


def say(sentence: str, /, **values: object) -> str:
    """Return a sentence in the chosen language, with the values in it.

    As in Python, braces are doubled in a sentence with values, and stand for themselves in one without.
    """
    found = translations(language()).get(sentence, sentence)
    return found.format(**values) if values else found


def later(sentence: str) -> str:
    """Return the sentence itself. It marks one in a table of the code, which `say` gets when it is shown."""
    return sentence


def plural(one: str, many: str, /, count: int, **values: object) -> str:
    """Return the sentence for one or for many, with {count} in it."""
    return say(one if count == 1 else many, count=count, **values)


def language() -> str:
    """Return the language that somebody named, else that of the stage production, else English."""
    if named := given():
        return named
    spoken = _of_stage(Path(os.environ.get("NOTIFIER_TEMPLATES") or "templates").absolute())
    return spoken if spoken in LANGUAGES else ENGLISH


@cache
def _of_stage(folder: Path) -> str:
    """The language that the messages of production are in; empty if that cannot be read."""
    try:
        found = _LANGUAGE.search((folder / _STAGE).read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    return found[1] if found else ""


def given() -> str | None:
    """Return the chosen language, else that of NOTIFIER_LANG; None where nobody has named one."""
    named = _chosen or os.environ.get(VARIABLE)
    return named if named in LANGUAGES else None


@contextmanager
def speaking(name: str | None) -> Iterator[None]:
    """Let all sentences of the block be in this language; None: in the one that `language` finds."""
    global _chosen  # noqa: PLW0603 - one process speaks one language
    before, _chosen = _chosen, name
    try:
        yield
    finally:
        _chosen = before


@cache
def translations(name: str) -> Mapping[str, str]:
    """Return the sentences of a language by the English ones. English has none."""
    path = Path(__file__).with_name(f"{name}.toml")
    return tomllib.loads(path.read_text("utf-8")) if name != ENGLISH else {}
