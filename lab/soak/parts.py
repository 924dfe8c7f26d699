"""The parts of a rig that the soak sets up itself: its database, templates and Slack."""

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
    """Run a new database pair with the sample shop."""
    with replicated_pair(folder / "database", authority) as pair:
        shop.load(pair.primary)
        pair.wait_for_replica()
        yield pair


@contextmanager
def lent(pair: Pair) -> Iterator[Pair]:
    """Use a running database pair, and restore it afterwards."""
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
    """Run the stand-in over TLS, and yield its control and its port."""
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
