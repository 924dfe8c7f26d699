"""The local cloud inside a VPC, started once for the whole run, and restored after each test."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from lab.databases import DatabaseMissingError
from lab.vpc import VpcMissingError, running_vpc
from lab.vpc.cloud import NAMESPACE, SERVICE, PrivateCloud
from lab.vpc.cloud import private_cloud as running_private_cloud
from lab.vpc.vpc import Vpc
from lab.vpc.zone import Zone
from tests.databases import WANTED, ran
from tests.discovery_kit import TASKS, TTL_SECONDS, Environment, Start, Wire, catalog


class RememberedZone(Zone):
    """The private zone, which can remove the records that tests set. The hosts' own records stay."""

    def __init__(self, vpc: Vpc) -> None:
        super().__init__(vpc)
        self._hosts = {host: vpc.address(host) for host in ("database", *TASKS)}
        self._told: set[tuple[str, str]] = {(host, "A") for host in self._hosts}

    def set(self, name: str, kind: str, ttl_seconds: int, values: Sequence[str]) -> None:
        self._told.add((name, kind))
        super().set(name, kind, ttl_seconds, values)

    def forget(self) -> None:
        gone = [f"update delete {self._full(name)} {kind}" for name, kind in sorted(self._told)]
        hosts = [f"update add {self._full(host)} {TTL_SECONDS} A {address}" for host, address in self._hosts.items()]
        self._update([*gone, *hosts])


@pytest.fixture(scope="session", params=WANTED, ids=lambda product: product.name)
def private_cloud(request: pytest.FixtureRequest, missing: Callable[[str], NoReturn]) -> Iterator[PrivateCloud]:
    """The complete local cloud in a VPC that no other test changes, once for each database.

    No task is registered for the API yet. Tests that register or break something use `breakable_cloud` instead.
    """
    with tempfile.TemporaryDirectory(prefix="notifier-") as folder:
        try:
            with running_vpc(Path(folder)) as vpc, running_private_cloud(vpc, request.param) as cloud:
                ran(cloud.database)
                whole = replace(cloud, zone=RememberedZone(vpc))
                _restore(whole)
                yield whole
        except (VpcMissingError, DatabaseMissingError) as error:
            missing(str(error))


@pytest.fixture
def breakable_cloud(private_cloud: PrivateCloud) -> Iterator[PrivateCloud]:
    """`private_cloud` for tests that register or break something: restored to its initial state afterwards.

    Tests may stop, cut or inject faults into its running tasks, but must not end them. Tasks that a test ends, it
    starts itself, in task3 and task4 (`PrivateCloud.task`).
    """
    yield private_cloud
    _restore(private_cloud)


@pytest.fixture(scope="session")
def discovery_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return catalog(tmp_path_factory.mktemp("catalog"))


@pytest.fixture
def start(breakable_cloud: PrivateCloud, discovery_catalog: Path) -> Iterator[Start]:
    """Start an execution environment whose API is found by this URI; all of them end with the test."""
    with ExitStack() as running:

        def started(uri: str) -> Environment:
            function = running.enter_context(breakable_cloud.function(discovery_catalog, uri))
            return Environment(breakable_cloud, function)

        yield started


@pytest.fixture
def wire(breakable_cloud: PrivateCloud) -> Wire:
    """Count what the function sends to the tasks in this test."""
    return Wire(breakable_cloud.vpc)


def _restore(cloud: PrivateCloud) -> None:
    cloud.vpc.restore()
    for task in cloud.tasks.values():
        os.kill(task.process.pid, signal.SIGCONT)
        task.clear()
    cloud.balancer.set_targets()
    cloud.cloudmap.reset()
    cloud.cloudmap.create(NAMESPACE, SERVICE)
    cloud.slack.reset()
    cloud.slack.configure(rate={"per_second": 0, "burst": 1})
    assert isinstance(cloud.zone, RememberedZone)
    cloud.zone.forget()
    cloud.aws.clear_tables()
