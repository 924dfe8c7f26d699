"""Which notifications a command is about, and in which stages."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from cli.language import say

if TYPE_CHECKING:  # what a command needs that is not misused
    from cli.compiler import Compilation, Finding
    from cli.compiler.template import Template
    from handler.catalog import Stage

ALL: Final = "all"
USUAL: Final = "production"
FOLDER: Final = "templates"
VARIABLE: Final = "NOTIFIER_TEMPLATES"
_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Selection:
    """The templates and the stages that were chosen of a folder.

    `unread` are the names of the chosen templates whose files cannot be read as templates at all.
    """

    folder: Path
    compilation: Compilation
    templates: tuple[Template, ...]
    stages: tuple[Stage, ...]
    unread: tuple[str, ...] = ()

    def errors(self, template: Template) -> tuple[Finding, ...]:
        """Return the errors in the file of a template: with one, there is nothing to preview."""
        file = f"{template.notification.name}.yaml"
        return tuple(one for one in self.compilation.findings if one.file == file and one.severity == "error")


def templates(name: str = "folder", default: Path | None = Path(FOLDER)) -> Callable[[_Command], _Command]:
    """Add --templates to a command, as its argument `name`. A folder that is given must be there, and a default too."""
    where = {None: f"{FOLDER}, if it is there", Path(FOLDER): FOLDER}.get(default, "that of this checkout")
    return click.option(
        "--templates",
        name,
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        default=default,
        envvar=VARIABLE,
        help=f"The folder with the templates [{VARIABLE}]. Default: {where}.",
    )


def options(command: _Command) -> _Command:
    """Add --stage and --templates to a command."""
    stage = click.option(
        "--stage",
        "stage_names",
        multiple=True,
        metavar="NAME",
        envvar="NOTIFIER_STAGE",
        help=f"A stage of _stages/ in that folder, or {ALL} [NOTIFIER_STAGE]. Default: {USUAL}, else the first.",
    )
    return stage(templates()(command))


def select(what: str, folder: Path, stage_names: Sequence[str]) -> Selection:
    """Compile the folder, and choose by a notification's name, an event type, or a file; all where `what` is empty.

    Raises click.UsageError, which names the nearest, where there is no such notification or stage.
    """
    from cli.compiler import compile_templates

    name = what
    if what.endswith((".yaml", ".yml")):
        path = Path(what).absolute()
        folder, name = Path(os.path.relpath(path.parent)), path.stem
    compilation = compile_templates(folder)
    templates, unread = _templates(compilation, name)
    return Selection(folder, compilation, templates, _stages(compilation, stage_names), unread)


def _templates(compilation: Compilation, name: str) -> tuple[tuple[Template, ...], tuple[str, ...]]:
    """The chosen templates, and the names of those that cannot be read."""
    known = {one.notification.name: one for one in compilation.templates}
    files = [file.removesuffix(".yaml") for file in compilation.files if "/" not in file]
    unread = tuple(file for file in files if file not in known)
    if not name:
        return tuple(known.values()), unread
    if name in known:
        return (known[name],), ()
    if name in unread:
        return (), (name,)
    if of_type := tuple(one for one in known.values() if one.notification.event == name):
        return of_type, ()
    raise click.UsageError(
        say("There is no notification {name}. {known}", name=name, known=nearest(name, [*known, *unread]))
    )


def _stages(compilation: Compilation, names: Sequence[str]) -> tuple[Stage, ...]:
    from handler.catalog import Stage

    known = {one.name: one for one in compilation.stages} or {USUAL: Stage(USUAL, {}, "")}
    if ALL in names:
        return tuple(known.values())
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(
            say("There is no stage {name}. {known}", name=unknown[0], known=nearest(unknown[0], known))
        )
    return tuple(known[name] for name in names) or (known.get(USUAL) or next(iter(known.values())),)


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which of the known names is the nearest, else which there are."""
    known = sorted(set(known))
    close = get_close_matches(name, known, 1)
    if close:
        return say("Did you mean {name}?", name=close[0])
    return say("Known: {names}.", names=", ".join(known) or "-")
