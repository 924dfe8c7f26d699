"""What an API's answer means: a document in the normal form, or a SourceError. No detail quotes the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, cast

from handler import strict_json
from handler.adapters.http.connection import Cause, ExchangeError
from handler.adapters.http.exchange import Answer
from handler.adapters.http.load_balancing import MISDIRECTED, Reply
from handler.addresses import ApiAddress
from handler.errors import EventError, SourceError
from handler.instances import ResolveError, ResolveFailure
from handler.model import Value
from handler.templating.unusable import Unusable

# Statuses other than 200, from https://www.iana.org/assignments/http-status-codes. Temporary failures are tried again:
# a conflict or a lock (409, 423), a failed dependency (424), a request that came too early or too often (425, 429), and
# all of 5xx. Any other status from 2xx to 4xx means that the path does not fit the API.
_STATUSES: Final = {
    401: "API_DENIED",
    403: "API_DENIED",
    404: "API_NOT_FOUND",
    407: "API_DENIED",
    408: "API_TIMEOUT",
    409: "API_UNAVAILABLE",
    410: "API_NOT_FOUND",
    423: "API_UNAVAILABLE",
    424: "API_UNAVAILABLE",
    425: "API_UNAVAILABLE",
    429: "API_UNAVAILABLE",
}
_CAUSES: Final = {
    Cause.NAME: "API_UNAVAILABLE",
    Cause.CONNECT: "API_UNAVAILABLE",
    Cause.CONNECT_TIMEOUT: "API_TIMEOUT",
    Cause.HANDSHAKE: "API_UNAVAILABLE",
    Cause.CERTIFICATE: "API_TLS",
    Cause.TIMEOUT: "API_TIMEOUT",
    Cause.CUT: "API_UNAVAILABLE",
    Cause.MALFORMED: "API_UNAVAILABLE",
    Cause.SIZE: "API_BAD_ANSWER",
}

_FAILURES: Final = {
    ResolveFailure.EMPTY: "API_NO_INSTANCE",
    ResolveFailure.UNUSABLE: "API_NO_INSTANCE",
    ResolveFailure.NO_NAME: "API_NO_INSTANCE",
    ResolveFailure.NO_DATA: "API_NO_INSTANCE",
    ResolveFailure.NOT_FOUND: "API_NO_INSTANCE",
    ResolveFailure.DENIED: "API_LOOKUP_DENIED",
}
# API Gateway's own answer if its integration finds no instance. A 500 of the API itself has another body.
_GATEWAY_EMPTY: Final = (500, b'{"message":"InternalServerError"}')

# Why a value cannot be used, by the error code that it would have in an event. The text quotes neither value nor key.
_REASONS: Final = {
    "EVENT_NOT_JSON": "the API's answer has a number here that is not JSON",
    "EVENT_TOO_LARGE": f"the API's answer has a number of more than {strict_json.MAX_DIGITS} digits here",
    "EVENT_DUPLICATE_KEY": "the API's answer has two values here, under the same key",
}

# The characters of a token, in lower case: https://www.rfc-editor.org/rfc/rfc9110#name-tokens
_NAME: Final = r"[!#$%&'*+.^_`|~0-9a-z-]"
_JSON: Final = re.compile(rf"application/json|{_NAME}+/{_NAME}+\+json")
_MEDIA_TYPE: Final = re.compile(rf"{_NAME}{{1,40}}/{_NAME}{{1,80}}")


def document(address: ApiAddress, reply: Reply) -> Value:
    """Return the JSON document of an answer with status 200. Raises SourceError (API_*) for any other answer."""
    try:
        return _parsed(_body(address, reply))
    except _UnusableError as error:
        at = reply.endpoint
        text = f"{address.name}: {error.detail} ({address.origin.text}, {at.id} at {at.host}:{at.port})"
        raise SourceError(error.code, text) from None


def documents(address: ApiAddress, replies: Sequence[Reply]) -> list[Value]:
    """Return each instance's id with its document or its error code.

    Raises the first instance's SourceError (API_*) if no instance has a document.
    """
    found: list[Value] = []
    errors = []
    for reply in replies:
        try:
            found.append({"instance": reply.endpoint.id, "document": document(address, reply), "error": None})
        except SourceError as error:
            errors.append(error)
            found.append({"instance": reply.endpoint.id, "document": None, "error": error.code})
    if len(errors) == len(replies):
        raise errors[0]
    return found


def unresolved(address: ApiAddress, error: ResolveError) -> SourceError:
    """Return the error for an API whose instances could not be found."""
    detail = f"{address.name}: {error.failure.value}, {error.detail} ({address.origin.text})"
    return SourceError(_FAILURES.get(error.failure, "API_UNRESOLVED"), detail)


class _UnusableError(Exception):
    """Why a reply has no usable document."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


def _body(address: ApiAddress, reply: Reply) -> bytes:
    answer = reply.outcome
    if isinstance(answer, ExchangeError):
        raise _UnusableError(_CAUSES[answer.cause], answer.detail)
    if reply.wrong_service:
        raise _UnusableError("API_WRONG_SERVICE", _why_wrong_service(address, answer))
    if address.origin.sign and (answer.status, answer.body.replace(b" ", b"")) == _GATEWAY_EMPTY:
        raise _UnusableError("API_NO_INSTANCE", "HTTP 500 from API Gateway itself")
    _check(answer)
    return answer.body


def _why_wrong_service(address: ApiAddress, answer: Answer) -> str:
    if answer.status == MISDIRECTED:
        return f"HTTP {MISDIRECTED}, it does not answer for {address.origin.authority}"
    return f"{address.identity[0]} does not have the service's value"


def _check(answer: Answer) -> None:
    if answer.status != 200:
        code = _STATUSES.get(answer.status, "API_UNAVAILABLE" if answer.status >= 500 else "API_BAD_ANSWER")
        raise _UnusableError(code, f"HTTP {answer.status}")
    if answer.headers.get("Content-Encoding", "").strip().lower() not in {"", "identity"}:
        raise _UnusableError("API_BAD_ANSWER", "the answer is compressed, which the request did not allow")
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not _JSON.fullmatch(kind):
        shown = kind if _MEDIA_TYPE.fullmatch(kind) else "none"
        raise _UnusableError("API_BAD_ANSWER", f"the content type is {shown}, not application/json")


def _parsed(body: bytes) -> Value:
    """Return the document. A value that cannot be read is an error only if a template uses it."""
    try:
        document = cast("Value", strict_json.lenient(body.decode("utf-8-sig"), _unusable))
    except UnicodeDecodeError:
        raise _UnusableError("API_BAD_ANSWER", "the answer is not UTF-8") from None
    except EventError as error:
        raise _UnusableError("API_BAD_ANSWER", f"the answer is not plain JSON ({error.detail})") from None
    if isinstance(document, Unusable):
        raise _UnusableError("API_BAD_ANSWER", "the answer is a single value that cannot be used")
    return document


def _unusable(code: str, detail: str) -> Any:  # noqa: ARG001 - the detail is worded for events
    return Unusable(_REASONS[code])
