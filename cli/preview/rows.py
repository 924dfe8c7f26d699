"""Renders a real row, for the page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from cli.compiler import compile_templates
from cli.language import say
from cli.preview import document, events, runs
from cli.preview.connections import Connections
from cli.preview.gallery import selected


def made(folder: Path, connections: Connections | None, question: Any) -> list[dict[str, Any]]:
    """Return what {"notification", "id", "data"} makes in each stage, and in `answers` what each lookup found.

    `data` is JSON, and may be left out. Raises ValueError for another question.
    """
    match question:
        case {"notification": str(name), "id": str(text)} if connections is not None:
            data = events.typed_extras(str(question.get("data", "")))
        case _:
            raise ValueError('ask for {"notification": "...", "id": "..."}')
    selection = selected(compile_templates(folder), folder)
    chosen = tuple(one for one in selection.whole if one.notification.name == name)
    if not chosen:
        raise ValueError(say("Mend the errors in {file} first.", file=f"{name}.yaml"))
    return [_of_run(run) for run in runs.of_row(replace(selection, templates=chosen), text, data, connections)]


def _of_run(run: runs.Run) -> dict[str, Any]:
    answers = json.loads(json.dumps(run.preview.answers, default=str))
    return {**document.of_run(run), "answers": answers, "wanted": run.wanted}
