"""What an API's answer means: a document in the normal form, or a SourceError. No detail quotes the answer."""

from __future__ import annotations

import re
from typing import Final, cast

from handler import strict_json
from handler.adapters.http_connection import Cause, ExchangeError
from handler.adapters.http_exchange import Answer
from handler.errors import EventError, SourceError
from handler.model import Value

_STATUSES: Final = {
    401: "API_DENIED",
    403: "API_DENIED",
    404: "API_NOT_FOUND",
    408: "API_TIMEOUT",
    410: "API_NOT_FOUND",
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
    Cause.SIZE: "API_BAD_ANSWER",
}

_JSON: Final = re.compile(r"application/(json|[a-z0-9.-]+\+json)")
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,80}")


def document(api: str, answer: Answer) -> Value:
    """Return the JSON document of a 200, and of no other status. Raises SourceError (API_*)."""
    if answer.status != 200:
        code = _STATUSES.get(answer.status, "API_UNAVAILABLE" if answer.status >= 500 else "API_BAD_ANSWER")
        raise SourceError(code, f"{api}: HTTP {answer.status}")
    if answer.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise SourceError("API_BAD_ANSWER", f"{api}: the answer is compressed, which was not asked for")
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not _JSON.fullmatch(kind):
        shown = kind if _MEDIA_TYPE.fullmatch(kind) else "none"
        raise SourceError("API_BAD_ANSWER", f"{api}: the content type is {shown}, not application/json")
    return _parsed(api, answer.body)


def broken_off(api: str, error: ExchangeError) -> SourceError:
    """Return the error for an exchange that gave no whole answer."""
    return SourceError(_CAUSES[error.cause], f"{api}: {error.detail}")


def _parsed(api: str, body: bytes) -> Value:
    try:
        return cast("Value", strict_json.loads(body.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise SourceError("API_BAD_ANSWER", f"{api}: the answer is not UTF-8") from None
    except EventError as error:
        raise SourceError("API_BAD_ANSWER", f"{api}: the answer is not plain JSON ({error.detail})") from None
