"""The VPC of the benchmark: a task that measures its own time, every path to it, and the network delays.

All paths lead to the same task, so that nothing else differs: if calls alternate between two tasks, each is less warm,
whatever the path. A second task is the fallback when the first instance is broken.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

import yaml

from bench.discovery_task import PATH
from cli import compiler
from lab.function import RunningFunction, running_function
from lab.processes import child, listening, wait_until
from lab.sam import ROOT
from lab.vpc import running_vpc
from lab.vpc.balancer import ALB_PORT, NLB_PORT
from lab.vpc.cloud import API_PORT, NAMESPACE, SERVICE, PrivateCloud, private_cloud
from lab.vpc.expose import exposed

TASKS: Final = ("task3", "task4")
# One-way delay of a host's link in milliseconds: a round trip between the function and tasks or balancers takes 1 ms.
CABLES: Final = {"task3": 0.5, "task4": 0.5, "balancer": 0.5, "registry": 15.0}
TTL_SECONDS: Final = 10
FIXED, CACHED, UNCACHED = "fixed address", "Cloud Map", "Cloud Map, no cache"
HANDLERS: Final = {UNCACHED: "bench.discovery_uncached.lambda_handler"}
NOBODY: Final = 9  # a port that nothing listens on

# Two calls; an event with the id 2 is also posted, any other is silent.
TEMPLATE: Final[Mapping[str, Any]] = {
    "description": "Two calls of an API.",
    "id": "integer",
    "channel": "orders",
    "lookups": {"one": {"get": "/customers/1"}, "other": {"get": "/customers/2"}},
    "when": "id == 2",
    "text": "{{ one.name }} and {{ other.name }}",
    "samples": {"two": {"id": 2, "lookups": {"one": {"name": "a"}, "other": {"name": "b"}}}},
}
SILENT, POSTED = 1, 2


@dataclass(frozen=True, slots=True)
class Scene:
    """The running parts. Each path has its own Host header, by which the tasks tell the paths apart."""

    cloud: PrivateCloud
    catalog: Path
    relays: tuple[int, ...]

    @property
    def paths(self) -> dict[str, str]:
        """Return the entries of the setting `Apis` by path."""
        fixed = f"http://{self.cloud.vpc.address(TASKS[0])}:{API_PORT}"
        registry, zone = f"cloudmap://{NAMESPACE}/{SERVICE}", self.cloud.zone.domain
        uris = {
            FIXED: fixed,
            "ALB": f"http://alb.{zone}:{ALB_PORT}",
            "NLB": f"http://nlb.{zone}:{NLB_PORT}",
            CACHED: registry,
            UNCACHED: registry,
            "A records": f"dns://{SERVICE}.{zone}:{API_PORT}",
            "SRV records": f"srv://_{SERVICE}._tcp.{zone}",
        }
        return {path: f"{uri};host={host_of(path)}" for path, uri in uris.items()}

    @property
    def failures(self) -> dict[str, str]:
        """Return entries whose first instance answers, refuses or is silent; the second one answers."""
        return {name: f"srv://_{name}._tcp.{self.cloud.zone.domain}" for name in ("well", "refused", "silent")}

    def environment(self, apis: str) -> dict[str, str]:
        """Return the environment variables of a process in the host `function` that can import the benchmarks too."""
        return self.cloud.environment(self.catalog, apis, PYTHONPATH=str(ROOT))

    @contextmanager
    def function(self, path: str) -> Iterator[RunningFunction]:
        """Run a fresh environment that finds its API by one of the paths."""
        with running_function(
            self.environment(f"default={self.paths[path]}"),
            handler=HANDLERS.get(path, "handler.app.lambda_handler"),
            prefix=partial(self.cloud.vpc.command, "function"),
            cwd=ROOT,
            log=self.cloud.folder / "function.log",
        ) as function:
            yield function

    def inside(self) -> dict[str, list[float]]:
        """Return the milliseconds that requests spent in the tasks since the last call, by Host header."""
        found: dict[str, list[float]] = {}
        for relay in self.relays:
            connection = HTTPConnection("127.0.0.1", relay, timeout=10)
            connection.request("GET", PATH)
            for host, values in json.load(connection.getresponse()).items():
                found.setdefault(host, []).extend(values)
            connection.close()
        return found


def host_of(path: str) -> str:
    """Return the Host header of a path."""
    return path.lower().replace(", ", "-").replace(" ", "-")


@contextmanager
def running_scene(folder: Path) -> Iterator[Scene]:
    """Run all parts. The links become slow last, so that the start is fast."""
    with running_vpc(folder / "vpc") as vpc, private_cloud(vpc) as cloud, ExitStack() as tasks:
        relays = tuple(tasks.enter_context(_task(cloud, host)) for host in TASKS)
        cloud.balancer.set_targets(TASKS[0])
        cloud.register(TASKS[0])
        _name_everything(cloud)
        for host, milliseconds in CABLES.items():
            vpc.delay(host, milliseconds)
        yield Scene(cloud, _catalog(folder), relays)


@contextmanager
def _task(cloud: PrivateCloud, host: str) -> Iterator[int]:
    vpc = cloud.vpc
    command = [sys.executable, "-m", "bench.discovery_task", vpc.address(host), str(API_PORT), host]
    with exposed(vpc, host, API_PORT) as relay, child(vpc.command(host, command), cwd=ROOT) as process:
        reader = Scene(cloud, cloud.folder, (relay,))
        wait_until(lambda: listening(relay) and _answers(reader), host, 20, process)
        yield relay


def _answers(scene: Scene) -> bool:
    try:
        scene.inside()
    except (OSError, ValueError):
        return False
    return True


def _name_everything(cloud: PrivateCloud) -> None:
    zone, first, last = cloud.zone, *TASKS
    addresses = {name: cloud.vpc.address(name) for name in (*TASKS, "spare", "balancer")}
    named = {**addresses, "alb": addresses["balancer"], "nlb": addresses["balancer"]}
    for name, address in named.items():
        zone.set(name, "A", TTL_SECONDS, [address])
    zone.set(SERVICE, "A", TTL_SECONDS, [addresses[first]])
    services = {
        SERVICE: [(1, API_PORT, first)],
        "well": [(1, API_PORT, first), (2, API_PORT, last)],
        "refused": [(1, NOBODY, first), (2, API_PORT, last)],
        "silent": [(1, API_PORT, "spare"), (2, API_PORT, last)],
    }
    for name, records in services.items():
        values = [f"{rank} 1 {port} {host}.{zone.domain}." for rank, port, host in records]
        zone.set(f"_{name}._tcp", "SRV", TTL_SECONDS, values)


def _catalog(folder: Path) -> Path:
    templates = folder / "templates"
    (templates / "_stages").mkdir(parents=True)
    stage = ROOT / "templates/_stages/demo.yaml"
    (templates / "_stages/demo.yaml").write_text(stage.read_text())
    (templates / "two.calls.yaml").write_text(yaml.safe_dump(dict(TEMPLATE), sort_keys=False))
    compilation = compiler.compile_templates(templates)
    compiler.write(compilation, folder / "catalog.json")
    return folder / "catalog.json"
