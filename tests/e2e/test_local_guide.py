"""The ordinary `aws` command line against the local cloud, as docs/local.md has it."""

from __future__ import annotations

import re
from pathlib import Path

from lab.sam import ROOT
from tests.e2e.conftest import Deployment
from tests.infra import guides

FUNCTIONS, PUBLISH, LOOK = re.findall(
    r"^```sh\n(.*?)^```", (ROOT / "docs/local.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
)


def test_the_aws_command_line_publishes_and_shows_what_became_of_it(by_queue: Deployment, tmp_path: Path) -> None:
    environment = dict(by_queue.cloud.aws.env)
    assert "MessageId" in guides.run(FUNCTIONS + PUBLISH, tmp_path, environment)
    (post,) = by_queue.posts(1)
    assert "T-001042" in post["text"]
    by_queue.logged("delivered")
    shown = guides.run(FUNCTIONS + LOOK, tmp_path, environment)
    for part in ('\\"delivered\\"', "ApproximateNumberOfMessages", "order.created#"):
        assert part in shown, shown
