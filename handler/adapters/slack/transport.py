"""slack-sdk's clients over keep-alive, verified connections, in place of the SDK's own transport.

The SDK's transport opens a connection for each call, follows redirects with the token, uses HTTPS_PROXY, and repeats a
post if the server closes the connection after it. Both clients make their HTTP requests in one method
(`_perform_..._internal`). It is overridden here, and returns only documented successes to the SDK.
tests/unit/adapters/slack/test_senders.py checks that the installed version sends nothing in any other way.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.request import Request

from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient, WebhookResponse

from handler.adapters.http.connection import ExchangeError
from handler.adapters.http.exchange import Answer, Deadline, Exchange, Limits
from handler.adapters.slack import answers
from handler.errors import SlackError

# For one post, including a second attempt with a new token or as plain text.
LIMITS: Final = Limits(connect=3.0, total=8.0, size=1 << 20)
# As many as there are threads that post.
_CONNECTIONS: Final = 10

# The SDK logs URLs (a webhook's URL is a secret), messages and answers. A SlackError has all that is needed of them.
_SILENT_LOGGER: Final = logging.getLogger("slack_sdk")
_SILENT_LOGGER.setLevel(logging.CRITICAL)

ReadAnswer = Callable[[Answer, float], object]


def exchange(tls: ssl.SSLContext, limits: Limits, proxy: str = "") -> Exchange:
    """Return the connections that all requests of a sender share."""
    return Exchange(tls, limits, connections=_CONNECTIONS, proxy=proxy)


class PooledWebClient(WebClient):
    """The Web API with one token, until a deadline. A call returns only a documented success, else raises SlackError.

    `read_answer` depends on the method called, and returns the SlackError for an answer that is not a success.
    """

    def __init__(
        self,
        token: str,
        base_url: str,
        exchange: Exchange,
        deadline: Deadline,
        read_answer: ReadAnswer = answers.web_api,
    ) -> None:
        super().__init__(token, base_url, logger=_SILENT_LOGGER, retry_handlers=[])
        self._exchange = exchange
        self._deadline = deadline
        self._read_answer = read_answer

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        answer = _send(self._exchange, url, req, self._deadline)
        result = self._read_answer(answer, time.time())
        if isinstance(result, SlackError):
            raise result
        return {"status": answer.status, "headers": answer.headers, "body": answer.body.decode()}


class PooledWebhookClient(WebhookClient):
    """One incoming webhook, until a deadline. A call returns only a documented success, else raises SlackError."""

    def __init__(self, url: str, exchange: Exchange, deadline: Deadline) -> None:
        super().__init__(url, logger=_SILENT_LOGGER, retry_handlers=[])
        self._exchange = exchange
        self._deadline = deadline

    def _perform_http_request_internal(self, url: str, req: Request) -> WebhookResponse:
        answer = _send(self._exchange, url, req, self._deadline)
        result = answers.webhook(answer, time.time())
        if isinstance(result, SlackError):
            raise result
        return WebhookResponse(
            url=url, status_code=answer.status, body=answer.body.decode(), headers=dict(answer.headers)
        )


def _send(exchange: Exchange, url: str, request: Request, deadline: Deadline) -> Answer:
    data = request.data if isinstance(request.data, bytes) else b""
    try:
        return exchange.send("POST", url, dict(request.header_items()), data, deadline=deadline)
    except ExchangeError as error:
        code = "SLACK_AMBIGUOUS" if error.cause.sent else "SLACK_UNAVAILABLE"
        raise SlackError(code, error.detail) from None
