"""Makes the previews of everything that was chosen: every sample, or a real row, in every stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import click

from cli.compiler.samples import Sample
from cli.compiler.template import Template
from cli.language import say
from cli.preview import events
from cli.preview.compose import Preview, Previews
from cli.preview.connections import Connections
from cli.preview.event_data import Data, UsedData
from cli.preview.selection import Selection, nearest
from handler.catalog import Stage
from handler.errors import NotifierError, TemplateError
from handler.model import Notification, Poll


@dataclass(frozen=True, slots=True)
class OfRow:
    """The preview for a row, and the `data` of its event. `wanted` is what they should be, if that is why it failed."""

    preview: Preview
    data: Data
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A preview, and what it was made of: `given` has the name of the `sample`, or the `id` of the row.

    `data` and `wanted` are as in OfRow.
    """

    template: Template
    stage: Stage
    given: Mapping[str, str | int]
    preview: Preview
    data: Data = field(default_factory=dict)
    wanted: str = ""


def of_samples(selection: Selection, names: Sequence[str] = ()) -> Iterator[Run]:
    """Yield a Run for each sample with one of the names, or for all samples. Templates with errors are left out.

    Raises click.UsageError for a name that no sample has.
    """
    refuse_unknown(names, selection)
    previews = {stage.name: Previews(stage) for stage in selection.stages}
    for template in selection.whole:
        for sample in template.samples:
            if not names or sample.name in names:
                for stage in selection.stages:
                    preview = previews[stage.name].of_sample(template.notification, sample)
                    yield Run(template, stage, {"sample": sample.name}, preview)


def refuse_unknown(names: Sequence[str], *selections: Selection) -> None:
    """Raise click.UsageError for a name that no sample has, unless a template with errors could have it."""
    known = [sample.name for one in selections for template in one.templates for sample in template.samples]
    for name in names:
        if name not in known and not any(one.findings for one in selections):
            raise click.UsageError(
                say("There is no sample {name}. {known}", name=repr(name), known=nearest(name, known))
            )


def of_row(selection: Selection, typed: str, data: Data, connections: Connections) -> Iterator[Run]:
    """Yield a Run for the event with this id and `data`, with what the databases and the APIs return."""
    polls = selection.compilation.polls
    for stage in selection.stages:
        previews = Previews(stage)
        for template in selection.whole:
            one = template.notification
            row_id = events.row_id(typed, one.id)
            found = of_event(previews, one, template.samples, polls, row_id, data, connections)
            yield Run(template, stage, {"id": row_id}, found.preview, found.data, found.wanted)


def of_event(
    previews: Previews,
    one: Notification,
    samples: Sequence[Sample],
    polls: Mapping[str, Poll],
    row_id: int | str,
    data: Data,
    connections: Connections,
) -> OfRow:
    """Return what an event makes. If a poll makes such events, its `data` have what the poll would say of the row."""
    carried = UsedData.of(one, samples, polls)
    try:
        data = carried.of_row(row_id, data, connections.database)
    except NotifierError as error:
        return OfRow(previews.failed(one, row_id, error), data)
    preview = previews.of_row(one, row_id, connections.database, connections.api, data)
    lacks = isinstance(preview.error, TemplateError) and carried.lacking(data)
    return OfRow(preview, data, carried.needed if lacks else "")
