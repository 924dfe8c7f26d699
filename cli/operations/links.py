"""Gets links to messages from Slack (chat.getPermalink), with the deployment's own token."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.request import Request

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from cli.language import say
from cli.operations.aws_errors import UnansweredError, asking
from cli.operations.stack import Stack
from handler.adapters import tls
from handler.adapters.http.connection import ExchangeError
from handler.adapters.http.exchange import Deadline, Exchange, Limits
from handler.errors import ConfigError
from handler.settings import parse

LIMITS: Final = Limits(connect=3.0, total=8.0, size=1 << 16)
_SILENT: Final = logging.getLogger("slack_sdk")


class _Client(WebClient):
    """slack-sdk over the function's own connections. The SDK's transport would follow a redirect with the token."""

    def __init__(self, token: str, base_url: str, exchange: Exchange) -> None:
        super().__init__(token, base_url, logger=_SILENT, retry_handlers=[])
        self._exchange = exchange

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        data = req.data if isinstance(req.data, bytes) else b""
        deadline = Deadline.after(LIMITS.total)
        answer = self._exchange.send("POST", url, dict(req.header_items()), data, deadline=deadline)
        return {"status": answer.status, "headers": answer.headers, "body": answer.body.decode("utf-8", "replace")}


def read(
    stack: Stack, environment: Mapping[str, str], messages: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Return links to messages by (channel, `ts`). `environment` has the function's variables.

    Messages that Slack does not find are left out. Raises UnansweredError if no links are possible: with webhooks, or
    if the caller may not read the token.
    """
    slack = parse.slack(environment.get("NOTIFIER_SLACK") or "bot")
    if slack.mode == "webhook":
        raise UnansweredError("There are no links to messages: a webhook does not say which message it made.")
    try:
        trusted = tls.context(slack.ca)
    except ConfigError:  # a file in the function's package that is not here
        trusted = tls.context()
    client = _Client(_token(stack, environment), slack.api_url, Exchange(trusted, LIMITS, connections=1))
    found = {message: _link(client, *message) for message in messages}
    return {message: link for message, link in found.items() if link}


def _link(client: WebClient, channel: str, ts: str) -> str:
    try:
        return str(client.chat_getPermalink(channel=channel, message_ts=ts).get("permalink") or "")
    except (SlackClientError, ExchangeError):
        return ""


def _token(stack: Stack, environment: Mapping[str, str]) -> str:
    secrets = parse.secrets(environment.get("NOTIFIER_SECRETS") or "secretsmanager:notifier")
    if secrets.store == "ssm":
        name = f"/{secrets.prefix}/slack-token"
        with asking(say("read Slack's token for links to messages"), "ssm:GetParameter"):
            answer = stack.client("ssm").get_parameter(Name=name, WithDecryption=True)
            return str(answer["Parameter"]["Value"]).strip()
    with asking(say("read Slack's token for links to messages"), "secretsmanager:GetSecretValue"):
        answer = stack.client("secretsmanager").get_secret_value(SecretId=f"{secrets.prefix}/slack-token")
        return str(answer.get("SecretString", "")).strip()
