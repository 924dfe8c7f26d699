"""JSON as the event contract means it: one value a key, no NaN, exact numbers, bounded size and depth."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

from handler.errors import EventError

# An SNS message holds at most 256 KiB. https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
MAX_CHARACTERS: Final = 262_144
MAX_DIGITS: Final = 40


def loads(text: str) -> Any:
    """Return the document in `text`, with Decimals for fractions. Raises EventError (EVENT_*)."""
    if len(text) > MAX_CHARACTERS:
        raise EventError("EVENT_TOO_LARGE", f"{len(text)} of {MAX_CHARACTERS} characters")
    try:
        document = _DECODER.decode(text)
        json.dumps(document, ensure_ascii=False, default=str).encode()
    except json.JSONDecodeError as error:
        raise EventError("EVENT_NOT_JSON", f"at character {error.pos} of {len(text)}") from None
    except RecursionError:
        raise EventError("EVENT_TOO_LARGE", "it is nested too deep") from None
    except UnicodeEncodeError:
        raise EventError("EVENT_ENCODING", "it holds half of a surrogate pair") from None
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise EventError("EVENT_DUPLICATE_KEY", "a key of an object stands twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise EventError("EVENT_TOO_LARGE", f"a number of {len(digits)} digits")
    return int(digits)


def _fraction(digits: str) -> Decimal:
    try:
        number = Decimal(digits)
    except InvalidOperation:
        raise EventError("EVENT_TOO_LARGE", "a number with a huge exponent") from None
    if len(digits) > MAX_DIGITS or abs(number.adjusted()) > MAX_DIGITS:
        raise EventError("EVENT_TOO_LARGE", "a number with too many digits")
    return number


def _constant(name: str) -> NoReturn:
    raise EventError("EVENT_NOT_JSON", f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)
