"""`python -m lab.cloudmap`: the Cloud Map stand-in."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import click

from lab.cloudmap.api import Api
from lab.cloudmap.clock import Clock
from lab.cloudmap.server import Server


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=int, required=True, help="The port to listen on.")
@click.option("--control", type=click.Path(path_type=Path), required=True, help="The unix socket to be told things on.")
@click.option("--still", is_flag=True, help="Let time stand still, but for what the control says.")
@click.option("--cert", type=click.Path(exists=True), help="Serve TLS with this certificate (PEM).")
@click.option("--key", type=click.Path(exists=True), help="The certificate's private key (PEM).")
def main(host: str, port: int, control: Path, still: bool, cert: str | None, key: str | None) -> None:
    """Serve a registry, empty at first, until told to end."""
    if bool(cert) != bool(key):
        raise click.UsageError("--cert and --key go together")
    tls = None
    if cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(cert, key)
    server = Server(Api(Clock(still=still)), host, port, tls)
    asyncio.run(_serve(server, control, f"Cloud Map listens on {host}:{port}"))


async def _serve(server: Server, control: Path, ready: str) -> None:
    await server.open(control)
    click.echo(ready)
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
