"""`time_zone:` and `language:` - how dates, times and the notifier's own words are written."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from cli.compiler import shape
from cli.compiler.findings import Report
from cli.compiler.nodes import Node
from cli.language import say

KEYS: Final = ("time_zone", "language")
LANGUAGES: Final = ("en", "ja")
# Other names for these keys.
ZONE_MEANT: Final = {"zone": "time_zone", "timezone": "time_zone", "tz": "time_zone"}
MEANT: Final = {**ZONE_MEANT, "lang": "language", "locale": "language"}

# Names in the time zone database that are not places. They differ between machines.
_NOWHERE: Final = frozenset({"Factory", "localtime", "posixrules"})
# Abbreviations that are not zone names. Ambiguous ones (CST, IST, BST) are left out.
_ABBREVIATIONS: Final[Mapping[str, str]] = {
    "jst": "Asia/Tokyo", "kst": "Asia/Seoul", "sgt": "Asia/Singapore", "hkt": "Asia/Hong_Kong",
    "aest": "Australia/Sydney", "aedt": "Australia/Sydney", "nzst": "Pacific/Auckland", "nzdt": "Pacific/Auckland",
    "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles", "mdt": "America/Denver", "cdt": "America/Chicago",
    "edt": "America/New_York", "cest": "Europe/Berlin", "eest": "Europe/Helsinki", "msk": "Europe/Moscow",
    "z": "UTC",
}  # fmt: skip
_ALIKE: Final = 0.85  # a lower cutoff of difflib finds wrong places: Asia/Omsk for Asia/Osaka
_LANGUAGES_MEANT: Final = {"jp": "ja", "日本語": "ja", "英語": "en"}


def time_zone(node: Node | None, report: Report) -> str:
    """Return the IANA name of a time zone; empty if there is none, or after reporting a finding."""
    found = shape.literal(node, report, example="Asia/Tokyo") if node else None
    if not node or not found or found in _zones():
        return found or ""
    meant = zone_meant(found)
    fix = (
        say("write {text}", text=f"time_zone: {meant}")
        if meant
        else say("write a name such as Europe/Berlin or Asia/Tokyo")
    )
    report.add(node.place, "VALUE_INVALID", say("there is no time zone `{name}`", name=found), fix)
    return ""


def zone_meant(word: str) -> str:
    """Return the IANA name that a word probably means: an abbreviation, a place, or a misspelt name; else ""."""
    low = "_".join(word.casefold().split())
    by_name = {name.casefold(): name for name in _zones()}
    if exact := by_name.get(low) or _ABBREVIATIONS.get(low):
        return exact
    places = [name for key, name in by_name.items() if key.rpartition("/")[2] == low]
    close = get_close_matches(low, by_name, 1, _ALIKE) if "/" in low else []
    return places[0] if len(places) == 1 else by_name[close[0]] if close else ""


def language(node: Node | None, report: Report) -> str:
    """Return one of LANGUAGES; empty if there is none, or after reporting a finding."""
    found = shape.literal(node, report, example="ja") if node else None
    if not node or not found or found in LANGUAGES:
        return found or ""
    meant = _language_meant(found)
    fix = (
        say("write {text}", text=f"language: {meant}")
        if meant
        else say("write one of: {names}", names=", ".join(LANGUAGES))
    )
    message = say("there is no language `{name}`, only {names}", name=found, names=", ".join(LANGUAGES))
    report.add(node.place, "VALUE_INVALID", message, fix)
    return ""


def _language_meant(word: str) -> str:
    """Return the language that a name or a longer code means, such as Japanese, jp or en-US; else ""."""
    low = word.strip().casefold()
    return _LANGUAGES_MEANT.get(low) or next((one for one in LANGUAGES if low.startswith(one)), "")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NOWHERE)
