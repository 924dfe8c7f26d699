"""slack-sdk's clients over kept-alive, verified connections, with none of what their own transport does unasked.

That one opens a connection for each call, follows a redirect with the token, obeys HTTPS_PROXY, and sends a post again
when the server closes the connection after it. Both clients do one HTTP request in one method
(`_perform_..._internal`), which is replaced here, and where only a documented success comes back to the SDK:
tests/unit/adapters/test_slack.py pins that in the installed version there is no other way out.
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

from handler.adapters import slack_answers
from handler.adapters.http_connection import ExchangeError
from handler.adapters.http_exchange import Answer, Deadline, Exchange, Limits
from handler.errors import SlackError

# One post, with what may follow it: a second attempt with a new token, or as plain text.
LIMITS: Final = Limits(connect=3.0, total=8.0, size=1 << 20)
# As many as the pool of threads that posts.
_CONNECTIONS: Final = 10

# The SDK logs addresses (a webhook's is a secret), messages and answers. What matters in them comes as a SlackError.
_SILENT: Final = logging.getLogger("slack_sdk")
_SILENT.setLevel(logging.CRITICAL)

Judge = Callable[[Answer, float], object]


def exchange(tls: ssl.SSLContext, limits: Limits, proxy: str = "") -> Exchange:
    """Return the connections that all posts of a sink share."""
    return Exchange(tls, limits, connections=_CONNECTIONS, proxy=proxy)


class PooledWebClient(WebClient):
    """The Web API with one token, until a deadline. A call returns only on Slack's word, else raises SlackError.

    `judge` returns that error for an answer that is no success, by the methods that are called.
    """

    def __init__(
        self, token: str, base_url: str, exchange: Exchange, deadline: Deadline, judge: Judge = slack_answers.web_api
    ) -> None:
        super().__init__(token, base_url, logger=_SILENT, retry_handlers=[])
        self._exchange = exchange
        self._deadline = deadline
        self._judge = judge

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        answer = _send(self._exchange, url, req, self._deadline)
        result = self._judge(answer, time.time())
        if isinstance(result, SlackError):
            raise result
        return {"status": answer.status, "headers": answer.headers, "body": answer.body.decode()}


class PooledWebhookClient(WebhookClient):
    """One incoming webhook, until a deadline. A call returns only on Slack's word, else raises SlackError."""

    def __init__(self, url: str, exchange: Exchange, deadline: Deadline) -> None:
        super().__init__(url, logger=_SILENT, retry_handlers=[])
        self._exchange = exchange
        self._deadline = deadline

    def _perform_http_request_internal(self, url: str, req: Request) -> WebhookResponse:
        answer = _send(self._exchange, url, req, self._deadline)
        result = slack_answers.webhook(answer, time.time())
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
