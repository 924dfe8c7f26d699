"""The JSON Schemas of the files in templates/, for editors: completion, explanations, and the first mistakes.

They say less than the compiler, which also reads SQL and expressions and renders the samples. They are of draft 7,
which YAML language servers read best.
"""

from __future__ import annotations

import json
from typing import Any, Final

from cli.compiler.schema import blocks, stages, templates
from cli.compiler.schema.parts import Schema

TEMPLATE: Final[Schema] = {**templates.TEMPLATE, "$defs": {**templates.PARTS, **blocks.PARTS}}
# Each schema by its file, below the folder of the templates: the first line of a template, a stage or the labels names
# the one beside it. A file each, as editors mix up the parts of one.
SCHEMAS: Final[dict[str, Schema]] = {
    ".schema.json": TEMPLATE,
    ".labels.schema.json": stages.LABELS,
    "_stages/.schema.json": stages.STAGE,
    ".privacy.schema.json": stages.PRIVACY,
}


def document(schema: Schema) -> str:
    """Return the text of a schema's file."""
    whole: dict[str, Any] = {"$schema": "http://json-schema.org/draft-07/schema#", **schema}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"
