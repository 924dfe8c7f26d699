"""The parts of a rig that are the soak's own way: its database, its templates, its Slack."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from lab import shop
from lab.databases import Pair, replicated_pair
from lab.processes import child, free_port, wait_until
from lab.slack import Control
from lab.soak.events import FIRST_ORDER
from lab.tls import Authority

START_SECONDS: Final = 30.0
TEMPLATES: Final = Path(__file__).with_name("templates")


@contextmanager
def database(folder: Path, authority: Authority) -> Iterator[Pair]:
    """Run a pair of our own, with the sample shop."""
    with replicated_pair(folder / "database", authority) as pair:
        shop.load(pair.primary)
        pair.wait_for_replica()
        yield pair


@contextmanager
def lent(pair: Pair) -> Iterator[Pair]:
    """Use a pair that runs already, and give it back as it was."""
    try:
        yield pair
    finally:
        pair.primary.query(f"DELETE FROM {shop.SCHEMA}.orders WHERE id >= %s", FIRST_ORDER)
        pair.heal()


def catalog(folder: Path) -> Path:
    """Compile the soak's templates, as a build does."""
    from cli import compiler

    compilation = compiler.compile_templates(TEMPLATES)
    if compilation.errors:
        raise ValueError(f"the soak's templates are wrong: {compilation.findings}")
    compiler.write(compilation, folder / "catalog.json")
    return folder / "catalog.json"


@contextmanager
def slack(folder: Path, authority: Authority) -> Iterator[tuple[Control, int]]:
    """Run the stand-in over TLS, and give its control and its port."""
    certificate = authority.issue("slack", "localhost", "127.0.0.1")
    port, log = free_port(), folder / "slack.log"
    command = [sys.executable, "-m", "lab.slack", "--port", str(port)]
    command += ["--cert", str(certificate.cert), "--key", str(certificate.key)]
    with (
        child(command, log=log, grace_seconds=1) as process,
        closing(Control(f"https://localhost:{port}", authority.ca)) as control,
    ):
        wait_until(control.healthy, "Slack", START_SECONDS, process)
        yield control, port
