"""The package alone, in an environment without make, Node, a database and the lab."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from shutil import copytree, which

import pytest
import urllib3

from lab.sam import ROOT

UV = str(ROOT / ".tools/uv/bin/uv")
SECONDS = 200


def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=SECONDS, check=False
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a bare environment, beside which there are `git` and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    for command in (
        [UV, "build", "-q", "--wheel", "--out-dir", str(folder), str(ROOT)],
        [UV, "venv", "-q", "--python", sys.executable, str(folder / "venv")],
    ):
        assert run(command, folder, os.environ).returncode == 0
    (wheel,) = folder.glob("*.whl")
    answer = run([UV, "pip", "install", "-q", "--python", str(folder / "venv"), str(wheel)], folder, os.environ)
    assert answer.returncode == 0, answer.stderr
    return folder / "venv/bin/notifier"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    copytree(ROOT / "templates", tmp_path / "templates")
    return tmp_path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to(which("git") or "/usr/bin/git")
    return {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path), "LANG": "C.UTF-8"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--version"], "notifier, version"),
        (["lint"], "no findings"),
        (["preview", "order.created"], "T-001044"),
        (["test"], "as approved"),
        (["list", "--html", "page.html"], "page.html"),
        (["schema"], ".schema.json"),
        (["types"], "order.created"),
        (["demo", "--help"], "a checkout"),
    ],
    ids=str,
)
def test_a_command_works_without_a_checkout(
    installed: Path, shop: Path, environment: Mapping[str, str], arguments: list[str], says: str
) -> None:
    answer = run([str(installed), *arguments], shop, environment)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert says in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["demo"], "needs a checkout"),
        (["explain", "order.created:1042"], "slack-chatops-notifier[aws]"),
        (["send", "order.created", "--sample", "in yen", "--to", "U0123ABCD"], "SLACK_BOT_TOKEN"),
        (["sample", "order.created", "1", "--db", "mysql://reader:x@127.0.0.1:1/shop"], "NOTIFIER_DB_PASSWORD"),
        (["lint", "--db", "mysql://reader@127.0.0.1:1/shop"], "DB_UNAVAILABLE"),
    ],
    ids=str,
)
def test_what_is_missing_has_a_name(
    installed: Path, shop: Path, environment: Mapping[str, str], arguments: list[str], says: str
) -> None:
    answer = run([str(installed), *arguments], shop, {**environment, "NOTIFIER_DB_PASSWORD": "x"})
    assert (answer.returncode > 0, says in answer.stderr, "Traceback" in answer.stderr) == (True, True, False)


def test_the_page_is_in_the_package(installed: Path, shop: Path, environment: Mapping[str, str]) -> None:
    command = [str(installed), "preview", "--serve", "--port", "0"]
    with subprocess.Popen(command, cwd=shop, env=environment, stdout=subprocess.PIPE, encoding="utf-8") as process:
        try:
            assert process.stdout
            url = next(word for word in process.stdout.readline().split() if word.startswith("http"))
            answer = urllib3.request("GET", f"{url}page/app.js")
            assert (answer.status, len(answer.data) > 100_000) == (200, True)
        finally:
            process.kill()


def test_uvx_runs_it_from_a_checkout(shop: Path) -> None:
    answer = run([UV, "tool", "run", "--from", str(ROOT), "notifier", "lint"], shop, os.environ)
    assert answer.returncode == 0, answer.stderr
    assert "no findings" in answer.stdout
