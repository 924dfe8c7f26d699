"""The static checks of the templates: `python -m tests.infra.lint_stacks`, a part of `make check`.

The linters look at both templates for SAM as they are written, and as SAM translates them: inside an
AWS::Serverless resource they see nothing. The templates in infra/ use no transform. Prints each command that it runs;
exits with 1 if any had findings.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from lab import sam
from lab.aws import REGION, TOOLS
from tests.infra.plain import PLAIN
from tests.infra.stack import IMAGE_TEMPLATE, ROOT, TEMPLATE, translated

SAM_TEMPLATES: Final = (TEMPLATE, IMAGE_TEMPLATE)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="notifier-lint-") as name:
        folder = Path(name)
        translations = [_translation(folder, template) for template in SAM_TEMPLATES]
        env = {**sam.environment(folder), "AWS_DEFAULT_REGION": REGION}
        findings = [command for command in _commands(translations) if not _passes(command, env)]
    return 1 if findings else 0


def _translation(folder: Path, template: Path) -> str:
    path = folder / f"{template.stem}.json"
    path.write_text(json.dumps(translated(template), indent=2))
    return str(path)


def _commands(translations: list[str]) -> list[list[str]]:
    cfn_lint = str(TOOLS / "sam/bin/cfn-lint")
    plain = [str(path) for path in PLAIN]
    return [
        *[[str(sam.SAM), "validate", "--lint", "--template", str(template)] for template in SAM_TEMPLATES],
        [cfn_lint, "--template", *map(str, SAM_TEMPLATES), *plain],
        [cfn_lint, "--template", *translations],
        [str(TOOLS / "checkov/bin/checkov"), "--config-file", str(ROOT / ".checkov.yaml")],
        [str(TOOLS / "checkov/bin/checkov"), "--config-file", str(ROOT / ".checkov.yaml"), "--file", *plain],
    ]


def _passes(command: list[str], env: dict[str, str]) -> bool:
    print("$", shlex.join(command), flush=True)
    return subprocess.run(command, env=env, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
