"""`python -m lab.gateway`: the API Gateway stand-in. Its secret key and session token come from the environment."""

from __future__ import annotations

import asyncio
import os
import ssl
from pathlib import Path

import click

from lab.gateway.gateway import Gateway, Settings
from lab.gateway.routes import by_role
from lab.gateway.server import Server
from lab.gateway.signature import Account, Verifier
from lab.gateway.targets import Targets


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=int, required=True, help="The port to listen on.")
@click.option("--cert", type=click.Path(exists=True), required=True, help="Its certificate (PEM).")
@click.option("--key", type=click.Path(exists=True), required=True, help="The certificate's private key (PEM).")
@click.option("--control", type=click.Path(path_type=Path), required=True, help="The unix socket to be told things on.")
@click.option("--region", required=True, help="The region that requests are signed for.")
@click.option("--registry", required=True, help="The URL of Cloud Map, without a path.")
@click.option("--namespace", required=True, help="The namespace of the tasks' service.")
@click.option("--service", required=True, help="The tasks' service.")
@click.option("--role-attribute", default="", help="The attribute by which /leader/... and /follower/... find theirs.")
def main(
    host: str,
    port: int,
    cert: str,
    key: str,
    control: Path,
    region: str,
    registry: str,
    namespace: str,
    service: str,
    role_attribute: str,
) -> None:
    """Serve one API, until told to end."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    account = Account(*(os.environ[f"GATEWAY_{name}"] for name in ("ACCESS_KEY", "SECRET_KEY", "TOKEN")))
    targets = Targets(registry, namespace, service, region)
    gateway = Gateway(Verifier(account, region), targets, Settings(routes=by_role(role_attribute)))
    asyncio.run(_serve(Server(gateway), host, port, tls, control))


async def _serve(server: Server, host: str, port: int, tls: ssl.SSLContext, control: Path) -> None:
    await server.open(host, port, tls, control)
    click.echo(f"API Gateway listens on {host}:{port}")
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
