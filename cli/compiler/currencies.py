"""Currencies that a template writes out, as in `money('YEN')`: whether there is one, and which is meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Final

# What people call a currency; other names are those of ISO's list.
_NAMES: Final = {
    "JPY": "YEN EN 円 ¥ ￥",
    "USD": "DOLLAR DOLLARS $ US$ DOL",
    "EUR": "EURO EUROS € ERO",
    "GBP": "POUND POUNDS UKP £ STG",
    "CNY": "RMB YUAN 元",
    "KRW": "WON ₩",
    "TWD": "NTD NT$",
    "INR": "RUPEE RS ₹",
    "CHF": "FRANC SFR CHFR",
    "BRL": "REAL",
    "MXN": "PESO",
    "RUB": "RUR",
    "THB": "BHT BAHT",
}
_MEANT: Final = {name: code for code, names in _NAMES.items() for name in names.split()}
# Codes that many use and ISO does not list: offshore renminbi, and coins.
_CUSTOMARY: Final = frozenset({"CNH", "BTC", "XBT", "ETH"})
_CODE: Final = re.compile("[A-Z]{3}")


def is_unknown(written: str) -> bool:
    """Whether a code of three letters is none of ISO 4217. Of what has another form, the filter itself complains."""
    code = _normal(written)
    return bool(_CODE.fullmatch(code)) and code not in _listed() and code not in _CUSTOMARY


def nearest(written: str) -> str:
    """Return the code that is meant, or else the one with the most similar letters; common currencies come first."""
    code = _normal(written)
    if code in _MEANT:
        return _MEANT[code]
    if common := get_close_matches(code, _NAMES, n=1):
        return common[0]
    names = {name.upper(): one for one, name in _listed().items()}
    close = get_close_matches(code, [*_listed(), *names], n=1, cutoff=0)
    return names.get(close[0], close[0])


def _normal(written: str) -> str:
    return unicodedata.normalize("NFKC", written.strip()).upper()


@cache
def _listed() -> Mapping[str, str]:
    """The name of each currency by its code. The package reads its list when it is imported."""
    import iso4217

    return {code: str(row["CcyNm"]) for code, row in iso4217.raw_table.items() if code}
