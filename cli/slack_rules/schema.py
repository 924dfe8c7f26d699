"""A small language for the shape of JSON. A specification (Spec) is a function from a value to the problems in it.

A problem looks like those in `response_metadata.messages` of Slack's `invalid_blocks`: what is wrong, and a JSON
pointer. Sentences that Slack is known to use are copied (`must be less than 3001 characters`, `no more than 10 items
allowed`, `missing required field`, `invalid additional property`, `unsupported type`, `failed to match all allowed
schemas`, `must define either`); the others imitate its style.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from typing import Any, Final

from cli.language import say

UNBOUNDED: Final = sys.maxsize
UNMATCHED: Final = "failed to match all allowed schemas"  # the problems inside come after this one


@dataclass(frozen=True, slots=True)
class Problem:
    """What Slack would say about one part of a document. `pointer` is a JSON pointer, such as `/blocks/0/text`.

    `fix` says what to write instead, if the rule knows. It is our own sentence, in the language of the tools.
    """

    message: str
    pointer: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]"


Problems = Iterator[Problem]
Spec = Callable[[Any, str], Problems]


def anything(_value: Any, _at: str) -> Problems:
    """Accept any value."""
    return iter(())


def boolean(value: Any, at: str) -> Problems:
    """Check for true or false."""
    if not isinstance(value, bool):
        yield Problem("must be a boolean", at, say("write true or false"))


def number(least: float = -math.inf, *, above: float = -math.inf) -> Spec:
    """Return a Spec for a finite number that is at least `least`, and more than `above`."""

    def check(value: Any, at: str) -> Problems:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield Problem("must be a number", at, say("write a number, without quotes"))
        elif value < least:
            yield Problem(f"must be at least {least}", at)
        elif value <= above:
            yield Problem(f"must be more than {above}", at)

    return check


def integer(least: int, most: int = UNBOUNDED) -> Spec:
    """Return a Spec for a whole number from `least` to `most`."""

    def check(value: Any, at: str) -> Problems:
        if isinstance(value, bool) or not isinstance(value, int):
            yield Problem("must be a whole number", at, say("write a whole number, without quotes"))
        elif not least <= value <= most:
            yield Problem(f"must be from {least} to {most}", at)

    return check


def string(most: int = UNBOUNDED, least: int = 1) -> Spec:
    """Return a Spec for a string of `least` to `most` characters (Unicode code points)."""

    def check(value: Any, at: str) -> Problems:
        if not isinstance(value, str):
            yield Problem("must provide a string", at, say("write a text; a number needs quotes"))
        elif len(value) < least:
            yield Problem(f"must be more than {least - 1} characters", at, say("write a text, or leave the key out"))
        elif len(value) > most:
            fix = say("shorten it to {most} characters", most=most)
            yield Problem(f"must be less than {most + 1} characters", at, fix)

    return check


def url(most: int = UNBOUNDED, *schemes: str) -> Spec:
    """Return a Spec for an absolute URL with one of these schemes, or with any scheme if none are given.

    A web URL must have a host.
    """
    length = string(most)
    absolute = re.compile(r"(?P<web>https?)://[^\s/?#]\S*|(?!https?:)(?P<other>[a-z][a-z0-9+.-]*):\S+", re.IGNORECASE)

    def check(value: Any, at: str) -> Problems:
        yield from length(value, at)
        if isinstance(value, str):
            found = absolute.fullmatch(value)
            scheme = (found["web"] or found["other"]).lower() if found else ""
            if not scheme or (schemes and scheme not in schemes):
                known = say(" or ").join(f"{one}:" for one in schemes) or "https://"
                yield Problem("must be a valid URL", at, say("write an address that begins with {known}", known=known))

    return check


def pattern(expression: str, example: str) -> Spec:
    """Return a Spec for a string that matches a regular expression, such as a date."""
    form = re.compile(expression)

    def check(value: Any, at: str) -> Problems:
        if not isinstance(value, str):
            yield Problem("must provide a string", at, say("write it in quotes: '{example}'", example=example))
        elif not form.fullmatch(value):
            yield Problem(f"must be written as in {example}", at)

    return check


def choice(*values: str | int) -> Spec:
    """Return a Spec for one of these values."""

    def check(value: Any, at: str) -> Problems:
        if value not in values:
            yield Problem(f"must be one of: {', '.join(map(str, values))}", at, _nearest(value, map(str, values)))

    return check


def nullable(spec: Spec) -> Spec:
    """Return a Spec for null, or what `spec` accepts."""
    return lambda value, at: iter(()) if value is None else spec(value, at)


def array(item: Spec, most: int = UNBOUNDED, least: int = 1) -> Spec:
    """Return a Spec for an array of `least` to `most` items. The items of a longer one are not checked."""

    def check(value: Any, at: str) -> Problems:
        if not isinstance(value, list):
            yield Problem("must be an array", at, say("write a list, each item after `- `"))
        elif len(value) < least:
            yield Problem(f"must have at least {least} items", at)
        elif len(value) > most:
            yield Problem(f"no more than {most} items allowed", at, say("leave out all but {most}", most=most))
        else:
            yield from chain.from_iterable(item(each, f"{at}/{index}") for index, each in enumerate(value))

    return check


def record(
    required: Mapping[str, Spec] | None = None,
    optional: Mapping[str, Spec] | None = None,
    *,
    either: tuple[str, ...] = (),
    exclusive: tuple[str, ...] = (),
    more: bool = False,
) -> Spec:
    """Return a Spec for an object with these keys. `more` allows other keys.

    Of the optional keys in `either`, at least one is required; of those in `exclusive`, at most one is allowed.
    """
    required, optional = required or {}, optional or {}
    known = {**optional, **required}

    def check(value: Any, at: str) -> Problems:
        if not isinstance(value, dict):
            yield Problem("must be an object", at, say("write `key: value` lines"))
            return
        for key in (key for key in required if key not in value):
            yield Problem(f"missing required field: {key}", at, _add(key))
        if either and not any(key in value for key in either):
            fix = say("add {keys}", keys=_any_of(either, say(" or ")))
            yield Problem(f"must define either {_any_of(either)}", at, fix)
        if sum(key in value for key in exclusive) > 1:
            yield Problem(f"must define only one of {_any_of(exclusive)}", at, say("remove one of them"))
        for key in () if more else (key for key in value if key not in known):
            fix = _nearest(key, known.keys() - value.keys()) or say("remove `{key}`", key=key)
            yield Problem(f"invalid additional property: {key}", at, fix)
        for key, spec in known.items():
            if key in value:
                yield from spec(value[key], f"{at}/{key}")

    return check


def _nearest(word: Any, known: Iterable[str]) -> str:
    """Suggest the known word that is most similar; empty if none is."""
    close = get_close_matches(str(word), list(known), n=1)
    return say("write `{word}`", word=close[0]) if close else ""


def _add(key: str) -> str:
    return say("add `{key}`", key=key)


def _any_of(keys: tuple[str, ...], conjunction: str = " or ") -> str:
    return conjunction.join(f"`{key}`" for key in keys)


def also(spec: Spec, *checks: Spec) -> Spec:
    """Return a Spec that runs `spec`, and if it finds nothing, the checks, which compare several parts of the value."""

    def check(value: Any, at: str) -> Problems:
        found = list(spec(value, at))
        yield from found or chain.from_iterable(one(value, at) for one in checks)

    return check


def tagged(specs: Mapping[str, Spec], tag: str = "type") -> Spec:
    """Return a Spec for an object whose `tag` selects the Spec for the rest of it."""

    def check(value: Any, at: str) -> Problems:
        if not isinstance(value, dict):
            text = next((kind for kind in ("plain_text", "mrkdwn") if kind in specs and isinstance(value, str)), "")
            code = f"{{{tag}: {text}, text: ...}}"
            fix = say("write {code}", code=code) if text else say("write `key: value` lines")
            yield Problem("must be an object", at, fix)
        elif tag not in value:
            yield Problem(f"missing required field: {tag}", at, _add(tag))
        elif not isinstance(value[tag], str) or value[tag] not in specs:
            fix = _nearest(value[tag], specs) or say("the types here are: {types}", types=", ".join(specs))
            yield Problem(f"unsupported {tag}: {value[tag]}", f"{at}/{tag}", fix)
        else:
            yield from specs[value[tag]]({key: each for key, each in value.items() if key != tag}, at)

    return check


def union(spec: Spec) -> Spec:
    """Return a Spec for one of several kinds of object. Like Slack, it reports the place before the problem inside."""

    def check(value: Any, at: str) -> Problems:
        found = list(spec(value, at))
        if found:
            yield Problem(UNMATCHED, at)
        yield from found

    return check
