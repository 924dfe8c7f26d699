"""Values with a recognisable form, such as an e-mail address. Each is replaced by a fictitious one of the same form.

Addresses come from the ranges reserved for examples: https://www.rfc-editor.org/rfc/rfc2606 (names),
https://www.rfc-editor.org/rfc/rfc5737 and https://www.rfc-editor.org/rfc/rfc3849 (IP addresses). `n` numbers the
different values of a sample from 1. A mask depends only on `n` and the form, so it cannot be used to test guesses about
the value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Final


@dataclass(frozen=True, slots=True)
class Form:
    """The pattern of the form, the function that makes a fictitious value, and the pattern of all such values."""

    pattern: re.Pattern[str]
    make: Callable[[str, int], str]
    made: re.Pattern[str]

    def fits(self, text: str) -> bool:
        """Return whether the whole text has the form."""
        return bool(self.pattern.fullmatch(text))

    def is_made(self, text: str) -> bool:
        """Return whether the whole text may be a result of `make`."""
        return bool(self.made.fullmatch(text))


_RESERVED: Final = r"(?:[\w-]+\.)*(?:example\.(?:com|net|org)|(?:[\w-]+\.)+(?:example|test|invalid))"
_SHORT: Final = 24  # the most characters of most addresses
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _email(text: str, n: int) -> str:
    return f"person{n}{'.with.a.long.address' if len(text) > _SHORT else ''}@example.com"


def _url(text: str, n: int) -> str:
    return f"{text.partition('://')[0].lower()}://example.com/{n}"


def _phone(text: str, n: int) -> str:
    return phone(text, n)


def _day(text: str, n: int) -> str:
    return f"2001-01-{_of_month(n):02}{re.sub(r'[0-9]', '0', text[10:])}"


def _digits_of_day(text: str, n: int) -> str:
    return f"200101{_of_month(n):02}{re.sub(r'[0-9]', '0', text[8:])}"


def _day_of_header(_: str, n: int) -> str:
    return f"{_WEEKDAYS[(n - 1) % len(_WEEKDAYS)]}, {_of_month(n):02} Jan 2001 00:00:00 GMT"


def _of_month(n: int) -> int:
    return (n - 1) % 28 + 1


FORMS: Final = {
    "email": Form(
        re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+"), _email, re.compile(rf"[^\s@<>]+@{_RESERVED}", re.IGNORECASE)
    ),
    "uuid": Form(
        re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
        lambda _, n: f"00000000-0000-4000-8000-{n:012}",
        re.compile(r"00000000-0000-4000-8000-[0-9]{12}"),
    ),
    "url": Form(
        re.compile(r"(?:https?|ftps?|s3)://\S+", re.IGNORECASE),
        _url,
        re.compile(rf"(?:https?|ftps?|s3)://{_RESERVED}(?:[/:?#]\S*)?", re.IGNORECASE),
    ),
    "ipv4": Form(
        re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}"),
        lambda _, n: f"192.0.2.{(n - 1) % 254 + 1}",
        re.compile(r"192\.0\.2\.[0-9]{1,3}"),
    ),
    "ipv6": Form(
        re.compile(r"(?=.*::|(?:.*:){4})[0-9A-Fa-f:]+(?:\.[0-9.]+)?"),
        lambda _, n: f"2001:db8::{n:x}",
        re.compile(r"2001:db8::[0-9a-f]{1,4}"),
    ),
    "day": Form(
        re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ][0-9]{2}:[0-9]{2}[0-9:.]*(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?)?"),
        _day,
        re.compile(r"2001-01-[0-9]{2}(?:[Tt ][0:.+Zz-]*)?"),
    ),
    # As numbers and in headers, the filters of times read days too.
    "digits of a day": Form(
        re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[Tt]?[0-9]{6}[Zz]?)?"),
        _digits_of_day,
        re.compile(r"200101[0-9]{2}(?:[Tt]?0{6}[Zz]?)?"),
    ),
    "day of a header": Form(
        re.compile(
            r"(?:[A-Z][a-z]{2}, )?[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}(?::[0-9]{2})? "
            r"(?:GMT|UTC|[+-][0-9]{4})"
        ),
        _day_of_header,
        re.compile(r"[A-Z][a-z]{2}, [0-9]{2} Jan 2001 00:00:00 GMT"),
    ),
    "phone": Form(
        re.compile(r"(?=(?:\D*[0-9]){7})(?=.*[() +-])\+?[0-9(][0-9() ./-]{6,24}"),
        _phone,
        re.compile(r"(?!)"),  # see is_made, which checks its digits
    ),
}
# An e-mail address, or a link that says more than its path does.
_ADDRESS: Final = re.compile(r"[^\s@<>]@[^\s@<>]+\.[^\s@<>]|://[^\s?]{0,2000}[?@]")
_CODE: Final = re.compile(r"(?=.*[0-9])[!-~]{1,60}")
_SIGNS: Final = "例見仮架雛"  # in place of letters outside of ASCII
_TAIL: Final = 100  # how many different masks there are, by their last two digits
_PHONE: Final = re.compile(r"5550*[0-9]{2}")
_SHORTEST_PHONE: Final = 5  # digits: 555, and two that differ
_DIGITS: Final = re.compile(r"[0-9]|[01][0-9]|[01]0*[0-9]{2}")


def form_of(text: str) -> str:
    """Return the name of the form in FORMS that a text has; empty if none."""
    return next((name for name, form in FORMS.items() if form.fits(text)), "")


def has_address(text: str) -> bool:
    """Whether there is an address in a text that leads to a person, or a link that may open a door."""
    return bool(_ADDRESS.search(unicodedata.normalize("NFKC", text)))


def is_code(text: str) -> bool:
    """Return whether a text is one ASCII word with a digit, such as `T-001042`."""
    return bool(_CODE.fullmatch(text))


def is_number(text: str) -> bool:
    """Whether a text has digits, and beside them nothing but blanks and punctuation."""
    kinds = {"Nd" if sign.isdecimal() else unicodedata.category(sign) for sign in text}
    return "Nd" in kinds and all(one[0] in "PZ" or one in ("Nd", "Sm") for one in kinds)


def code(text: str, n: int) -> str:
    """Return a text with its digits and letters replaced, in the same places."""
    return _with_digits(_letters(text, n), _digits(text, n))


def phone(text: str, n: int) -> str:
    """Return a phone number of the same form that starts with 555. Short numbers are masked as codes."""
    width = _width(text)
    if width < _SHORTEST_PHONE:
        return code(text, n)
    return _with_digits(text, f"{'555':0<{width - 2}}{n % _TAIL:02}")


def is_made(text: str) -> bool:
    """Return whether a text may be a mask of this module."""
    if any(form.is_made(text) for form in FORMS.values()):
        return True
    digits = "".join(sign for sign in text if sign.isdecimal())
    letters = {sign.casefold() for sign in text if sign.isalpha() and sign not in _SIGNS}
    return len(letters) <= 1 and bool(not digits or _DIGITS.fullmatch(digits) or _PHONE.fullmatch(digits))


def _width(text: str) -> int:
    return sum(sign.isdecimal() for sign in text)


def _digits(text: str, n: int) -> str:
    """Return as many digits as the text has. A leading 0 stays."""
    width = _width(text)
    first = next((sign for sign in text if sign.isdecimal()), "0")
    if width < 2:
        return str(n % 10)
    tail = str(n % 10 if width == 2 else n % _TAIL)
    head = "0" if first == "0" else "1"
    return head + tail.rjust(width - 1, "0")


def _with_digits(text: str, digits: str) -> str:
    left = chain(digits)
    return "".join(next(left, "0") if sign.isdecimal() else sign for sign in text)


def _letters(text: str, n: int) -> str:
    letter, wide = chr(ord("a") + (n - 1) % 26), _SIGNS[(n - 1) % len(_SIGNS)]

    def other(sign: str) -> str:
        if sign.isdecimal() or sign.isspace():
            return sign
        if not sign.isascii():
            return wide
        if not sign.isalpha():
            return sign
        return letter.upper() if sign.isupper() else letter

    return "".join(map(other, text))
