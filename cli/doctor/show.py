"""Prints findings in a terminal: a line each; below a problem, its cause and remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.doctor import published
from cli.language import later, say
from handler.health.model import Check

TEXT_COLUMNS: Final = 2
_MARKS: Final = {
    "ok": ("✓", "green"),
    later("warning"): ("!", "yellow"),
    later("failed"): ("✗", "red"),
    later("skipped"): ("·", "dim"),
}


def findings(console: Console, checks: Iterable[Check]) -> None:
    """Print each finding, then the number of each kind."""
    found = list(checks)
    wide = max((len(check.name) for check in found), default=0)
    for check in found:
        mark, style = _MARKS[check.state]
        took = f"  {check.milliseconds:.0f} ms" if check.milliseconds is not None and check.milliseconds >= 1 else ""
        said = check.seen or ("" if check.state == "ok" else say(check.state))
        console.print(Text.assemble((mark, style), f" {check.name:<{wide}}  {said}", (took, "dim")), soft_wrap=True)
        for word, text in (("", check.cause), ("→ ", say(check.remedy))):
            if text:
                console.print(
                    Text(f"{' ' * (wide + 4)}{word}{text}", style="dim" if check.state == "skipped" else ""),
                    soft_wrap=True,
                )
    console.print(summary(found))


def summary(checks: Sequence[Check]) -> str:
    """Return the number of findings of each kind, in words."""
    counted = {state: sum(check.state == state for check in checks) for state in _MARKS}
    others = {state: number for state, number in counted.items() if number and state != "ok"}
    well = say("{count} of {all} are well", count=counted["ok"], all=len(checks))
    words = [say("{count} {words}", count=number, words=say(state)) for state, number in others.items()]
    return say("; ").join(filter(None, (well, ", ".join(words))))


def paths(console: Console, timed: Iterable[Mapping[str, Any]]) -> None:
    """Print how many milliseconds each path to an API takes, compared with the fastest warm one.

    Below that, print two calls in one invocation, beside those of a published measurement.
    """
    rows = list(timed)
    quickest = min((row["warm"] for row in rows if row.get("warm")), default=None)
    table = _table("API", say("path"), say("look-up"), say("first call"), say("further calls"), say("ratio"))
    for row in rows:
        if row.get("error"):
            table.add_row(row["api"], row["path"], Text(row["error"], style="red"), "", "", "")
            continue
        ratio = f"{row['warm'] / quickest:.2f}" if quickest else ""
        table.add_row(row["api"], row["path"], *(f"{row[name]:.1f}" for name in ("look_up", "cold", "warm")), ratio)
    console.print(table)
    if both := [row for row in rows if row.get("function")]:
        _two_calls(console, both)


def _two_calls(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the time of the function and the time in the API, beside the published figures of another account."""
    table = _table(say("two calls"), say("path"), say("function"), say("inside the API"), say("difference"))
    for row in rows:
        function, callee = row["function"], row.get("callee")
        told = ("–", "–") if callee is None else (f"{callee:.1f}", f"{function - callee:.1f}")
        table.add_row(row["api"], row["path"], f"{function:.1f}", *told)
    for path, (function, callee) in published.TIMES.items():
        table.add_row(say("published"), path, f"{function}", f"{callee}", f"{function - callee}", style="dim")
    console.print()
    console.print(table)
    if any(row.get("callee") is None for row in rows):
        unknown = say("unknown: the API does not send Server-Timing: app;dur=<milliseconds>")
        console.print(f"–  {unknown}", soft_wrap=True)


def _table(*columns: str) -> Table:
    """Return a table without lines: two columns of text, and the others of numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for number, name in enumerate(columns):
        table.add_column(name, justify="left" if number < TEXT_COLUMNS else "right")
    return table
