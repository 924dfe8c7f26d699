"""Selects the notifications and the stages that a command works on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from cli.language import later, say

if TYPE_CHECKING:  # imported when the command runs: usage errors stay fast
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
    """The chosen templates and stages of a folder.

    `unread` are the names of chosen templates that could not be compiled at all.
    """

    folder: Path
    compilation: Compilation
    templates: tuple[Template, ...]
    stages: tuple[Stage, ...]
    unread: tuple[str, ...] = ()

    def errors(self, template: Template) -> tuple[Finding, ...]:
        """Return the errors in the file of a template. A template with errors has no preview."""
        return _errors(self.compilation, f"{template.notification.name}.yaml")

    @property
    def whole(self) -> tuple[Template, ...]:
        """Return the templates without errors."""
        return tuple(one for one in self.templates if not self.errors(one))

    @property
    def broken(self) -> frozenset[str]:
        """Return the names of the chosen templates with errors."""
        return frozenset((*self.unread, *(one.notification.name for one in self.templates if self.errors(one))))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return the errors in the shared labels and in the chosen templates."""
        from cli.compiler.files import LABELS

        return _errors(self.compilation, LABELS, *(f"{name}.yaml" for name in self.broken))


def shipped(checkout: Path) -> Path:
    """Return the template folder of a checkout; without a checkout, that of the working directory."""
    folder = checkout / FOLDER
    return folder if folder.is_dir() else Path(FOLDER)


def templates(name: str = "folder", default: Path | None = Path(FOLDER)) -> Callable[[_Command], _Command]:
    """Add --templates to a command, as its argument `name`. A given folder must exist, and so must the default."""
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
    """Compile the folder, and select by a notification's name, an event type, or a file; everything if `what` is empty.

    Raises click.UsageError, with the nearest name, if there is no such notification, file or stage, and
    click.ClickException for a stage with errors.
    """
    from cli.compiler import compile_templates

    name = what
    if _is_path(what):
        folder, name = _file(Path(what), folder)
    compilation = compile_templates(folder)
    templates, unread = _templates(compilation, what, name, folder)
    return Selection(folder, compilation, templates, _stages(compilation, folder, stage_names), unread)


def earlier(chosen: Selection, what: str, folder: Path) -> Selection:
    """Return the same selection in an earlier version of the folder. Stages or templates may be missing there."""
    from cli.compiler import compile_templates

    compilation = compile_templates(folder)
    of_today = {one.name for one in chosen.stages}
    names = {*chosen.unread, *(one.notification.name for one in chosen.templates)}
    known, unread = _known(compilation)
    return Selection(
        folder,
        compilation,
        tuple(one for name, one in known.items() if not what or name in names or one.notification.event == what),
        tuple(one for name, one in _known_stages(compilation)[1].items() if name in of_today),
        tuple(name for name in unread if not what or name in names),
    )


def _is_path(what: str) -> bool:
    return what.endswith((".yaml", ".yml")) or "/" in what


def _file(path: Path, folder: Path) -> tuple[Path, str]:
    """Return the folder and the name of the template in a file."""
    from cli.compiler.files import from_here, shown

    if path.is_dir():
        raise _is_a_folder(str(path))
    if not path.exists():
        likely = folder / path.name
        known = say("Did you mean {name}?", name=shown(likely)) if likely.exists() else ""
        raise click.UsageError(say("There is no file {path}. {known}", path=shown(path), known=known).rstrip())
    path = path.absolute()
    if path.parent.name == "_stages":
        raise click.UsageError(
            say("{path} is a stage, not a template. Write --stage {name}", path=shown(path.name), name=shown(path.stem))
        )
    if path.suffix != ".yaml" or path.name.startswith(("_", ".")):
        raise click.UsageError(say("{path} is not the file of a template.", path=shown(path.name)))
    return from_here(path.parent), path.stem


def _is_a_folder(path: str) -> click.UsageError:
    return click.UsageError(say("{path} is a folder. Write --templates {path}", path=_shown(path)))


def _templates(
    compilation: Compilation, what: str, name: str, folder: Path
) -> tuple[tuple[Template, ...], tuple[str, ...]]:
    """Return the chosen templates, and the names of those that cannot be read."""
    known, unread = _known(compilation)
    if not name:
        return tuple(known.values()), unread
    if name in known:
        return (known[name],), ()
    if name in unread:
        return (), (name,)
    if not _is_path(what) and (of_type := tuple(one for one in known.values() if one.notification.event == name)):
        return of_type, ()
    if Path(what).is_dir():
        raise _is_a_folder(what)
    missing = say("There is no notification {name}. {known}", name=_shown(name), known=nearest(name, [*known, *unread]))
    where = later("The templates are read from {folder}; --templates or {variable} names another folder.")
    raise click.UsageError(f"{missing} {say(where, folder=_shown(str(folder)), variable=VARIABLE)}")


def _known(compilation: Compilation) -> tuple[dict[str, Template], tuple[str, ...]]:
    """Return the templates by name, and the names of those that cannot be read."""
    known = {one.notification.name: one for one in compilation.templates}
    files = [file.removesuffix(".yaml") for file in compilation.files if "/" not in file]
    return known, tuple(file for file in files if file not in known)


def _known_stages(compilation: Compilation) -> tuple[list[str], dict[str, Stage]]:
    """Return the names of all stages, and the readable ones by name. Without any stage, return one empty stage."""
    from handler.catalog import Stage

    listed = [Path(file).stem for file in compilation.files if file.startswith("_stages/")]
    known = {one.name: one for one in compilation.stages}
    return (listed, known) if listed else ([USUAL], {USUAL: Stage(USUAL, {}, "")})


def _stages(compilation: Compilation, folder: Path, names: Sequence[str]) -> tuple[Stage, ...]:
    listed, known = _known_stages(compilation)
    chosen = listed if ALL in names else names or [USUAL if USUAL in listed else listed[0]]
    for name in chosen:
        if name not in listed:
            raise click.UsageError(
                say("There is no stage {name}. {known}", name=_shown(name), known=nearest(name, listed))
            )
        if name not in known:
            file = f"_stages/{name}.yaml"
            found = _errors(compilation, file)
            raise click.ClickException(
                say(
                    "Stage {name} has errors: {finding}. See notifier lint {path}",
                    name=name,
                    finding=found[0] if found else "",
                    path=folder / file,
                )
            )
    return tuple(known[name] for name in dict.fromkeys(chosen))


def _errors(compilation: Compilation, *files: str) -> tuple[Finding, ...]:
    return tuple(one for one in compilation.findings if one.file in files and one.severity == "error")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a phrase with the most similar known name; without one, with all known names."""
    known = sorted(set(known))
    close = get_close_matches(name, known, 1)
    if close:
        return say("Did you mean {name}?", name=close[0])
    return say("Known: {names}.", names=", ".join(known) or "-")


def _shown(name: str) -> str:
    from cli.compiler.files import printable

    return printable(name)
