"""All that was chosen: every sample, or a real row, in every stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from cli.compiler.template import Template
from cli.language import say
from cli.preview import events
from cli.preview.compose import Preview, Previews
from cli.preview.connections import Connections
from cli.preview.selection import Selection, nearest
from handler.catalog import Stage


@dataclass(frozen=True, slots=True)
class Run:
    """A preview, and what it was made of: `given` has the name of the `sample`, or the `id` of the row."""

    template: Template
    stage: Stage
    given: Mapping[str, str | int]
    preview: Preview


def of_samples(selection: Selection, names: Sequence[str] = ()) -> Iterator[Run]:
    """Yield a run for each sample with one of the names, or for all samples; templates with errors have none.

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
    """Raise click.UsageError for a name that no sample has, unless a template with errors may have it."""
    known = [sample.name for one in selections for template in one.templates for sample in template.samples]
    for name in names:
        if name not in known and not any(one.findings for one in selections):
            raise click.UsageError(
                say("There is no sample {name}. {known}", name=repr(name), known=nearest(name, known))
            )


def of_row(selection: Selection, typed: str, data: Mapping[str, Any], connections: Connections) -> Iterator[Run]:
    """Yield a run for the event with this id and these extras, with what the databases and the APIs answer."""
    for stage in selection.stages:
        previews = Previews(stage)
        for template in selection.whole:
            row_id = events.row_id(typed, template.notification.id)
            preview = previews.of_row(template.notification, row_id, connections.database, connections.api, data)
            yield Run(template, stage, {"id": row_id}, preview)
