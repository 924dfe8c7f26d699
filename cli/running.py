"""Finds the running demo. Each checkout has its own, and its commands use no other.

If the environment names an AWS account or endpoint, commands use that and not the demo. Each checkout has a file about
its demo in the user's state folder; the file is valid only while the process that wrote it is alive.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import click

from cli.language import say

CHECKOUT: Final = Path(__file__).resolve().parents[1]
# The name of the demo's stack, and the default name of any other.
STACK: Final = "notifier"
# They name an AWS endpoint or credentials. https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
ENDPOINT: Final = "AWS_ENDPOINT_URL"
NAMING: Final = (
    ENDPOINT,
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
)


@dataclass(frozen=True, slots=True)
class Running:
    """A demo: its process, its topic, the AWS_* variables for its local AWS, and its stack there.

    `started` shows whether a process with this id is still the same process. While a demo starts, it has no `topic`
    yet. `login` is the option file with which its tables can be changed; empty where they are somebody's own.
    """

    pid: int
    topic: str
    environment: Mapping[str, str]
    stack: str = STACK
    started: str = field(default="", compare=False)
    checkout: str = field(default="", compare=False)
    folder: str = field(default="", compare=False)
    page: str = field(default="", compare=False)
    login: str = field(default="", compare=False)

    @property
    def place(self) -> str:
        """Return the URL of its page, or while there is none, its process id."""
        return self.page or say("process {pid}", pid=self.pid)


class TakenError(click.ClickException):
    """Another demo of this checkout is running."""

    exit_code = 2


@contextmanager
def claimed() -> Iterator[Path]:
    """Make this process the demo of its checkout until the block ends. Yield a folder for everything that it writes.

    What a killed demo of this checkout left behind is removed first. Raises TakenError.
    """
    from lab import leftovers

    with _locked():
        if found := _alive(_file(CHECKOUT)):
            taken = say("A demo of this checkout is starting or ending already: {place}", place=found.place)
            if found.topic:
                taken = say("A demo of this checkout runs already: {place}", place=found.place)
            raise TakenError(taken)
        if (killed := _load(_file(CHECKOUT))) and killed.folder:
            leftovers.remove(Path(killed.folder))
        folder = tempfile.TemporaryDirectory(prefix=leftovers.PREFIX)
        _write(replace(_starting(), folder=folder.name))
    try:
        with folder, leftovers.marked(Path(folder.name)):
            yield Path(folder.name)
    finally:
        _file(CHECKOUT).unlink(missing_ok=True)


@contextmanager
def announced(
    topic: str, environment: Mapping[str, str], stack: str = STACK, page: str = "", login: str = ""
) -> Iterator[None]:
    """Let the other commands of this checkout find this process's demo until the block ends."""
    before = _load(_file(CHECKOUT))
    ours = before if before and before.pid == os.getpid() else None
    where = replace(ours or _starting(), topic=topic, environment=dict(environment), stack=stack)
    _write(replace(where, page=page, login=login))
    try:
        yield
    finally:
        if ours:
            _write(ours)
        else:
            _file(CHECKOUT).unlink(missing_ok=True)


def read() -> Running | None:
    """Return the running demo of this checkout, or None. A killed demo's file does not count."""
    found = _alive(_file(CHECKOUT))
    return found if found and found.topic else None


def chosen() -> Running | None:
    """Return the demo of this checkout, if it is running and the environment does not name another AWS.

    If AWS_ENDPOINT_URL is that of the demo, the environment names the demo.
    """
    demo = read()
    return None if demo is None or named_elsewhere(demo) else demo


def tell() -> None:
    """Print on stderr which AWS the command uses, if a demo runs here."""
    if demo := read():
        used = say("Using the demo that runs here: {place}", place=demo.place)
        if named := named_elsewhere(demo):
            used = say("{name} is set: the command uses that AWS, not the demo that runs here.", name=named)
        click.echo(used, err=True)
    elif _others() and not any(os.environ[name] for name in _given()):
        click.echo(absent(), err=True)


def named_elsewhere(demo: Running) -> str:
    """Return the environment variable that names an AWS other than the demo's; empty if there is none."""
    if os.environ.get(ENDPOINT) == demo.environment.get(ENDPOINT):
        return ""
    return next((name for name in _given() if os.environ[name]), "")


def absent() -> str:
    """Say why no demo is used, and what to do."""
    if (demo := read()) and (named := named_elsewhere(demo)):
        use = f"env -u {named} notifier ..."
        return say("A demo runs here, but {name} names another AWS. To use the demo: {use}", name=named, use=use)
    if find_spec("lab") is None:
        return say("No demo runs here: it needs a checkout of the project.")
    none = say(
        "No demo of this checkout ({checkout}) is running. Start one: make demo (or: notifier demo).", checkout=CHECKOUT
    )
    if starting := _alive(_file(CHECKOUT)):
        none = say(
            "The demo of this checkout is still starting, or ending ({place}). Wait until it shows its page, and try "
            "again.",
            place=starting.place,
        )
    return "\n".join([none, *map(_elsewhere, _others())])


def _elsewhere(demo: Running) -> str:
    return say(
        "One of {checkout} runs: {place}. Run its commands in that folder.", checkout=demo.checkout, place=demo.place
    )


def _starting() -> Running:
    """Return a demo that is still starting: only its process is known."""
    return Running(os.getpid(), "", {}, started=_started(os.getpid()), checkout=str(CHECKOUT))


def _given() -> list[str]:
    services = sorted(name for name in os.environ if name.startswith(f"{ENDPOINT}_"))
    return [name for name in (*NAMING, *services) if name in os.environ]


def _others() -> list[Running]:
    found = (_alive(path) for path in sorted(_folder().glob("*.json")) if path != _file(CHECKOUT))
    return [one for one in found if one]


def _folder() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(state) / "slack-chatops-notifier/demos"


def _file(checkout: Path) -> Path:
    return _folder() / f"{sha256(os.fsencode(checkout)).hexdigest()[:16]}.json"


@contextmanager
def _locked() -> Iterator[None]:
    """Hold the lock under which a demo checks for others. The kernel releases the lock of a process that dies."""
    import fcntl  # not on Windows, where no demo runs

    _folder().mkdir(parents=True, exist_ok=True)
    with _file(CHECKOUT).with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(demo: Running) -> None:
    """Write a demo's file atomically: readers see the old or the new content."""
    path = _file(CHECKOUT)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(asdict(demo)), encoding="utf-8")
    unfinished.replace(path)


def _load(path: Path) -> Running | None:
    try:
        return Running(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _alive(path: Path) -> Running | None:
    """Return the demo of a file, if its process lives. The start time distinguishes processes with the same id."""
    found = _load(path)
    return found if found and found.started and _started(found.pid) == found.started else None


def _started(pid: int) -> str:
    """Return when a process started, as text from the system; empty if there is no such process."""
    with suppress(OSError):  # on Linux: clock ticks since the boot with this boot id
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        with suppress(OSError):
            _, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
            state, *fields = rest.split()
            return "" if state == "Z" else f"{boot} {fields[18]}"
        return ""
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    with suppress(FileNotFoundError):
        ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a number is all that varies
        return ran.stdout.strip()
    return ""
