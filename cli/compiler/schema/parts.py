"""Building blocks of the schemas."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

Schema = dict[str, Any]

ALIAS: Final = "^[a-z0-9][a-z0-9_-]*$"
NAME: Final = "^[A-Za-z][A-Za-z0-9_]*$"
_NO_EXPRESSION: Final = r"^(?![\s\S]*(\{\{|\{%))"

TIME_ZONE: Final = ("^[A-Za-z0-9_+/-]+$", "a name as Asia/Tokyo")
LANGUAGES: Final = {"en": "English", "ja": "日本語"}


def described(schema: Schema, text: str, *examples: Any) -> Schema:
    """Return a schema with the description that editors show, and examples that they offer."""
    return {**schema, "description": text, **({"examples": list(examples)} if examples else {})}


def text(words: str, *examples: Any) -> Schema:
    """Return the schema of a text. YAML reads some texts as numbers or booleans; the compiler reads them as written."""
    return described({"type": ["string", "number", "boolean"]}, words, *examples)


def literal(words: str, *examples: Any) -> Schema:
    """Return the schema of a text without expressions."""
    return {
        **text(words, *examples),
        "pattern": _NO_EXPRESSION,
        "patternErrorMessage": "no {{ }} here: it is taken as is",
    }


def expression(words: str, *examples: Any) -> Schema:
    """Return the schema of a bare expression."""
    message = "write the expression alone, without {{ }}"
    return {**text(words, *examples), "pattern": _NO_EXPRESSION, "patternErrorMessage": message}


def matching(pattern: str, message: str, words: str, *examples: Any) -> Schema:
    """Return the schema of a text that matches a pattern. Editors show `message` for any other text."""
    return described({"type": "string", "pattern": pattern, "patternErrorMessage": message}, words, *examples)


def choice(options: Mapping[str, str], words: str) -> Schema:
    """Return the schema of an enum; `options` maps each word to its meaning."""
    meanings = {"enumDescriptions": list(options.values())}
    return described({"type": "string", "enum": list(options), **meanings}, words)


def keys(properties: Mapping[str, Schema], required: Collection[str] = (), **more: Any) -> Schema:
    """Return the schema of a mapping with these keys and no others."""
    schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**schema, **({"required": list(required)} if required else {}), **more}


def exactly_one(names: Sequence[str], message: str) -> Schema:
    """Return what a mapping's schema needs so that exactly one of these keys is required.

    `oneOf` would be shorter, but with two keys present, editors then report that "multiple schemas" match.
    """
    one = {"anyOf": [{"required": [name], "errorMessage": message} for name in names], "errorMessage": message}
    pairs = [
        {
            "if": {"required": [name]},
            "then": {"properties": dict.fromkeys(names[place:], False), "errorMessage": message},
        }
        for place, name in enumerate(names[:-1], 1)
    ]
    return {"allOf": [one, *pairs]}


def not_with(name: str, values: Sequence[str], others: Sequence[str], message: str) -> Schema:
    """Return what a mapping's schema needs so that `others` are not allowed if the key `name` has one of `values`."""
    return {
        "if": {"properties": {name: {"enum": list(values)}}, "required": [name]},
        "then": {"properties": dict.fromkeys(others, False), "errorMessage": message},
    }


def each(schema: Schema, names: str = "", **more: Any) -> Schema:
    """Return the schema of a mapping with any keys; `names` is a pattern for them."""
    named = {"propertyNames": {"pattern": names}} if names else {}
    return {"type": "object", "additionalProperties": schema, **named, **more}


def listed(schema: Schema, **more: Any) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": schema, **more}


def ref(name: str) -> Schema:
    """Return a reference to a named part of the schema."""
    return {"$ref": f"#/$defs/{name}"}
