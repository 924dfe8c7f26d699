"""Says why a preview has no message."""

from __future__ import annotations

from typing import Final

from cli import diagnoses
from cli.language import later, say
from cli.preview.compose import Preview
from handler.errors import CODES, NotifierError
from handler.outcome import Rule

_RULES: Final = {
    Rule.WHEN: later("`when` does not hold"),
    Rule.NO_ROUTE: later("no route of the template holds"),
    Rule.ROW_NOT_FOUND: later("the row is missing, and the template skips that"),
    Rule.API_NOT_FOUND: later("the API has nothing, and the template skips that"),
    Rule.ROW_STALE: later("the row is older than the event, and the template skips that"),
}
# Remedies at a terminal, if they differ from the code's own remedy, which is for a deployment.
_REMEDIES: Final = {
    "API_UNKNOWN": later("give --api NAME=URI, or let the template post without it: `on_failure: without`"),
    "DB_UNKNOWN": later("give --db NAME=URL"),
    "QUERY_INVALID": later("run `notifier lint` with the same --db (or --db demo): it names what is near"),
}


def rule(preview: Preview) -> str:
    """Say why nothing would be posted, and which line of the template decides it."""
    why = say(_RULES[preview.rule]) if preview.rule in _RULES else str(preview.rule)
    return say("Posts nothing: {why} ({where})", why=why, where=preview.where)


def error(found: NotifierError) -> str:
    """Return the code of an error, and its detail or meaning."""
    return diagnoses.told(found)


def remedy(found: NotifierError) -> str:
    """Return what to do about an error, in English."""
    return _REMEDIES.get(found.code) or CODES[found.code].remedy


def remedy_said(found: NotifierError) -> str:
    """Return what to do about an error, in the reader's language if there is a translation."""
    return say(remedy(found))
