"""The script of discovery_policies.py: what happens to the tasks of a service, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from bench.discovery_remembering import IDENTITY
from lab.api import RunningApi, running_api
from lab.cloudmap import RunningCloudMap
from lab.processes import free_port

SECONDS: Final = 1080
NAMESPACE, SERVICE = "shop.internal", "api"

# Other services, and how they differ from the sample API: one has every second document, one responds 200 to
# everything.
HALF, ALL = "knows half", "knows all"
OTHERS: Final[Mapping[str, tuple[str, str, Mapping[str, Any]]]] = {
    HALF: ("/customers/*[13579]", "status", {"code": 404}),
    ALL: ("/customers/*", "body", {"text": "{}"}),
}


class Deployment:
    """The tasks of the service, and the registry that lists them."""

    def __init__(self, registry: RunningCloudMap, folder: Path, everything: ExitStack) -> None:
        self.registry = registry
        self._folder = folder
        self._everything = everything
        self._tasks: dict[str, tuple[RunningApi, ExitStack]] = {}

    def deploy(self, *names: str, instead_of: tuple[str, ...] = ()) -> None:
        """Start tasks, then end others; the registry learns both within the same second."""
        for name in names:
            port = self._start(name, IDENTITY[1], free_port()).port
            where = {"AWS_INSTANCE_IPV4": "127.0.0.1", "AWS_INSTANCE_PORT": str(port)}
            self.registry.register(NAMESPACE, SERVICE, name, where)
        for name in instead_of:
            self.registry.deregister(NAMESPACE, SERVICE, name)
            self._tasks[name][1].close()

    def give_away(self, name: str, service: str) -> None:
        """Start another service at the address of a task that has ended."""
        path, kind, arguments = OTHERS[service]
        self._start(service, service, self._tasks[name][0].port).fault(path, kind, **arguments)

    def _start(self, name: str, service: str, port: int) -> RunningApi:
        stack = self._everything.enter_context(ExitStack())
        task = stack.enter_context(running_api(self._folder / f"{name}.log", name=name, service=service, port=port))
        self._tasks[name] = (task, stack)
        return task


def script(deployment: Deployment) -> dict[int, Callable[[], None]]:
    """Return the actions by second."""

    def replace_one(name: str, by: str, service: str) -> None:
        deployment.deploy(by, instead_of=(name,))
        deployment.give_away(name, service)

    return {
        0: lambda: deployment.deploy("a1", "a2"),
        120: lambda: deployment.deploy("b1", "b2", instead_of=("a1", "a2")),
        240: lambda: deployment.registry.fault("refuse"),
        540: deployment.registry.clear,
        660: lambda: deployment.deploy("c1", "c2", instead_of=("b1", "b2")),
        780: lambda: replace_one("c1", "c3", HALF),
        930: lambda: replace_one("c2", "c4", ALL),
    }
