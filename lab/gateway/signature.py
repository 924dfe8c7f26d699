"""Checks Signature Version 4 of a request, implemented from AWS's description and not from an SDK.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, unquote_to_bytes

SKEW: Final = timedelta(minutes=5)
ALGORITHM: Final = "AWS4-HMAC-SHA256"
DATE: Final = "%Y%m%dT%H%M%SZ"
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
# This service accepts only unsigned payloads:
# https://docs.aws.amazon.com/vpc-lattice/latest/ug/sigv4-authenticated-requests.html
LATTICE: Final = "vpc-lattice-svcs"

_AUTHORIZATION: Final = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^/, ]+)/(?P<scope>[^, ]+), ?"
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Account:
    """The account whose requests are accepted. `token` is the session token of the key; empty: it has none."""

    access_key: str = "test"
    secret_key: str = "test"
    token: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as received: the target is path and query, still encoded; header names are in lower case."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return a header, its values joined by commas; empty if it is missing."""
        return ",".join(" ".join(value.split()) for found, value in self.headers if found == name)


class ForbiddenError(Exception):
    """Why a request is denied. The client does not see the reason."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """Verifies requests signed for one service in one region."""

    account: Account
    region: str
    service: str = "execute-api"

    def check(self, request: Request, now: datetime) -> None:
        """Raise ForbiddenError unless the account signed the request, with a date close to `now`."""
        found = _AUTHORIZATION.fullmatch(request.header("authorization"))
        if not found:
            raise ForbiddenError("not signed" if not request.header("authorization") else "not a signature")
        if found["key"] != self.account.access_key:
            raise ForbiddenError("unknown access key")
        if request.header("x-amz-security-token") != self.account.token:
            raise ForbiddenError("wrong session token")
        scope = self._scope(request.header("x-amz-date"), now)
        if found["scope"] != scope:
            raise ForbiddenError("wrong scope")
        signed = found["headers"].split(";")
        if missing := _must_be_signed(request) - {*signed}:
            raise ForbiddenError(f"not signed: {', '.join(sorted(missing))}")
        canonical = _canonical(request, signed, self._payload(request))
        if not hmac.compare_digest(found["signature"], self._signature(canonical, scope, request)):
            raise ForbiddenError("wrong signature")

    def _scope(self, date: str, now: datetime) -> str:
        try:
            signed_at = datetime.strptime(date, DATE).replace(tzinfo=UTC)
        except ValueError:
            raise ForbiddenError("no date") from None
        if abs(now - signed_at) > SKEW:
            raise ForbiddenError("too old, or too new")
        return f"{date[:8]}/{self.region}/{self.service}/aws4_request"

    def _payload(self, request: Request) -> str:
        said, actual = request.header("x-amz-content-sha256"), hashlib.sha256(request.body).hexdigest()
        if self.service == LATTICE:
            if said != UNSIGNED:
                raise ForbiddenError(f"x-amz-content-sha256 is not {UNSIGNED}")
            return UNSIGNED
        if said not in ("", actual):
            raise ForbiddenError("wrong hash of the payload")
        return actual

    def _signature(self, canonical: str, scope: str, request: Request) -> str:
        key = b"AWS4" + self.account.secret_key.encode()
        for step in scope.split("/"):
            key = hmac.digest(key, step.encode(), "sha256")
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = "\n".join([ALGORITHM, request.header("x-amz-date"), scope, digest])
        return hmac.digest(key, text.encode(), "sha256").hex()


def _must_be_signed(request: Request) -> set[str]:
    return {"host", *(name for name, _ in request.headers if name.startswith("x-amz-"))}


def _canonical(request: Request, signed: Sequence[str], payload: str) -> str:
    path, _, query = request.target.partition("?")
    headers = [f"{name}:{request.header(name)}" for name in signed]
    return "\n".join([request.method, _path(path), _query(query), *headers, "", ";".join(signed), payload])


def _path(path: str) -> str:
    """Return the canonical path: without `.` and `..` segments, and URI-encoded once more."""
    steps: list[str] = []
    for step in path.split("/"):
        if step == "..":
            del steps[-1:]
        elif step not in ("", "."):
            steps.append(_encoded(step.encode()))
    end = "/" if steps and path.endswith("/") else ""
    return f"/{'/'.join(steps)}{end}"


def _query(query: str) -> str:
    """Return the canonical query: uniformly encoded, and sorted."""
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    encoded = [(_encoded(unquote_to_bytes(name)), _encoded(unquote_to_bytes(value))) for name, _, value in pairs]
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def _encoded(text: bytes) -> str:
    return quote(text, safe="-_.~")
