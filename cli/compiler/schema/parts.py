"""What every part of the schema is made of."""

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
    """A schema with what an editor shows beside the key, and values that it offers."""
    return {**schema, "description": text, **({"examples": list(examples)} if examples else {})}


def text(words: str, *examples: Any) -> Schema:
    """A text; YAML makes numbers and `true` of some, which the compiler reads as they were written."""
    return described({"type": ["string", "number", "boolean"]}, words, *examples)


def literal(words: str, *examples: Any) -> Schema:
    """A text without expressions."""
    return {
        **text(words, *examples),
        "pattern": _NO_EXPRESSION,
        "patternErrorMessage": "no {{ }} here: it is taken as is",
    }


def expression(words: str, *examples: Any) -> Schema:
    """A bare expression."""
    message = "write the expression alone, without {{ }}"
    return {**text(words, *examples), "pattern": _NO_EXPRESSION, "patternErrorMessage": message}


def matching(pattern: str, message: str, words: str, *examples: Any) -> Schema:
    """A text of a form; `message` is what an editor says of any other."""
    return described({"type": "string", "pattern": pattern, "patternErrorMessage": message}, words, *examples)


def choice(options: Mapping[str, str], words: str) -> Schema:
    """One of some words, each with its meaning."""
    meanings = {"enumDescriptions": list(options.values())}
    return described({"type": "string", "enum": list(options), **meanings}, words)


def keys(properties: Mapping[str, Schema], required: Collection[str] = (), **more: Any) -> Schema:
    """A mapping with these keys and no others."""
    schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**schema, **({"required": list(required)} if required else {}), **more}


def exactly_one(names: Sequence[str], message: str) -> Schema:
    """What a mapping of which one of some keys has to be there adds to its schema.

    `oneOf` would say it shorter, but for two keys editors then say that "multiple schemas" match.
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
    """What a mapping adds to its schema in which `others` cannot stand where the key `name` has one of some values."""
    return {
        "if": {"properties": {name: {"enum": list(values)}}, "required": [name]},
        "then": {"properties": dict.fromkeys(others, False), "errorMessage": message},
    }


def each(schema: Schema, names: str = "", **more: Any) -> Schema:
    """A mapping whose keys people choose; `names` is the pattern of them."""
    named = {"propertyNames": {"pattern": names}} if names else {}
    return {"type": "object", "additionalProperties": schema, **named, **more}


def listed(schema: Schema, **more: Any) -> Schema:
    """A list."""
    return {"type": "array", "items": schema, **more}


def ref(name: str) -> Schema:
    """A part that has a name."""
    return {"$ref": f"#/$defs/{name}"}
