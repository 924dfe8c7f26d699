"""Run the Slack stand-in by hand: `python -m lab.slack --port 8080`."""

from __future__ import annotations

import asyncio
import errno
import json
import signal
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

import click

from lab.slack.config import CHANNELS, TOKEN, TOKENS, WEBHOOKS, Config, Rate
from lab.slack.running import serving
from lab.tls import Certificate

EXISTING: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
EPILOG: Final = f"""\b
Prints {{"url": ...}} as one line when it is ready, and ends on SIGINT or SIGTERM.

\b
It knows, among others:
  tokens    {TOKEN} (chat:write), {TOKENS[1].value} (also channels:history)
  channels  {", ".join(f"{channel.id} #{channel.name}" for channel in CHANNELS[:2])}
  webhooks  /services/{WEBHOOKS[0].path}
Channels such as #archived and tokens such as xoxb-lab-token_revoked are refused as Slack refuses them.

\b
Post, look at what was accepted, and order a fault:
  curl $URL/api/chat.postMessage -H 'Authorization: Bearer {TOKEN}' -d channel=orders -d text=Hello
  curl $URL/_control/messages
  curl $URL/_control/faults -d '[{{"times": 2, "fault": {{"kind": "limited", "retry_after": "30"}}}}]'

\b
The control API needs no token: keep the host loopback.
`python -m pydoc lab.slack.control lab.slack.faults` has all of it.
"""


@click.command(epilog=EPILOG)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Port to listen on; 0 takes a free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address or name to listen on.")
@click.option("--cert", type=EXISTING, help="Certificate (PEM) to serve TLS with.")
@click.option("--key", type=EXISTING, help="Private key (PEM) of the certificate.")
@click.option("--plain-port", type=click.IntRange(1, 65535), help="Port for the same without TLS, for a browser.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="File that keeps accepted messages.")
@click.option(
    "--per-second",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="Messages a second in each channel; 0: no limit.",
)
@click.option(
    "--burst",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Messages that may come at once after a pause.",
)
def main(
    port: int,
    host: str,
    cert: Path | None,
    key: Path | None,
    plain_port: int | None,
    state: Path | None,
    per_second: float,
    burst: int,
) -> None:
    """Serve a Slack of your own: Web API, incoming webhooks, and a control API under /_control."""
    if bool(cert) != bool(key):
        raise click.UsageError("--cert and --key go together: give both, or neither for plain HTTP")
    certificate = Certificate(cert, key) if cert and key else None
    config = Config(rate=Rate(per_second, burst))
    try:
        served = serving(config, host=host, port=port, certificate=certificate, journal=state, plain_port=plain_port)
        asyncio.run(_until_ended(served))
    except OSError as error:
        hint = "; --port 0 takes a free one" if error.errno in (errno.EADDRINUSE, errno.EACCES) else ""
        raise click.ClickException(f"cannot serve on {host}:{port}: {error}{hint}") from None


async def _until_ended(served: AbstractAsyncContextManager[str]) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with served as url:
        click.echo(json.dumps({"url": url}))
        await ended.wait()


if __name__ == "__main__":
    main()
