"""The image of the sample API: what its Dockerfile says, line by line, put together and run without Docker."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.client import HTTPConnection, HTTPException
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from lab.processes import child, free_port, wait_until
from lab.sam import ROOT

DOCKERFILE = ROOT / "lab/api/Dockerfile"
LOCK = "requirements/sample-api.txt"
TASK = "ip-10-0-0-9"
PATHS = ["/health", "/orders/1042", "/customers/1"]


@dataclass
class Image:
    """What the lines make: a root folder, what the environment is, who runs what in which folder."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "root"
    command: list[str] = field(default_factory=list)
    base: str = ""
    installed: list[str] = field(default_factory=list)

    def at(self, path: str) -> Path:
        """A path in the image, where it is on this machine."""
        return self.root / os.path.normpath(os.path.join(self.folder, path)).lstrip("/")  # noqa: PTH118 - no real path


def built(root: Path) -> Image:
    image = Image(root)
    for line in DOCKERFILE.read_text("utf-8").splitlines():
        instruction, _, rest = line.partition(" ")
        match instruction:
            case "FROM":
                image.base = rest
            case "ENV":
                name, _, value = rest.partition("=")
                image.environment[name] = value
            case "COPY":
                *sources, target = rest.split()
                copied(image.at(target), sources)
            case "WORKDIR":
                image.folder = rest
            case "RUN":
                image.installed.append(rest)
            case "USER":
                image.user = rest
            case "CMD":
                image.command = json.loads(rest)
            case _:
                assert instruction in ("EXPOSE", "#", "")
    return image


def copied(target: Path, sources: list[str]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for source in sources:
        assert in_context(source), f"{source} is not sent to Docker"
        shutil.copy(ROOT / source, target)


def in_context(source: str) -> bool:
    first, *exceptions = Path(f"{DOCKERFILE}.dockerignore").read_text("utf-8").split()
    assert first == "*"
    return any(fnmatchcase(source, one.removeprefix("!")) for one in exceptions)


def pins() -> dict[str, str]:
    """The locked versions by name. What another Python needs is in it, too; the tests have that anyway."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", (ROOT / LOCK).read_text("utf-8"), re.MULTILINE))


def packages(folder: Path) -> Path:
    """The locked packages and no others, from those that are installed here."""
    folder.mkdir()
    for package in pins():
        files = distribution(package).files or []
        for name in {file.parts[0] for file in files} - {"..", "__pycache__"}:
            (folder / name).symlink_to(distribution(package).locate_file(name))  # type: ignore[arg-type]
    return folder


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return built(tmp_path_factory.mktemp("image") / "root")


@dataclass(frozen=True)
class Container:
    """The image as it runs: its environment and folder, and the port that it listens on."""

    environment: dict[str, str]
    folder: Path
    port: int

    def get(self, path: str, method: str = "GET") -> tuple[int, dict[str, str], Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body="{}" if method == "POST" else None)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def answers(self) -> bool:
        try:
            return self.get("/health")[0] == 200
        except (OSError, HTTPException):
            return False


@pytest.fixture(scope="module")
def container(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """Beside Python itself there is nothing but the image's own files, and its locked packages."""
    folder = tmp_path_factory.mktemp("container")
    python = folder / "bin/python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -S "$@"\n', "utf-8")
    python.chmod(0o755)
    environment = {
        **image.environment,
        "PORT": str(free_port()),
        "HOSTNAME": TASK,
        "PATH": f"{python.parent}:/usr/bin:/bin",
        "PYTHONPATH": str(packages(folder / "packages")),
    }
    running = Container(environment, image.at("."), int(environment["PORT"]))
    with child(image.command, env=environment, cwd=running.folder, log=folder / "log") as process:
        wait_until(running.answers, "the sample API's image", 30, process)
        yield running


@pytest.mark.parametrize("path", PATHS)
def test_it_answers_as_the_sample_api(container: Container, path: str) -> None:
    status, headers, body = container.get(path)
    assert (status, headers["x-task"], headers["x-service"]) == (200, TASK, "shop")
    assert re.fullmatch(r"app;dur=\d+\.\d{3}", headers["server-timing"])
    document = json.loads(body)
    assert document.get("task", TASK) == TASK
    assert document.get("id", 1042) in (1, 1042)


@pytest.mark.parametrize(("method", "what"), [("GET", "requests"), ("POST", "faults"), ("DELETE", "faults")])
def test_nobody_can_ask_it_to_misbehave(container: Container, method: str, what: str) -> None:
    assert container.get(f"/_control/{what}", method)[0] == 404


def test_the_health_command_of_the_guide_says_whether_it_serves(container: Container) -> None:
    text = (ROOT / "docs/discovery.md").read_text("utf-8")
    [command] = re.findall(r"HealthCommand='([^\n]*)'", text)

    def code(port: int) -> int:
        line = command.replace(":8080/", f":{port}/")
        assert line != command
        ran = subprocess.run(
            ["sh", "-c", line], env=container.environment, cwd=container.folder, capture_output=True, check=False
        )
        return ran.returncode

    assert code(container.port) == 0
    assert code(free_port()) != 0


def test_it_is_not_root_and_installs_what_is_locked(image: Image) -> None:
    assert image.user == "10001"
    assert image.base.endswith("/python:3.13-slim")
    assert [one.split()[-1] for one in image.installed] == [str(Path("/tmp", Path(LOCK).name))]
    assert all("--require-hashes" in one for one in image.installed)


def test_its_packages_are_those_that_the_tests_have() -> None:
    assert {"aiohttp", "click"} <= pins().keys()
    assert pins() == {name: distribution(name).version for name in pins()}
