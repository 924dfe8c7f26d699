"""`notifier bundle`: add the code and the compiled templates to the function's package, during `sam build`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

import click

from cli import compiler
from cli.commands.lint import show
from cli.language import say
from cli.packaging.bytecode import VERSION, BytecodeError, compile_package
from cli.packaging.prune import prune
from cli.preview import selection
from cli.previous_versions import with_previous
from handler import aws

ROOT: Final = Path(__file__).resolve().parents[2]
# Certificates of private authorities. `;ca=` in a parameter names them by their path in the package.
FOLDERS: Final = ("handler", "certs")


@click.command(short_help="Write the code and the compiled templates for the package.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@selection.templates("templates", selection.shipped(ROOT))
@click.option("--python", type=click.Path(path_type=Path), help=f"The Python {VERSION} that compiles the package.")
@click.option("--release", is_flag=True, help="Fail instead of warning if the package cannot be compiled.")
def bundle(folder: Path, templates: Path, python: Path | None, release: bool) -> None:
    """Copy the function's code into FOLDER, and write the compiled templates there as catalog.json.

    Fails and writes nothing if `notifier lint` finds an error. `sam build` runs this command after it has installed the
    dependencies into FOLDER. The command removes the parts that the function does not use, and compiles the rest to
    bytecode.

    For each template the package also contains the version before its last change, read from git, as a fallback.
    Without git, or in a clone without history (`git fetch --unshallow`), there is none.
    """
    compilation = compiler.compile_templates(templates)
    if compilation.errors:
        show(compilation, Path(os.path.relpath(templates)))
        raise click.exceptions.Exit(1)
    folder.mkdir(parents=True, exist_ok=True)
    for name in FOLDERS:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, folder / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
            )
    prune(folder, aws.OPERATIONS)
    complete = with_previous(compilation, templates)
    compiler.write(complete, folder / "catalog.json")
    notifications = complete.catalog["notifications"]
    before = sum(one["previous"] is not None for one in notifications)
    counted = say(
        "{count} templates, {before} of them with an earlier version to fall back on",
        count=len(notifications),
        before=before,
    )
    click.echo(counted)
    _compile(folder, python, release)


def _compile(folder: Path, python: Path | None, release: bool) -> None:
    problem = say(
        "there is no Python {version} on the PATH or under ~/.pyenv (`pyenv install {version}`)", version=VERSION
    )
    if python is not None:
        try:
            count = compile_package(folder, python)
            click.echo(say("{count} files compiled for Python {version}", count=count, version=VERSION))
        except BytecodeError as error:
            problem = str(error)
        else:
            return
    if release:
        raise click.ClickException(say("No bytecode: {problem}.", problem=problem))
    slow = say("Warning: no bytecode, so cold starts take three times as long: {problem}.", problem=problem)
    click.echo(slow, err=True)
