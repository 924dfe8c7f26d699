"""The schema of `blocks:`.

It is one object with all keys, not a `oneOf` over the forms: so editors complete each key, and name the key that is
wrong instead of every form that does not fit.
"""

from __future__ import annotations

from typing import Final

from cli.compiler import tables
from cli.compiler.raw_blocks import BLOCK_TYPES
from cli.compiler.schema.parts import (
    Schema,
    described,
    each,
    exactly_one,
    expression,
    keys,
    listed,
    literal,
    matching,
    ref,
    text,
)

_START: Final = r"^(https?://[A-Za-z0-9.-]+(:[0-9]+)?|\{\{\s*vars\.\w+\s*\}\})([/?#]|$)"
_LOOP: Final = r"^\s*[A-Za-z][A-Za-z0-9_]*\s+in\s+\S"

_ADDRESS: Final = matching(
    _START,
    "an address begins with https://host, or with {{ vars.name }}",
    "An address. Its host is written out, or comes from the stage's `vars`.",
    "{{ vars.admin_url }}/orders/{{ id }}",
    "https://example.org/{{ id }}",
)
_IF: Final = expression(
    "Shown where this expression holds; under `for` it is asked for each element.", "order.total > 0"
)
_FOR: Final = matching(
    _LOOP,
    "write for: item in items",
    "Repeats the block for each element of a list. `loop.index`, `loop.first`, `loop.last`, `loop.length` are known.",
    "item in items",
    "item in items[:10]",
)
_CELLS: Final = listed(text("A cell: plain text.", "{{ item.sku }}"), minItems=1, maxItems=tables.MAX_CELLS)

_TABLE: Final = keys(
    {
        "head": described(_CELLS, "The titles of the columns.", ["Article", "Pieces"]),
        "for": described(_FOR, "Over what the row is repeated.", "item in items"),
        "if": _IF,
        "row": described(_CELLS, "The cells of a row, one row for each element.", ["{{ item.sku }}"]),
        "rows": described(listed(_CELLS, maxItems=tables.MAX_ROWS), "The rows of a table that is always the same."),
    }
)
_IMAGE: Final = keys(
    {
        "url": _ADDRESS,
        "alt": text("What screen readers read, and what stands there until the image has come."),
        "title": text("A line above the image."),
    },
    required=("url", "alt"),
)
_CONTEXT: Final = text("A small grey line.", "Order {{ id }}")

_FORMS: Final[dict[str, Schema]] = {
    "header": text("A large, bold line of plain text; at most 150 characters.", "Order {{ order.number }}"),
    "section": text("A paragraph of mrkdwn; at most 3,000 characters.", "*{{ order.number }}* was paid"),
    "fields": described(
        each(text("The value, in mrkdwn.", "{{ order.total }}"), minProperties=1, maxProperties=10),
        "Up to 10 labels with their values, in two columns.",
        {"Customer": "{{ customer.name }}"},
    ),
    "table": described(_TABLE, "A table: a head, and a row for each element of a list. One in a message."),
    "image": described(_IMAGE, "An image that Slack fetches from the internet."),
    "buttons": described(
        each(_ADDRESS, minProperties=1, maxProperties=25),
        "Up to 25 buttons that open an address: `Label: address`.",
        {"Open order": "{{ vars.admin_url }}/orders/{{ id }}"},
    ),
    "markdown": literal("A text in usual Markdown, without expressions; at most 12,000 characters."),
    "context": {
        "description": "A small grey line, or a list of up to 10.",
        "anyOf": [_CONTEXT, listed(_CONTEXT, minItems=1, maxItems=10)],
    },
    "divider": described({"type": "null"}, "A line. Write `- divider`."),
}
_GROUPING: Final[dict[str, Schema]] = {
    "for": _FOR,
    "if": _IF,
    "do": described(listed(ref("block"), minItems=1), "Several blocks under one `for` or `if`."),
}
_FORM_KEYS: Final = (*_FORMS, "do")
_ONE_FORM: Final = exactly_one(_FORM_KEYS, f"a block has exactly one of: {', '.join(_FORM_KEYS)}, type")
_SHORT: Final[Schema] = {**keys({**_FORMS, **_GROUPING}), **_ONE_FORM}
# https://docs.slack.dev/reference/block-kit/blocks
_RAW: Final[Schema] = {
    "type": "object",
    "properties": {
        "type": described({"type": "string", "enum": sorted(BLOCK_TYPES)}, "A block in Slack's own form."),
        "for": _FOR,
        "if": _IF,
    },
}
_BLOCK: Final[Schema] = {
    "title": "A block",
    "if": {"type": "string"},
    "then": {"const": "divider", "description": "A line.", "errorMessage": "a block is `divider` or `key: value`"},
    "else": {"if": {"type": "object", "required": ["type"]}, "then": _RAW, "else": _SHORT},
    "defaultSnippets": [{"label": form, "body": {form: "$1"}} for form in _FORMS if form != "divider"],
}

PARTS: Final[dict[str, Schema]] = {"block": _BLOCK}
