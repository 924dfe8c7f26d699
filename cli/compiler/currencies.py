"""Checks the currencies that a template writes out, as in `money('YEN')`, and suggests the one that is meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Final

# Colloquial names of currencies; the official names are in ISO's list.
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
# Codes in common use that ISO does not list: offshore renminbi, and cryptocurrencies.
_CUSTOMARY: Final = frozenset({"CNH", "BTC", "XBT", "ETH"})
_CODE: Final = re.compile("[A-Z]{3}")


def is_unknown(written: str) -> bool:
    """Return whether a three-letter code is not in ISO 4217. The filter itself reports any other form."""
    code = _normal(written)
    return bool(_CODE.fullmatch(code)) and code not in _listed() and code not in _CUSTOMARY


def nearest(written: str) -> str:
    """Return the code that is probably meant, else the one with the most similar letters; common currencies first."""
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
    """Return each currency's name by its code. Imported late, because the package reads its list on import."""
    import iso4217

    return {code: str(row["CcyNm"]) for code, row in iso4217.raw_table.items() if code}
