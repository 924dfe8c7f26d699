"""Finds how a change of templates changes the messages of their samples."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from cli.language import later, say
from cli.preview.changes import changes
from cli.preview.changes import shown as shown_change
from cli.preview.characters import safe
from cli.preview.compose import Preview, Previews
from cli.preview.message_lines import escaped, lines
from cli.preview.selection import Selection

Lines = Sequence[str]
# The names of a notification, a sample and a stage.
Key = tuple[str, str, str]


class Kind(StrEnum):
    """How a message has changed."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    NEW_SAMPLE = "new sample"
    OLD_SAMPLE = "sample removed"


_WORDS: Final = {
    Kind.CHANGED: (later("message changed"), "yellow"),
    Kind.ADDED: (later("message added"), "green"),
    Kind.REMOVED: (later("message removed"), "red"),
    Kind.NEW_SAMPLE: (later("new sample"), "green"),
    Kind.OLD_SAMPLE: (later("sample removed"), "red"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A changed message of a sample. `channel` is its alias; empty if nothing was posted, or is posted."""

    key: Key
    channel: str
    kind: Kind
    before: Lines
    after: Lines

    def shown(self) -> Iterator[RenderableType]:
        """Yield what to print: a heading, and the changed lines."""
        word, style = _WORDS[self.kind]
        channel = f" · #{self.channel}" if self.channel else ""
        yield Text.assemble((safe(" · ".join(self.key)) + channel, "bold"), ": ", (say(word), style))
        for change in changes(self.before, self.after):
            yield Text.assemble("  ", shown_change(change))


def compare(before: Selection, after: Selection, names: Sequence[str] = ()) -> Iterator[Difference]:
    """Yield the differences between two versions, in samples with one of the names, or in all samples.

    Templates with errors in one of the versions are left out, and so are stages that only one has.
    """
    broken = before.broken | after.broken
    stages = {one.name for one in before.stages} & {one.name for one in after.stages}
    old, new = (_previews(one, broken, stages, names) for one in (before, after))
    return differences(old, new)


def _previews(
    selection: Selection, broken: Collection[str], stages: Collection[str], names: Sequence[str]
) -> dict[Key, Preview]:
    of_stage = {stage.name: Previews(stage) for stage in selection.stages if stage.name in stages}
    return {
        (one.notification.name, sample.name, stage): previews.of_sample(one.notification, sample)
        for one in selection.templates
        if one.notification.name not in broken
        for sample in one.samples
        if not names or sample.name in names
        for stage, previews in of_stage.items()
    }


def differences(before: Mapping[Key, Preview], after: Mapping[Key, Preview]) -> Iterator[Difference]:
    """Yield each message that was added, removed or changed, in the order of the samples."""
    for key in dict.fromkeys([*after, *before]):
        old, new = _lines(before.get(key)), _lines(after.get(key))
        for channel in dict.fromkeys([*new, *old]):
            was, is_now = old.get(channel, ()), new.get(channel, ())
            if was != is_now:
                yield Difference(key, channel, _kind(key in before, key in after, was, is_now), was, is_now)


def _kind(was_sample: bool, is_sample: bool, was: Lines, is_now: Lines) -> Kind:
    if not was_sample:
        return Kind.NEW_SAMPLE
    if not is_sample:
        return Kind.OLD_SAMPLE
    return Kind.CHANGED if was and is_now else Kind.ADDED if is_now else Kind.REMOVED


def _lines(preview: Preview | None) -> dict[str, Lines]:
    """Return the lines of each message by its channel's alias; or why there is none."""
    if preview is None:
        return {}
    if preview.error:
        return {"": [escaped(f"error: {preview.error}")]}
    if preview.rule:
        return {"": [f"posts nothing: {preview.rule.value}"]}
    return {one.channel: [*lines(one), f"destination: {escaped(one.destination)}"] for one in preview.messages}
