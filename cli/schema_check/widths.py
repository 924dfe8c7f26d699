"""Finds places where Slack would cut a value that is as long as its column allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cli.compiler import render_samples
from cli.compiler.answers import answering
from cli.compiler.problems import Parts
from cli.compiler.samples import Sample
from cli.compiler.template import Template
from cli.language import say
from cli.schema_check.resolving import Output
from handler.block_kit.expand import Expander
from handler.catalog import Stage
from handler.errors import NotifierError
from handler.model import Leaf, Locale, Value
from handler.templating import Context, Templates

CODE: Final = "COLUMN_CUT"
# Places with more room, such as a section, fit normal texts. Longer ones are cut there on purpose.
_LITTLE: Final = 2_000
# No place has more room than this, but a TEXT can be longer.
_LONGEST: Final = 4_000
_WORD: Final = "wordy "


class _CuttingTemplates(Templates):
    """The function's templates, which record the leaves that are cut, with the room that each has."""

    def __init__(self, locale: Locale) -> None:
        super().__init__(locale=locale)
        self.cut: dict[str, int] = {}

    def render(self, leaf: Leaf, context: Context, limit: int | None = None) -> str:
        text = super().render(leaf, context, limit)
        if limit is not None and limit <= _LITTLE and leaf.context != "url" and super().render(leaf, context) != text:
            self.cut.setdefault(leaf.where, limit)
        return text


def too_wide(template: Template, lookup: str, outputs: Sequence[Output], stage: Stage) -> Iterator[Parts]:
    """Yield each place that would cut a value of one of these columns, unless it already cuts one in the samples."""
    wide = [one for one in outputs if one.found.column.width]
    before = {where for sample in template.samples for where in _cut(template, sample, stage)} if wide else set()
    for output in wide:
        width = output.found.column.width or 0
        found: dict[str, int] = {}
        for sample in template.samples:
            if filled := _filled(sample, lookup, output.name, min(width, _LONGEST)):
                found = {**_cut(template, filled, stage), **found}
        for where, room in found.items():
            node = template.nodes.get(where)
            if node and where not in before:
                yield Parts(node.place, CODE, _message(f"{lookup}.{output.name}", output, room), _fix())


def _message(column: str, output: Output, room: int) -> str:
    return say(
        "`{column}` is {type} and can be longer than what is shown here, which is {room} characters in all",
        column=column, type=output.found.column.written, room=room,
    )  # fmt: skip


def _fix() -> str:
    return say("show it in a `section` too if its end matters; else leave it, as … marks what is cut")


def _cut(template: Template, sample: Sample, stage: Stage) -> dict[str, int]:
    templates = _CuttingTemplates(template.notification.locale(stage.locale))
    try:
        context = render_samples.enriched(template, sample, stage, answering(sample.answers, templates))
    except NotifierError:
        return {}
    for tree in template.notification.blocks:
        try:
            list(Expander(templates).blocks(tree, context))
        except NotifierError:  # a filter that does not accept this text, so no long text can be here
            continue
    return templates.cut


def _filled(sample: Sample, lookup: str, column: str, width: int) -> Sample | None:
    """Return the sample with a long text in this column; None if it has no text there."""
    answer = sample.answers.get(lookup)
    rows = answer if isinstance(answer, list) else [answer]
    text = (_WORD * (width // len(_WORD) + 1))[:width]
    long: list[Value] = [
        {**row, column: text} if isinstance(row, dict) and _is_shorter(row.get(column), width) else row for row in rows
    ]
    if long == rows:
        return None
    return Sample(
        sample.name, sample.event, sample.id, sample.data,
        {**sample.answers, lookup: long if isinstance(answer, list) else long[0]}, sample.places,
    )  # fmt: skip


def _is_shorter(value: Value, width: int) -> bool:
    return isinstance(value, str) and len(value) < width
