"""Amounts have the decimals that ISO 4217 lays down for their currency."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from types import SimpleNamespace
from typing import Final

import iso4217
import pytest

from handler.errors import TemplateError
from handler.templating.filters import numbers
from handler.templating.filters.currencies import decimals_of

from .examples import rendered

# The whole of ISO 4217: list one of its maintenance agency as published on 2026-01-01, by way of the package iso4217:
# https://www.six-group.com/dam/download/financial-information/data-center/iso-currrency/lists/list-one.xml
MINOR_UNITS: Final = {
    "2": """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
        COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
        INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR
        MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
        STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG""",
    "3": "BHD IQD JOD KWD LYD OMR TND",
    "0": "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    "4": "CLF UYW",
    "N.A.": "XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX",
}
LISTED: Final = {code: units for units, codes in MINOR_UNITS.items() for code in codes.split()}
SHOWN: Final = {"0": "1,235", "2": "1,234.57", "3": "1,234.568", "4": "1,234.5679", "N.A.": "1,234.56789"}
SIGNS: Final = {"JPY": "¥{}", "USD": "${}", "EUR": "€{}", "GBP": "£{}", "KRW": "₩{}"}


@pytest.mark.parametrize(("code", "units"), LISTED.items())
def test_an_amount_has_the_decimals_of_its_currency(code: str, units: str) -> None:
    shown = rendered("{{ x | money(code) }}", x=Decimal("1234.56789"), code=code)
    assert shown == SIGNS.get(code, f"{{}} {code}").format(SHOWN[units])


def test_the_list_is_that_of_the_package() -> None:
    table = {code: row["CcyMnrUnts"] for code, row in iso4217.raw_table.items() if code}
    told = {code: "N.A." if (decimals := decimals_of(code)) is None else str(decimals) for code in table}
    assert told == table
    assert table == LISTED


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("BYR", "1,235 BYR"),  # withdrawn in 2016, without decimals
        ("ITL", "1,235 ITL"),
        ("DEM", "1,234.57 DEM"),
        ("HRK", "1,234.57 HRK"),
        ("YEN", "1,234.57 YEN"),  # no code: a row's value does not stop the message
        ("BTC", "1,234.57 BTC"),
        (" lyd ", "1,234.568 LYD"),
        ("ＬＹＤ", "1,234.568 LYD"),
    ],
)
def test_codes_that_the_list_does_not_have_are_shown_as_they_are(code: str, shown: str) -> None:
    assert rendered("{{ x | money(code) }}", x="1234.56789", code=code) == shown


@pytest.mark.parametrize(
    ("amount", "code", "shown"),
    [
        ("1.235", "LYD", "1.235 LYD"),
        ("1.2345", "LYD", "1.235 LYD"),
        ("-0.5", "XOF", "-1 XOF"),
        ("0.49", "RWF", "0 RWF"),
        ("1000", "CLF", "1,000.0000 CLF"),
        ("1", "XAU", "1 XAU"),
        ("-1234.50", "XXX", "-1,234.50 XXX"),
    ],
)
def test_amounts_are_rounded_half_up_and_metals_not_at_all(amount: str, code: str, shown: str) -> None:
    assert rendered("{{ x | money(code) }}", x=Decimal(amount), code=code) == shown


@pytest.mark.parametrize("code", ["E" * 40_000, "\u0344" * 20_000 + "\u0316" * 20_000, "EUR" + " " * 50 + "x"])
def test_a_long_text_is_refused_before_it_is_normalized(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python takes seconds to normalize 40,000 combining signs, and nothing can interrupt it."""
    normalized: list[int] = []

    def watched(form: str, text: str) -> str:
        normalized.append(len(text))
        return unicodedata.normalize(form, text)

    monkeypatch.setattr(numbers, "unicodedata", SimpleNamespace(normalize=watched))
    with pytest.raises(TemplateError, match="a currency is a code of three letters"):
        rendered("{{ 1 | money(code) }}", code=code)
    assert all(length <= 12 for length in normalized)
