"""`python -m lab.dns`: the resolver."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from lab.dns.server import Server


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=int, required=True, help="The port to listen on, UDP and TCP.")
@click.option("--control", type=click.Path(path_type=Path), required=True, help="The unix socket to be told things on.")
def main(host: str, port: int, control: Path) -> None:
    """Serve a zone, empty at first, until told to end."""
    asyncio.run(_serve(host, port, control))


async def _serve(host: str, port: int, control: Path) -> None:
    await Server().open(host, port, control)
    click.echo(f"the resolver listens on {host}:{port}")
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
