"""Read JSON with exact numbers, one value for each key, and limited size and depth.

Publishers' events are read strictly: any unusable value is an error. APIs' documents are read leniently:
`on_unusable` returns what replaces an unusable value, and the rest of the document can be used.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, Final, NoReturn

from handler.errors import EventError

# An SNS message holds at most 256 KiB. https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
MAX_CHARACTERS: Final = 262_144
MAX_DIGITS: Final = 40

OnUnusable = Callable[[str, str], Any]  # a code (EVENT_*) and a detail -> what stands in the value's place

# An escape that is half of a surrogate pair; or a run of other escapes, so that a text full of them gives few matches.
_HALF_PAIR: Final = re.compile(
    r"(?>(?:\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?!u[dD][89a-fA-F][0-9a-fA-F]{2}).)[^\\]*+)+)"
    r"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})",
    re.DOTALL,
)


def loads(text: str) -> Any:
    """Return the document in `text`, with Decimals for fractions. Raises EventError (EVENT_*)."""
    if len(text) > MAX_CHARACTERS:
        raise EventError("EVENT_TOO_LARGE", f"{len(text)} of {MAX_CHARACTERS} characters")
    document = _decoded(text, _decoder(_refuse))
    if not _is_unicode(text) or any(found["half"] for found in _HALF_PAIR.finditer(text)):
        raise EventError("EVENT_ENCODING", "it holds half of a surrogate pair")
    return document


def lenient(text: str, on_unusable: OnUnusable) -> Any:
    """Return the document in `text`. Each unusable value is replaced by `on_unusable(code, detail)`.

    Unusable are NaN, infinities, numbers with too many digits, and the values of a key that occurs twice. Half of a
    surrogate pair becomes U+FFFD. Raises EventError (EVENT_NOT_JSON, EVENT_TOO_LARGE) if nothing can be read.
    """
    return _decoded(_HALF_PAIR.sub(_replace_half, text), _decoder(on_unusable, strict=False))


def _decoded(text: str, decoder: json.JSONDecoder) -> Any:
    try:
        return decoder.decode(text)
    except json.JSONDecodeError as error:
        raise EventError("EVENT_NOT_JSON", f"at character {error.pos} of {len(text)}") from None
    except RecursionError:
        raise EventError("EVENT_TOO_LARGE", "it is nested too deep") from None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _replace_half(found: re.Match[str]) -> str:
    return "\\ufffd" if found["half"] else found[0]


def _refuse(code: str, detail: str) -> NoReturn:
    raise EventError(code, detail)


def _decoder(on_unusable: OnUnusable, *, strict: bool = True) -> json.JSONDecoder:
    """`strict` refuses control characters within a text, as JSON does."""
    return json.JSONDecoder(
        object_pairs_hook=partial(_object, on_unusable),
        parse_int=partial(_integer, on_unusable),
        parse_float=partial(_fraction, on_unusable),
        parse_constant=lambda name: on_unusable("EVENT_NOT_JSON", f"{name} is not JSON"),
        strict=strict,
    )


def _object(on_unusable: OnUnusable, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        repeated = on_unusable("EVENT_DUPLICATE_KEY", "an object has the same key twice")
        found |= {key: repeated for key, count in counts.items() if count > 1}
    return found


def _integer(on_unusable: OnUnusable, digits: str) -> Any:
    if len(digits) > MAX_DIGITS:
        return on_unusable("EVENT_TOO_LARGE", f"a number of {len(digits)} digits")
    return int(digits)


def _fraction(on_unusable: OnUnusable, digits: str) -> Any:
    try:
        number = Decimal(digits) if len(digits) <= MAX_DIGITS else None
    except InvalidOperation:
        number = None
    if number is None or abs(number.adjusted()) > MAX_DIGITS:
        return on_unusable("EVENT_TOO_LARGE", "a number with too many digits")
    return number
