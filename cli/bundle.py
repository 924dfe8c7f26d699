"""`notifier bundle`: what `sam build` puts into the function's package beside its dependencies."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import click

from cli import compiler
from cli.lint import show

ROOT: Final = Path(__file__).resolve().parent.parent
# Certificates of private authorities, which ;ca= in a parameter names by their path in the package.
FOLDERS: Final = ("handler", "certs")


@click.command(short_help="Write the code and the compiled templates for the package.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--templates", type=click.Path(exists=True, file_okay=False, path_type=Path), default=ROOT / "templates")
def bundle(folder: Path, templates: Path) -> None:
    """Copy the function's code into FOLDER, and write the compiled templates there as catalog.json.

    Fails, and writes nothing, while `notifier lint` finds an error. `sam build` calls this.
    """
    compilation = compiler.compile_templates(templates)
    if compilation.errors:
        show(compilation)
        raise click.exceptions.Exit(1)
    folder.mkdir(parents=True, exist_ok=True)
    for name in FOLDERS:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, folder / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
            )
    compiler.write(compilation, folder / "catalog.json")
