"""The static checks of the templates: `python -m tests.infra.lint_stacks`, a part of `make check`.

The linters look at template.yaml as it is written and as SAM translates it: inside an AWS::Serverless resource they see
nothing. The templates in infra/ use no transform. Prints each command that it runs; exits with 1 if any had findings.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from lab import sam
from lab.aws import REGION, TOOLS
from tests.infra.plain import PLAIN
from tests.infra.stack import ROOT, TEMPLATE, translated


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="notifier-lint-") as name:
        folder = Path(name)
        translation = folder / "translated.json"
        translation.write_text(json.dumps(translated(), indent=2))
        env = {**sam.environment(folder), "AWS_DEFAULT_REGION": REGION}
        findings = [command for command in _commands(translation) if not _passes(command, env)]
    return 1 if findings else 0


def _commands(translation: Path) -> list[list[str]]:
    cfn_lint = str(TOOLS / "sam/bin/cfn-lint")
    plain = [str(path) for path in PLAIN]
    return [
        [str(sam.SAM), "validate", "--lint", "--template", str(TEMPLATE)],
        [cfn_lint, "--template", str(TEMPLATE), *plain],
        [cfn_lint, "--template", str(translation)],
        [str(TOOLS / "checkov/bin/checkov"), "--config-file", str(ROOT / ".checkov.yaml")],
        [str(TOOLS / "checkov/bin/checkov"), "--config-file", str(ROOT / ".checkov.yaml"), "--file", *plain],
    ]


def _passes(command: list[str], env: dict[str, str]) -> bool:
    print("$", shlex.join(command), flush=True)
    return subprocess.run(command, env=env, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
