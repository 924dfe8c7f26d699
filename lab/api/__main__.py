"""`python -m lab.api`: one task of the sample API."""

from __future__ import annotations

import ssl

import click
from aiohttp import web

from lab.api.app import Task


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=int, required=True, help="The port to listen on.")
@click.option("--name", default="task-1", show_default=True, help="The task's name, in the header x-task.")
@click.option("--service", default="shop", show_default=True, help="The service's name, in the header x-service.")
@click.option("--cert", type=click.Path(exists=True), help="Serve TLS with this certificate (PEM).")
@click.option("--key", type=click.Path(exists=True), help="The certificate's private key (PEM).")
@click.option("--require-header", metavar="NAME=VALUE", help="Answer 401 to requests without this header.")
@click.option("--no-control", is_flag=True, help="Serve nothing below /_control/, for where others can reach it.")
def main(
    host: str,
    port: int,
    name: str,
    service: str,
    cert: str | None,
    key: str | None,
    require_header: str | None,
    no_control: bool,
) -> None:
    """Serve the sample shop's customers and orders, until told to end."""
    if bool(cert) != bool(key):
        raise click.UsageError("--cert and --key go together")
    header, separator, value = (require_header or "").partition("=")
    if require_header and not (header and separator):
        raise click.UsageError("--require-header is of the form NAME=VALUE")
    task = Task(name, service, (header, value) if require_header else None, control=not no_control)
    web.run_app(
        task.application(),
        host=host,
        port=port,
        ssl_context=_tls(cert, key) if cert and key else None,
        shutdown_timeout=0.1,
        print=lambda *_: click.echo(f"{name} listens on {host}:{port}"),
    )


def _tls(cert: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


if __name__ == "__main__":
    main()
