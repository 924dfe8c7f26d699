"""The JSON Schemas of the files in templates/, for editors: completion, explanations, and simple mistakes.

They check less than the compiler, which also parses SQL and expressions and renders the samples. They are of draft 7,
which YAML language servers support best.
"""

from __future__ import annotations

import json
from typing import Any, Final

from cli.compiler.schema import blocks, stages, templates
from cli.compiler.schema.parts import Schema

TEMPLATE: Final[Schema] = {**templates.TEMPLATE, "$defs": {**templates.PARTS, **blocks.PARTS}}
# Each schema by its file, below the folder of templates. The first line of a template, a stage or the labels names it.
# They are separate files because editors mix up several schemas in one.
SCHEMAS: Final[dict[str, Schema]] = {
    ".schema.json": TEMPLATE,
    ".labels.schema.json": stages.LABELS,
    "_stages/.schema.json": stages.STAGE,
    ".privacy.schema.json": stages.PRIVACY,
}


def document(schema: Schema) -> str:
    """Return a schema as the text of its file."""
    whole: dict[str, Any] = {"$schema": "http://json-schema.org/draft-07/schema#", **schema}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"
