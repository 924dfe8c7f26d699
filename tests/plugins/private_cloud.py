"""The local cloud inside a VPC, started once for the whole run, and made whole again after each test."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from lab.mariadb import MariadbMissingError
from lab.vpc import VpcMissingError, running_vpc
from lab.vpc.cloud import DATABASE, NAMESPACE, SERVICE, PrivateCloud
from lab.vpc.cloud import private_cloud as running_private_cloud
from lab.vpc.vpc import Vpc
from lab.vpc.zone import Zone


class RememberedZone(Zone):
    """The private zone, which can forget what it was told."""

    def __init__(self, vpc: Vpc) -> None:
        super().__init__(vpc)
        self._told: set[tuple[str, str]] = set()

    def set(self, name: str, kind: str, ttl_seconds: int, values: Sequence[str]) -> None:
        self._told.add((name, kind))
        super().set(name, kind, ttl_seconds, values)

    def forget(self) -> None:
        for name, kind in sorted(self._told):
            self.remove(name, kind)
        self._told.clear()


@pytest.fixture(scope="session")
def private_cloud(missing: Callable[[str], NoReturn]) -> Iterator[PrivateCloud]:
    """Every part, in a VPC that no other test changes. Nothing is registered for the API yet.

    A test that registers or breaks something asks for `breakable_cloud` instead.
    """
    with tempfile.TemporaryDirectory(prefix="notifier-") as folder:
        try:
            with running_vpc(Path(folder)) as vpc, running_private_cloud(vpc) as cloud:
                yield replace(cloud, zone=RememberedZone(vpc))
        except (VpcMissingError, MariadbMissingError) as error:
            missing(str(error))


@pytest.fixture
def breakable_cloud(private_cloud: PrivateCloud) -> Iterator[PrivateCloud]:
    """`private_cloud` as it was at its start, and again afterwards.

    The tasks that run in it are to be stopped, cut or told faults, but not ended: a test starts those itself, in task3
    and task4 (`PrivateCloud.task`).
    """
    _restore(private_cloud)
    yield private_cloud
    _restore(private_cloud)


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
    cloud.zone.set(DATABASE.partition(".")[0], "A", 5, [cloud.vpc.address("database")])
