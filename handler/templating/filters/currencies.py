"""How many decimals an amount has in each currency: the minor units of ISO 4217 (docs/decisions/0017-currencies.md).

Typed from the list of 2026-01-01 of its maintenance agency; a test compares it with the one in the package iso4217:
https://www.six-group.com/dam/download/financial-information/data-center/iso-currrency/lists/list-one.xml
"""

from __future__ import annotations

from typing import Final

_USUAL: Final = 2
_OTHERS: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
    None: "XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX",
}
# Withdrawn codes that had no decimals, which old rows still hold: those of OpenJDK's table, as ISO's list of withdrawn
# codes names no decimals. https://github.com/openjdk/jdk/blob/master/src/java.base/share/data/currency/currency.properties
_WITHDRAWN: Final = "ADP BEF BYB BYR ESP GRD ITL LUF MGF PTE TPE TRL"
_DECIMALS: Final = dict.fromkeys(_WITHDRAWN.split(), 0) | {
    code: decimals for decimals, codes in _OTHERS.items() for code in codes.split()
}


def decimals_of(code: str) -> int | None:
    """The decimals of a currency; 2 for a code that is not listed, None for one to which decimals do not apply."""
    return _DECIMALS.get(code, _USUAL)
