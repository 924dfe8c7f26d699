"""Reads parameter overrides from samconfig.toml as `sam deploy` does, and finds those that `sam` drops silently."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cli.diagnoses import suggestion
from handler.health.model import Check

# The templates of the package and of the image: a parameter of either is known.
TEMPLATES: Final = ("template.yaml", "template-image.yaml")
_FILE: Final = "file://"
_INCLUDE: Final = "$include"
# SAM's own patterns (samcli/cli/types.py). The first pattern that finds anything parses the whole text: an unquoted
# value ends at a space, and only quotes keep a list together.
_VALUE: Final = r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?:\\.|[^ "\\])+)"""
_KEY: Final = r"""([A-Za-z0-9"']+)"""
_FORMS: Final = (
    re.compile(rf"ParameterKey={_KEY},ParameterValue={_VALUE}"),
    re.compile(rf" {_KEY}={_VALUE}"),
)


@dataclass(frozen=True, slots=True)
class Overrides:
    """The overrides of an environment: `values` by parameter, and `lost`, text that belongs to none."""

    values: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()


def read(path: Path, environment: str) -> Overrides:
    """Return the overrides of an environment; none if there is no such file or table.

    Raises ValueError if the file, or another one that it names, cannot be read.
    """
    if not path.is_file():
        return Overrides()
    commands: Any = _load(path).get(environment, {})
    of_all, of_deploy = (commands.get(name, {}).get("parameters", {}) for name in ("global", "deploy"))
    given = {**of_all, **of_deploy}.get("parameter_overrides")
    values: dict[str, str] = {}
    lost: list[str] = []
    for found, rest in _parts(given, None, ()):
        values |= found
        lost += rest
    return Overrides({_unquoted(name): _unquoted(value) for name, value in values.items()}, tuple(lost))


def declared(folder: Path) -> frozenset[str] | None:
    """Return the parameters of the templates in a folder; None if there is no template. Raises ValueError."""
    found = [_load(folder / name) for name in TEMPLATES if (folder / name).is_file()]
    return frozenset(name for template in found for name in template.get("Parameters", {})) if found else None


def check(given: Overrides, known: Collection[str] | None) -> Iterator[Check]:
    """Report each override that `sam deploy` drops silently, because the template has no such parameter.

    `known` are the template's parameters; None: there is no template here.
    """
    if known is None:
        if given.values:
            cause = f"there is no {TEMPLATES[0]} in this folder"
            yield Check("parameters", "skipped", cause=cause, remedy="run it in the checkout that you deploy")
        return
    unknown = sorted(given.values.keys() - known)
    for name in unknown:
        cause = f"{TEMPLATES[0]} has no parameter {name}, and `sam deploy` drops it without a word"
        remedy = (
            f"correct or remove it in samconfig.toml; {suggestion(name, known)}. A list stands in quotes of its own"
        )
        yield Check(f"parameter {name}", "failed", cause=cause, remedy=remedy)
    for text in given.lost:
        cause = f"`sam deploy` drops `{text}` without a word: it is no name=value"
        remedy = 'write Name=value, Name="a value with blanks", or Name="" for an empty one'
        yield Check("parameters", "failed", cause=cause, remedy=remedy)
    if given.values and not unknown and not given.lost:
        yield Check("parameters", "ok", ", ".join(sorted(given.values)))


def _parts(given: Any, beside: Path | None, within: tuple[Path, ...]) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Parse what SAM allows: a text, a table, a list of these, or the name of a file with one of them.

    A file name is relative to the file `beside`. `within` are the files that are being read, to find cycles.
    """
    match given:
        case str() if given.startswith(_FILE):
            path = ((beside.parent if beside else Path()) / given.removeprefix(_FILE)).resolve()
            if path in within:
                raise ValueError(f"{path.name} includes itself")
            yield from _parts(_load(path), path, (*within, path))
        case str():
            yield _pairs(given)
        case Mapping():
            for name, value in given.items():
                if name == _INCLUDE:
                    yield from _parts(value, beside, within)
                else:
                    yield {str(name): _text(value)}, []
        case list():
            for one in given:
                yield from _parts(one, beside, within)


def _pairs(text: str) -> tuple[dict[str, str], list[str]]:
    """Return the key-value pairs of a text, and the text that is left over."""
    padded = f" {text.strip()}"
    for form in _FORMS:
        if pairs := form.findall(padded):
            return dict(pairs), form.sub(" ", padded).split()
    return {}, []  # SAM refuses it with a message


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(str(one).strip() for one in value if one not in (None, ""))
    return "" if value is None else str(value)


def _unquoted(text: str) -> str:
    if text and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return text.replace("\\ ", " ").replace('\\"', '"').replace("\\'", "'")


def _load(path: Path) -> Any:
    """Return the document of a TOML file, or of a YAML file as SAM does (YAML 1.2: `on` is text). Raises ValueError."""
    try:
        text = path.read_text("utf-8")
        return tomllib.loads(text) if path.suffix == ".toml" else _yaml(text)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from None


def _yaml(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML().load(text)
    except YAMLError as error:
        raise ValueError(str(error)) from None
