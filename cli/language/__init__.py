"""Translates the sentences of the tools into the user's language.

The code has the English sentence, as `say("there is no stage {name}", name=name)`. It is the key of the translation in
`ja.toml`, or in another language's file. A test checks that no translation is missing, and none is unused.
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
# If nobody chose a language, it is that of the stage production in the default folder of templates.
_STAGE: Final = Path("_stages/production.yaml")
_LANGUAGE: Final = re.compile(r"""^language: *["']?([a-z]+)["']? *(?:#.*)?$""", re.MULTILINE)

_chosen: str | None = None


def say(sentence: str, /, **values: object) -> str:
    """Return a sentence in the chosen language, with its values filled in.

    As in Python's str.format, double the braces in a sentence with values, but not in one without.
    """
    found = translations(language()).get(sentence, sentence)
    return found.format(**values) if values else found


def later(sentence: str) -> str:
    """Return the sentence unchanged. Marks a sentence in a table that is passed to `say` when it is shown."""
    return sentence


def plural(one: str, many: str, /, count: int, **values: object) -> str:
    """Return the singular or the plural sentence, with {count} filled in."""
    return say(one if count == 1 else many, count=count, **values)


def language() -> str:
    """Return the language that the user chose, else that of the stage production, else English."""
    if named := given():
        return named
    spoken = _of_stage(Path(os.environ.get("NOTIFIER_TEMPLATES") or "templates").absolute())
    return spoken if spoken in LANGUAGES else ENGLISH


@cache
def _of_stage(folder: Path) -> str:
    """Return the language of the production messages; empty if it cannot be read."""
    try:
        found = _LANGUAGE.search((folder / _STAGE).read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    return found[1] if found else ""


def given() -> str | None:
    """Return the chosen language, else that of NOTIFIER_LANG; None if neither is set."""
    named = _chosen or os.environ.get(VARIABLE)
    return named if named in LANGUAGES else None


@contextmanager
def speaking(name: str | None) -> Iterator[None]:
    """Use this language for all sentences in the block; with None, the one that `language` finds."""
    global _chosen  # noqa: PLW0603 - one process speaks one language
    before, _chosen = _chosen, name
    try:
        yield
    finally:
        _chosen = before


@cache
def translations(name: str) -> Mapping[str, str]:
    """Return the translations by their English sentences; empty for English."""
    path = Path(__file__).with_name(f"{name}.toml")
    return tomllib.loads(path.read_text("utf-8")) if name != ENGLISH else {}
