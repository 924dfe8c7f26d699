"""Memory limits what a template can make, too; after an error the process continues with the next event."""

from __future__ import annotations

import json
import os
import subprocess
import sys

MEBIBYTES = 256
# As the language allows it, or tries not to.
GREEDY = [
    "{{ 'x' * 99999999 }}",
    "{{ 'x' * 9999 * 9999 }}",
    "{{ ('x' * 9999) ~ ('y' * 9999) ~ ('z' * 9999) ~ ('x' * 9999) ~ ('y' * 9999) }}",
    "{{ 9 ** 9 ** 9 ** 9 }}",
    "{{ 10 ** 99 * 10 ** 99 * 10 ** 99 }}",
    "{{ row.large * 9999 }}",
    "{{ [row.large] * 9999 }}",
    "{{ row.many | join(row.large) }}",
    "{{ row.many | join(row.large) | upper | title | truncate(9) }}",
    "{% for a in range(200) %}{% for b in range(200) %}{{ row.large }}{% endfor %}{% endfor %}",
    "{% for a in row.many %}{% for b in row.many %}{{ row.large ~ row.large ~ row.large }}{% endfor %}{% endfor %}",
    "{{ range(10 ** 12) | join }}",
    "{{ row.huge }}",
    "{{ row.huge * row.huge }}",
    "{{ row.huge | money('EUR') }}",
    "{{ row.huge | number(2) }}",
    "{{ 1 | round(999999999) }}",
    "{{ row.large | truncate(10 ** 9) | code }}",
    "{{ (row.large, row.large) * 5000 }}",
]
PROGRAM = """
import json, sys
from decimal import Decimal
from handler.errors import TemplateError
from handler.model import Leaf
from handler.templating import Templates
from handler.time_limit import time_limit

templates = Templates()
row = {"large": "x" * 65_000, "many": ["y"] * 200, "huge": Decimal("1E+999999")}
codes = []
for source in json.loads(sys.argv[1]):
    try:
        with time_limit("greedy.yaml"):
            codes.append(str(len(templates.render(Leaf("mrkdwn", source, "greedy.yaml:1"), {"row": row}))))
    except TemplateError as error:
        codes.append(error.code)
assert templates.render(Leaf("mrkdwn", "{{ row.many[0] }}", "good.yaml:1"), {"row": row}) == "y"
# Not getrusage: that begins with what the process had that started this one.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"codes": codes, "kibibytes": int(peak.split()[1])}))
"""


def test_no_template_fills_the_memory_of_a_small_function() -> None:
    command = [sys.executable, "-c", PROGRAM, json.dumps(GREEDY)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, env=dict(os.environ))
    found = json.loads(done.stdout)
    for source, code in zip(GREEDY, found["codes"], strict=True):
        assert code in {"TEMPLATE_LIMIT", "TEMPLATE_FAILED", "TEMPLATE_FORBIDDEN"} or int(code) <= 40_000, (
            source,
            code,
        )
    assert found["codes"].count("TEMPLATE_LIMIT") > len(GREEDY) // 2
    assert found["kibibytes"] < MEBIBYTES * 1024
