"""A small language for the shape of JSON. A specification is a function from a value to the problems in it.

A problem reads as one of `response_metadata.messages` of Slack's `invalid_blocks`: what is wrong, and a JSON pointer to
where. The sentences that are publicly seen are Slack's (`must be less than 3001 characters`, `no more than 10 items
allowed`, `missing required field`, `invalid additional property`, `unsupported type`, `failed to match all allowed
schemas`, `must define either`); the others are in their style.
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
UNMATCHED: Final = "failed to match all allowed schemas"  # the problem inside comes after it


@dataclass(frozen=True, slots=True)
class Problem:
    """What Slack would say about one part of a document; `pointer` is where, as `/blocks/0/text`.

    `fix` says what to write instead, where the rule itself shows it. It is ours, not Slack's, in the tools' language.
    """

    message: str
    pointer: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]"


Problems = Iterator[Problem]
Spec = Callable[[Any, str], Problems]


def anything(_value: Any, _at: str) -> Problems:
    """Whatever the value is, it is fine."""
    return iter(())


def boolean(value: Any, at: str) -> Problems:
    """True or false."""
    if not isinstance(value, bool):
        yield Problem("must be a boolean", at, say("write true or false"))


def number(least: float = -math.inf, *, above: float = -math.inf) -> Spec:
    """A finite number, whole or not, that is at least `least`, and larger than `above`."""

    def check(value: Any, at: str) -> Problems:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield Problem("must be a number", at, say("write a number, without quotes"))
        elif value < least:
            yield Problem(f"must be at least {least}", at)
        elif value <= above:
            yield Problem(f"must be more than {above}", at)

    return check


def integer(least: int, most: int = UNBOUNDED) -> Spec:
    """A whole number from `least` to `most`."""

    def check(value: Any, at: str) -> Problems:
        if isinstance(value, bool) or not isinstance(value, int):
            yield Problem("must be a whole number", at, say("write a whole number, without quotes"))
        elif not least <= value <= most:
            yield Problem(f"must be from {least} to {most}", at)

    return check


def string(most: int = UNBOUNDED, least: int = 1) -> Spec:
    """Text of so many characters; a character is a Unicode code point."""

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
    """An absolute address of so many characters, of one of these schemes; of any scheme if none are given.

    An address of the web has a host.
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
    """Text of one form, such as a date."""
    form = re.compile(expression)

    def check(value: Any, at: str) -> Problems:
        if not isinstance(value, str):
            yield Problem("must provide a string", at, say("write it in quotes: '{example}'", example=example))
        elif not form.fullmatch(value):
            yield Problem(f"must be written as in {example}", at)

    return check


def choice(*values: str | int) -> Spec:
    """One of these values."""

    def check(value: Any, at: str) -> Problems:
        if value not in values:
            yield Problem(f"must be one of: {', '.join(map(str, values))}", at, _nearest(value, map(str, values)))

    return check


def nullable(spec: Spec) -> Spec:
    """Null, or what `spec` says."""
    return lambda value, at: iter(()) if value is None else spec(value, at)


def array(item: Spec, most: int = UNBOUNDED, least: int = 1) -> Spec:
    """An array of so many items. One that is too long is reported as such, its items are not looked at."""

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
    """An object with these keys; `more` allows others.

    `either` names optional keys of which at least one must be there; `exclusive` those of which at most one may be.
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
    """What to write in place of a word that is nearly a known one; empty if it is not."""
    close = get_close_matches(str(word), list(known), n=1)
    return say("write `{word}`", word=close[0]) if close else ""


def _add(key: str) -> str:
    return say("add `{key}`", key=key)


def _any_of(keys: tuple[str, ...], conjunction: str = " or ") -> str:
    return conjunction.join(f"`{key}`" for key in keys)


def also(spec: Spec, *checks: Spec) -> Spec:
    """What `spec` says. If that holds, each of the checks too: they look at several parts of the value at once."""

    def check(value: Any, at: str) -> Problems:
        found = list(spec(value, at))
        yield from found or chain.from_iterable(one(value, at) for one in checks)

    return check


def tagged(specs: Mapping[str, Spec], tag: str = "type") -> Spec:
    """An object whose `tag` says which of the specifications the rest of it has to meet."""

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
    """A place where Slack takes several kinds of object: it names the place before the problem inside it."""

    def check(value: Any, at: str) -> Problems:
        found = list(spec(value, at))
        if found:
            yield Problem(UNMATCHED, at)
        yield from found

    return check
