"""The commands of docs/discovery.md, run against a local AWS that creates the stacks."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.aws import TOOLS, Aws, running_aws
from tests.infra.plain import BALANCED, FILES, FOLDER, PATHS, REGISTERED
from tests.infra.stack import ROOT

# What the local AWS has no resource for, or not as it has to be.
UNKNOWN_THERE = [
    (re.compile(r"\n  ServiceIngress:\n(?:    .*\n)+"), "\n"),
    (re.compile(r"\n  VpcLink:\n(?:    .*\n)+"), "\n"),
    (re.compile(r"!Ref VpcLink\b"), "link"),
    (re.compile(r"DesiredCount: !Ref DesiredCount"), "DesiredCount: 0"),  # it takes the number for a text
]
# The outputs of a path that are parameters of the service.
NEEDED = {
    **{name: {"TargetGroupArn", "ServiceSecurityGroupId", "ApiPort"} for name in BALANCED},
    **{name: {"ServiceRegistryArn", "RecordType", "ServiceSecurityGroupId", "ApiPort"} for name in REGISTERED},
}
PAGE = (ROOT / "docs/discovery.md").read_text("utf-8")
EXAMPLES = re.findall(r"^ *```sh\n(.*?)^ *```", PAGE, re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Guide:
    """Runs the guide's examples for one path, in a VPC of its own."""

    aws: Aws
    folder: Path
    environment: Mapping[str, str]

    def run(self, sign: str, instead: tuple[str, str] = ("", "")) -> str:
        """Run the one example that has `sign` in it, and return what it printed."""
        [script] = [example for example in EXAMPLES if sign in example]
        script = script.replace(*instead)
        path = f"{TOOLS / 'aws/bin'}{os.pathsep}{os.environ['PATH']}"
        env = {**self.aws.env, **self.environment, "PATH": path, "HOME": str(self.folder)}
        command = ["bash", "-euo", "pipefail", "-c", script]
        ran = subprocess.run(command, env=env, cwd=self.folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def described(self, name: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        return found[0]


@pytest.fixture
def guide(name: str, tmp_path: Path) -> Iterator[Guide]:
    (tmp_path / "infra/discovery").mkdir(parents=True)
    for key in FILES:
        text = (FOLDER / f"{key}.yaml").read_text("utf-8")
        for unknown, known in UNKNOWN_THERE:
            text = unknown.sub(known, text)
        (tmp_path / f"infra/discovery/{key}.yaml").write_text(text, "utf-8")
    with running_aws(tmp_path) as aws:
        network = aws.create_network()
        [subnet] = aws.client("ec2").describe_subnets(SubnetIds=[network.subnets[0]])["Subnets"]
        environment = {
            "WAY": name,
            "VPC": subnet["VpcId"],
            "SUBNETS": ",".join(network.subnets),
            "FUNCTION_GROUP": network.security_group,
            "IMAGE": "example.org/orders:1",
        }
        yield Guide(aws, tmp_path, environment)


@pytest.mark.parametrize("name", PATHS)
def test_the_guide_deploys_a_path_with_its_service_and_its_policy(name: str, guide: Guide) -> None:
    guide.run('"infra/discovery/$WAY.yaml"')
    path = {output["OutputKey"]: output["OutputValue"] for output in guide.described(f"orders-{name}")["Outputs"]}
    guide.run("infra/discovery/service.yaml")
    service = guide.described("orders-service")
    taken = {given["ParameterKey"]: given["ParameterValue"] for given in service["Parameters"]}
    assert {key: taken[key] for key in path.keys() & taken.keys()} == {key: path[key] for key in NEEDED[name]}
    if "ServiceRegistryArn" in path:
        assert "shop.internal" in guide.run("list-namespaces")
    said = guide.run("Apis=", (".tools/sam/bin/sam deploy --parameter-overrides", "printf '%s\\n'"))
    given = dict(line.split("=", 1) for line in said.splitlines())
    assert given == {"Apis": f"default={path['ApiUri']}", "PolicyArns": path.get("FunctionPolicyArn", "")}
