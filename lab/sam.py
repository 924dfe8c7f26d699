"""The real `sam build` and `sam deploy` against the local AWS. All their files are in folders of ours."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from lab.aws import TOOLS, Aws
from lab.processes import Child, child

ROOT: Final = Path(__file__).resolve().parents[1]
SAM: Final = TOOLS / "sam/bin/sam"
BUCKET: Final = "sam-packages"

Progress = Callable[[str], None]


class SamError(RuntimeError):
    """`sam` failed. The text has the end of its output."""


def build(
    folder: Path, *, source: Path = ROOT, templates: Path | None = None, progress: Progress = lambda _: None
) -> Path:
    """Build the application in `source` into `folder`, and return the built template.

    `templates` is a folder that replaces the application's own templates. The function's artefact is the folder
    `NotifierFunction` beside the built template. Raises SamError.
    """
    command: list[str | Path] = [SAM, "build", "--template", source / "template.yaml", "--build-dir", folder / "build"]
    chosen = {"NOTIFIER_TEMPLATES": str(templates.absolute())} if templates else {}
    _run(command, environment(folder) | chosen, source, folder / "build.log", progress)
    return folder / "build/template.yaml"


def deploy(
    aws: Aws,
    template: Path,
    parameters: Mapping[str, str],
    *,
    folder: Path,
    stack: str = "notifier",
    progress: Progress = lambda _: None,
) -> dict[str, str]:
    """Deploy a built template with these parameters, or update the existing stack; return its outputs.

    `folder` is for the log and SAM's own files. Raises SamError.
    """
    aws.client("s3").create_bucket(Bucket=BUCKET)
    given = folder / f"{stack}-parameters.yaml"  # JSON is YAML; in a file, spaces need no quotes
    given.write_text(json.dumps(dict(parameters)))
    command: list[str | Path] = [SAM, "deploy", "--template-file", template]
    command += ["--stack-name", stack, "--s3-bucket", BUCKET]
    command += ["--parameter-overrides", f"file://{given}", "--capabilities", "CAPABILITY_IAM"]
    command += ["--no-confirm-changeset", "--no-fail-on-empty-changeset"]
    isolated = {"PATH": os.defpath, "HOME": str(folder), **aws.env, **_own_state(folder)}
    _run(command, isolated, folder, folder / f"{stack}-deploy.log", progress)
    _repair_mappings(aws)
    [described] = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def _repair_mappings(aws: Aws) -> None:
    """Set the numbers of the event source mappings again: MiniStack has stored those from parameters as strings.

    Its poller stops at such a mapping.
    """
    client = aws.client("lambda")
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        client.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig=mapping["ScalingConfig"])


def delete(aws: Aws, *, stack: str = "notifier") -> None:
    """Delete a stack, and wait until it is gone. Queues and the state table are retained, as the template says."""
    cloudformation = aws.client("cloudformation")
    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})


def environment(folder: Path) -> dict[str, str]:
    """Return our environment for `sam` where it needs no AWS: without AWS_PROFILE and similar variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | _own_state(folder)


def _own_state(folder: Path) -> dict[str, str]:
    """Return settings that isolate `sam`: no telemetry, no check for updates, its state in `folder`."""
    state = folder / "sam-state"
    state.mkdir(exist_ok=True)
    (state / "metadata.json").write_text(json.dumps({"telemetryEnabled": False, "lastVersionCheck": time.time()}))
    return {
        "__SAM_CLI_APP_DIR": str(state),
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",  # seconds between polls of the stack; the default 5 is for the real AWS
        "PYTHONUNBUFFERED": "1",
    }


def _run(command: Sequence[str | Path], env: Mapping[str, str], cwd: Path, log: Path, progress: Progress) -> None:
    log.write_text("")
    with child(command, env=env, cwd=cwd, log=log) as process:
        for line in _lines(process, log):
            progress(line)
    if process.status:
        raise SamError(f"`sam {command[1]}` failed (status {process.status}){process.log_tail()}")


def _lines(process: Child, log: Path) -> Iterator[str]:
    """Yield the lines of a process's log as they are written, until it exits."""
    with log.open() as output:
        line = ""
        while True:
            running = process.running  # checked before reading, so that its last lines are read too
            line += output.readline()
            if line.endswith("\n"):
                yield line.rstrip()
                line = ""
            elif running:
                time.sleep(0.05)
            else:
                return
