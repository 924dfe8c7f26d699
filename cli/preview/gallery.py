"""What the page shows about a folder of templates, as items by key (see cli/page).

notification:<name>   the entry of the catalogue, and
    pairs             what each sample posts in each stage: `after`, and `before` if the committed templates posted
                      something else; `change` is same, changed, added or removed, or empty without a commit
    stale             the file has errors, so `after` is from its last version without errors
    data              an example for the `data` of an event, whether it is needed, and whether it is read from the row;
                      None if the template reads none
    polled            when its poll runs, in each language, and a change of the table to try it; None without a poll
stage:<name>          what Slack shows for the ids in its messages
finding:<number>      a mistake in a file
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import click

from cli import language
from cli.compiler import Compilation, compile_templates
from cli.compiler.template import Template
from cli.preview import catalogue, document, poll_trial, runs, schedules
from cli.preview.event_data import UsedData, written
from cli.preview.revision import checked_out
from cli.preview.selection import USUAL, Selection
from handler.catalog import Stage
from handler.model import Poll

Items = dict[str, dict[str, Any]]
Pairs = Mapping[tuple[str, str], dict[str, Any]]  # by stage and sample: a preview as JSON
Made = Mapping[str, Pairs]  # by notification
_NOTHING: Final[Made] = {}
FINDING: Final = ("file", "line", "code", "severity", "message", "fix")


class Gallery:
    """Makes the items of a folder after each edit. Renders only the templates that were compiled again.

    `committed` is what to compare with (None: nothing).
    """

    def __init__(self, folder: Path, committed: Compilation | None) -> None:
        self._folder = folder
        self._before: Made | None = None
        self._last: Items = {}
        self._rendered: tuple[Selection, Made] | None = None
        self.compare_with(committed)

    def compare_with(self, committed: Compilation | None) -> None:
        """Compare with this from now on."""
        if committed is None:
            self._before = None
            return
        selection = selected(committed, self._folder)
        self._before = made(selection)
        self._last = {**items(selection, self._before, self._before, {}), **self._last}

    def items(self, compilation: Compilation) -> Items:
        """Return the items for a compilation."""
        selection = selected(compilation, self._folder)
        now = made(selection, self._unchanged(selection))
        self._rendered = (selection, now)
        self._last = items(selection, now, self._before, self._last)
        return self._last

    def _unchanged(self, selection: Selection) -> Made:
        """Return the previews of the last compilation, for the templates that have not changed since."""
        if self._rendered is None:
            return {}
        last, rendered = self._rendered  # a template that stays the same object has the same stages, too
        same = {id(template) for template in last.templates}
        names = [template.notification.name for template in selection.templates if id(template) in same]
        return {name: rendered[name] for name in names if name in rendered}


def committed(folder: Path) -> Compilation | None:
    """Compile the last committed version of a folder; None if there is none."""
    try:
        with checked_out(folder, "HEAD") as copy:
            return compile_templates(copy)
    except click.UsageError:
        return None


def selected(compilation: Compilation, folder: Path) -> Selection:
    """Return all readable templates in all stages."""
    stages = compilation.stages or (Stage(USUAL, {}, ""),)
    read = {f"{one.notification.name}.yaml" for one in compilation.templates}
    unread = tuple(file.removesuffix(".yaml") for file in compilation.files if "/" not in file and file not in read)
    return Selection(folder, compilation, compilation.templates, stages, unread)


def made(selection: Selection, known: Made = _NOTHING) -> Made:
    """Return the previews of all samples of the templates without errors. Those in `known` are not rendered again."""
    if any(one.severity == "error" and one.file.startswith("_") for one in selection.compilation.findings):
        return {}  # an error in the stages or labels, which all templates share
    names = [one.notification.name for one in selection.whole]
    found: dict[str, dict[tuple[str, str], dict[str, Any]]] = {name: dict(known.get(name, {})) for name in names}
    unknown = tuple(one for one in selection.templates if one.notification.name not in known)
    for run in runs.of_samples(replace(selection, templates=unknown)):
        key = (run.stage.name, run.preview.name)
        found[run.preview.notification][key] = document.of_run(run)
    return found


def items(selection: Selection, now: Made, before: Made | None, last: Mapping[str, dict[str, Any]]) -> Items:
    """Return the items.

    `now` has today's previews, `before` those of the committed templates (None: nothing was committed). `last` has the
    items until now, which fill in for a file with errors.
    """
    found: Items = {}
    polls = selection.compilation.polls
    more = {one.notification.name: _more(one, polls) for one in selection.templates}
    for entry in catalogue.entries(selection):
        item = {"kind": "notification", **asdict(entry), **more.get(entry.name, {}), "pairs": [], "change": ""}
        key = f"notification:{entry.name}"
        if entry.name in now:
            found[key] = {**item, **_compared(now[entry.name], before, entry.name), "stale": False}
        else:
            counted = {name: item[name] for name in ("errors", "warnings")}
            found[key] = {**item, **last.get(key, {}), **counted, "stale": True}
    for name in (before or {}).keys() - {one["name"] for one in found.values()}:
        item = {"kind": "notification", "name": name, "file": f"{name}.yaml", "stale": False}
        found[f"notification:{name}"] = {**item, **_compared({}, before, name)}
    others = {one for one in selection.compilation.files if "/" not in one} - {one["file"] for one in found.values()}
    wrong = {key: one for key, one in findings(selection.compilation).items() if one["file"] not in others}
    return {**found, **_stages(selection), **wrong}


def _more(one: Template, polls: Mapping[str, Poll]) -> dict[str, Any]:
    """What the page offers beside the entry of the catalogue."""
    carried, data = UsedData.of(one.notification, one.samples, polls), None
    if carried.example:
        is_watching = bool(carried.poll and carried.poll.is_watching)
        data = {"example": written(carried.example), "needed": bool(carried.needed), "of_row": is_watching}
    polled = None
    if poll := one.notification.poll:
        polled = {"when": _in_each_language(catalogue.polled(poll)), "change": poll_trial.statement(one)}
    return {"data": data, "polled": polled}


def _in_each_language(poll: catalogue.Polled) -> dict[str, str]:
    found = {}
    for name in language.LANGUAGES:
        with language.speaking(name):
            found[name] = schedules.words(poll)
    return found


def findings(compilation: Compilation) -> Items:
    """Return an item for each finding."""
    return {
        f"finding:{number}": {
            "kind": "finding",
            **{name: getattr(one, name) for name in FINDING},
            "edit": one.edit.new if one.edit else "",
        }
        for number, one in enumerate(compilation.findings)
    }


def _compared(after: Pairs, before: Made | None, name: str) -> dict[str, Any]:
    pairs = list(_pairs(after, None if before is None else before.get(name, {})))
    changes = {pair["change"] for pair in pairs}
    return {"pairs": pairs, "change": changes.pop() if len(changes) == 1 else "changed" if changes else ""}


def _pairs(after: Pairs, before: Pairs | None) -> Iterator[dict[str, Any]]:
    for key in dict.fromkeys((*after, *(before or {}))):
        new, old = after.get(key), (before or {}).get(key)
        change = _change(new, old) if before is not None else ""
        stage, sample = key
        yield {
            "stage": stage,
            "sample": sample,
            "change": change,
            "after": new,
            "before": old if change in ("changed", "removed") else None,
        }


def _change(new: Mapping[str, Any] | None, old: Mapping[str, Any] | None) -> str:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    return "same" if new == old else "changed"


def _stages(selection: Selection) -> Items:
    return {f"stage:{stage.name}": _stage(stage) for stage in selection.stages}


def _stage(stage: Stage) -> dict[str, Any]:
    locale = stage.locale
    names = {person: name for name, person in (*locale.people.items(), *locale.mentions.items())}
    return {
        "kind": "stage",
        "name": stage.name,
        "mentions": [{"id": person, "name": name} for person, name in names.items()],
        "channels": [{"id": channel, "name": alias} for alias, channel in stage.channels.items()],
    }
