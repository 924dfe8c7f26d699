"""Prints a comparison for `notifier test`: what has changed and how to approve it; or returns it as JSON."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from cli.compiler.files import shown as shown_path
from cli.language import later, plural, say
from cli.preview.changes import changes, shown
from cli.preview.comparison import Compared, Comparison, Verdict

_WORDS: Final = {
    Verdict.SAME: later("as approved"),
    Verdict.CHANGED: later("changed"),
    Verdict.NEW: later("not approved yet"),
    Verdict.UNUSED: later("approved, but there is no such sample any more"),
    Verdict.FAILED: later("no message can be made"),
}
_STYLES: Final = {Verdict.SAME: "green", Verdict.CHANGED: "yellow", Verdict.NEW: "cyan"}
_BAD: Final = "bold red"
_ALL_NEW: Final = later(
    "Nothing is approved in this folder yet. If these messages are right, accept all of them this once: {command}"
)


class Screen:
    """Prints comparisons. `folder` is that of the templates, for the suggested commands."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._console = Console(highlight=False, soft_wrap=True)

    def tell(self, comparison: Comparison, *, is_first: bool) -> None:
        """Print what differs, and how to approve it. If nothing is approved yet, one command approves all."""
        if comparison.problem:
            self._print(f"{comparison.place}: {say(comparison.problem.message)}", _BAD)
            self._command(say("correct the file, or approve its messages again"), comparison.notification)
            return
        for one in comparison.samples:
            if one.verdict is not Verdict.SAME:
                self._sample(one)
                if one.verdict is not Verdict.FAILED and not is_first:
                    self._command(_todo(one), one.title)

    def accepted(self, comparison: Comparison, wanted: Sequence[Compared]) -> None:
        """Print what has been approved, and in which file."""
        for one in wanted:
            self._sample(one)
        file = shown_path(comparison.file)
        if not wanted:
            self._print(say("{name}: nothing to approve", name=comparison.notification), "green")
        elif comparison.accepting(wanted).samples:
            self._print(say("Approved in {file}. Commit it with the template.", file=file), "green")
        else:
            self._print(say("{file} is empty now, and removed.", file=file), "green")

    def sum_up(self, comparisons: Iterable[Comparison], *, is_first: bool) -> None:
        """Print how many samples are as approved, and how many are not."""
        readable = [one for one in comparisons if not one.problem]
        counted = Counter(sample.verdict for one in readable for sample in one.samples)
        if is_first and counted[Verdict.NEW]:
            self._print(say(_ALL_NEW, command=self._approve("all")), "cyan")
        if counted:
            found = ", ".join(
                say("{count} {words}", count=counted[verdict], words=say(_WORDS[verdict]))
                for verdict in Verdict
                if counted[verdict]
            )
            samples = plural("{count} sample: {found}", "{count} samples: {found}", counted.total(), found=found)
            self._print(samples, "" if counted[Verdict.SAME] == counted.total() else "bold")

    def _sample(self, one: Compared) -> None:
        words = Text(say(_WORDS[one.verdict]), _STYLES.get(one.verdict, _BAD))
        self._console.print(Text.assemble((one.title, "bold"), ": ", words))
        if one.error:
            self._console.print(Text(f"  {one.error}"))
        elif one.verdict is not Verdict.UNUSED:
            for change in changes(one.before, one.after):
                self._console.print(Text.assemble("  ", shown(change)))

    def _command(self, todo: str, name: str) -> None:
        self._print(f"  {todo}: {self._approve(name)}", "dim")

    def _approve(self, name: str) -> str:
        elsewhere = "" if self._folder == Path("templates") else f" --templates {shlex.quote(shown_path(self._folder))}"
        return f"notifier test{elsewhere} --approve {shlex.quote(name)}"

    def _print(self, sentence: str, style: str) -> None:
        self._console.print(Text(sentence, style))


def _todo(one: Compared) -> str:
    return say("remove it") if one.verdict is Verdict.UNUSED else say("approve it")


def document(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """Return the comparisons as JSON values, in English."""
    problems = [
        {"file": shown_path(one.file), "line": one.problem.line, "message": one.problem.message}
        for one in comparisons
        if one.problem
    ]
    samples = [
        {
            "notification": sample.notification,
            "sample": sample.sample,
            "stage": one.approved.stage,
            "file": shown_path(one.file),
            "verdict": sample.verdict.value,
            "before": sample.before,
            "after": sample.after,
            "error": sample.error,
        }
        for one in comparisons
        if not one.problem
        for sample in one.samples
    ]
    return {"samples": samples, "problems": problems}
