"""Check egress: by which address the internet sees the function."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from handler.adapters import tls
from handler.adapters.http.connection import Cause, ExchangeError
from handler.adapters.http.exchange import Deadline, Exchange, Limits
from handler.errors import NotifierError
from handler.health.model import Check, Subject, attempt

# A service of AWS that returns only the caller's address.
ADDRESS: Final = "https://checkip.amazonaws.com/"
LIMITS: Final = Limits(connect=2.0, total=4.0, size=1024)
_FORM: Final = re.compile(r"[0-9A-Fa-f.:]{3,45}")


def checks(subject: Subject) -> Iterator[Check]:
    """Ask a URL that returns the caller's address; skipped if no URL is given."""
    if not subject.egress:
        yield Check("way out", "skipped", cause="it was asked for with --no-egress")
        return
    yield attempt("way out", lambda: _address(subject.egress))


def _address(url: str) -> Check | str:
    try:
        answer = Exchange(tls.context(), LIMITS, connections=1).send(
            "GET", url, {}, deadline=Deadline.after(LIMITS.total)
        )
    except ExchangeError as error:
        if error.cause is Cause.NAME:
            cause = "its name cannot be resolved, as it should be where a firewall allows Slack's and AWS's names alone"
            return Check("way out", "skipped", cause=cause, remedy="add it to MoreDomains to see the address")
        raise NotifierError("SLACK_UNAVAILABLE", f"no way to the internet: {error.detail}") from None
    address = answer.body.decode("ascii", "replace").strip()
    if not _FORM.fullmatch(address):
        return Check(
            "way out", "warning", cause="the answer is no address", remedy="look at what stands between (a proxy)"
        )
    return f"seen as {address}"
