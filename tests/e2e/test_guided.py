"""`sam deploy --guided` with the answers that docs/deploy.md leads to: it keeps what samconfig.toml has for a stage."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Final

from lab import sam
from lab.cloud import LocalCloud

DATABASES: Final = "default=mysql://replica.internal:3306/shop, billing=mysql://billing.internal/billing"


def test_the_questions_are_answered_and_remembered(cloud: LocalCloud, built_template: Path, tmp_path: Path) -> None:
    shutil.copy(sam.ROOT / "samconfig.toml", tmp_path)
    given = cloud.parameters
    answers = ["notifier-prod", "us-east-1", given["SubnetIds"], given["SecurityGroupIds"], DATABASES]
    # The rest is as offered; at the end nothing is deployed, as its last question offers No.
    written = "\n".join([*answers, *[""] * 40])
    command = [sam.SAM, "deploy", "--guided", "--config-env", "prod", "--template-file", built_template]
    command += ["--config-file", tmp_path / "samconfig.toml"]  # else it is the one beside the template
    env = {"PATH": os.defpath, "HOME": str(tmp_path), **cloud.aws.env, **sam.environment(tmp_path)}
    ran = subprocess.run(command, cwd=tmp_path, env=env, input=written, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Changeset created successfully" in ran.stdout
    remembered = tomllib.loads((tmp_path / "samconfig.toml").read_text())["prod"]["deploy"]["parameters"]
    overrides = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', remembered["parameter_overrides"]))
    assert overrides["Databases"] == DATABASES
    assert (overrides["Stage"], overrides["Secrets"]) == ("production", "secretsmanager:notifier-prod")
    assert remembered["tags"] == "service=notifier stage=prod"
