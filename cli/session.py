"""A running demo: each look shows what has happened since the last, and does what the page and the editor ask for."""

from __future__ import annotations

from pathlib import Path

from cli.compiler import Compilation
from cli.edits import Edits
from cli.emit import as_event, publish
from cli.lint import show
from cli.watch import Watch
from lab.cloud import LocalCloud

FINDING = ("file", "line", "code", "severity", "message", "fix")


class Session:
    """The deployment under `watch`, the templates under `edits`, and the wishes of whoever looks at the page."""

    def __init__(self, cloud: LocalCloud, watch: Watch, edits: Edits) -> None:
        self._cloud = cloud
        self._watch = watch
        self._edits = edits
        self._wished = 0

    def look(self) -> None:
        """Look once."""
        self._watch.look()
        for wish in self._cloud.slack.wishes(self._wished):
            self._wished = wish["number"]
            publish(self._cloud.aws.client("sns"), self._watch.topic, as_event(wish["type"], str(wish["id"])))
        if compilation := self._edits.look():
            self._show(compilation)

    def _show(self, compilation: Compilation) -> None:
        """Show an edit's findings in the terminal and on the page; none, if the function has it."""
        show(compilation, Path("templates"))
        findings = [{name: getattr(one, name) for name in FINDING} for one in compilation.findings]
        self._cloud.slack.replace("finding", [{"kind": "finding", **finding} for finding in findings])
