"""The local cloud, started once for the whole run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from lab.cloud import LocalCloud, local_cloud
from lab.databases import DatabaseMissingError
from tests.databases import WANTED, ran


@pytest.fixture(scope="session", params=WANTED, ids=lambda product: product.name)
def running_cloud(request: pytest.FixtureRequest, missing: Callable[[str], NoReturn]) -> Iterator[LocalCloud]:
    """The complete local cloud, once for each database."""
    with tempfile.TemporaryDirectory(prefix="notifier-") as folder:
        try:
            with local_cloud(Path(folder), product=request.param) as cloud:
                ran(cloud.database)
                yield cloud
        except DatabaseMissingError as error:
            missing(str(error))


@pytest.fixture
def cloud(running_cloud: LocalCloud) -> LocalCloud:
    """The local cloud in its initial state: Slack is empty and accepts everything, and nothing is parked."""
    running_cloud.api.clear()
    running_cloud.slack.reset()
    running_cloud.slack.configure(rate={"per_second": 0, "burst": 1})
    running_cloud.aws.clear_tables()
    sqs = running_cloud.aws.client("sqs")
    for url in sqs.list_queues().get("QueueUrls", []):
        sqs.purge_queue(QueueUrl=url)
    return running_cloud
