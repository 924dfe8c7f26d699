"""The environment of the benchmarks: the local cloud, with AWS and Slack behind TLS and as many roots as in Lambda.

A process must load its root certificates before it can verify a server, and that takes longer than many calls. So Slack
is verified with all public roots, and AWS with Amazon's, each with the local authority's root added.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import botocore
import urllib3

from handler import aws_roots
from lab.cloud import LocalCloud, local_cloud
from lab.processes import child, free_port, listening, wait_until
from lab.sam import ROOT
from lab.tls import Certificate

# The 126 public roots of Mozilla, which Amazon Linux has too.
PUBLIC_ROOTS: Final = Path(botocore.__file__).with_name("cacert.pem")
_START_SECONDS: Final = 10


@dataclass(frozen=True)
class Rig:
    """The local cloud, and a Slack that accepts everything. `slack` is the URL of its API; `roots` are a PEM file."""

    cloud: LocalCloud
    slack: str
    aws: str
    roots: Path
    amazon_roots: Path
    http: urllib3.PoolManager

    def environment(self, catalog: Path, **changes: str) -> dict[str, str]:
        """Return the function's environment variables."""
        return self.cloud.environment(
            catalog,
            AWS_ENDPOINT_URL=self.aws,
            AWS_CA_BUNDLE=str(self.amazon_roots),
            SSL_CERT_FILE=str(self.roots),
            NOTIFIER_SLACK=f"bot;api={self.slack}",
            POWERTOOLS_LOG_LEVEL="INFO",
            **changes,
        )

    def posting(self, sample: Callable[[], float], posts: int = 1) -> Callable[[], float]:
        """Return a sample that fails unless it makes exactly this many posts."""

        def checked() -> float:
            before = self._posts()
            value = sample()
            made = self._posts() - before
            if made != posts:
                raise RuntimeError(f"a round made {made} posts instead of {posts}")
            return value

        return checked

    def _posts(self) -> int:
        return int(self.http.request("GET", self.slack).data)


@contextmanager
def running_rig(folder: Path, milliseconds: int = 0) -> Iterator[Rig]:
    """Run all parts until the block ends. Slack takes `milliseconds` for each post."""
    with local_cloud(folder) as cloud:
        certificate = Certificate(folder / "tls/slack.pem", folder / "tls/slack.key")
        own = folder / "tls/ca.pem"
        roots = _bundle(folder / "roots.pem", PUBLIC_ROOTS, own)
        amazon_roots = _bundle(folder / "amazon.pem", aws_roots.ROOTS, own)
        with (
            _server("bench.slack", certificate, str(milliseconds), folder=folder) as slack,
            _tls_before(cloud.aws.endpoint, certificate, folder) as aws,
            urllib3.PoolManager(ca_certs=str(own)) as http,
        ):
            yield Rig(cloud, f"{slack}/api/", aws, roots, amazon_roots, http)


def _bundle(path: Path, *parts: Path) -> Path:
    path.write_text("\n".join(part.read_text("utf-8") for part in parts), "utf-8")
    return path


@contextmanager
def _server(module: str, certificate: Certificate, *arguments: str, folder: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", module, str(port), str(certificate.cert), str(certificate.key), *arguments]
    with _listening(command, port, folder / f"{module}.log"):
        yield f"https://localhost:{port}"


@contextmanager
def _tls_before(endpoint: str, certificate: Certificate, folder: Path) -> Iterator[str]:
    """Run a TLS proxy in front of an endpoint without TLS, and yield its URL."""
    port, target = free_port(), urlsplit(endpoint).netloc
    command = [sys.executable, "-m", "lab.relay", f"127.0.0.1:{port}", target]
    command += [str(certificate.cert), str(certificate.key)]
    with _listening(command, port, folder / "bench-aws.log"):
        yield f"https://localhost:{port}"


@contextmanager
def _listening(command: list[str], port: int, log: Path) -> Iterator[Any]:
    with child(command, cwd=ROOT, log=log) as process:
        wait_until(lambda: listening(port), command[2], _START_SECONDS, process)
        yield process
