"""Posts to Slack, with a bot token or to incoming webhooks."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from handler.adapters import slack_transport
from handler.adapters.credential import Credential
from handler.adapters.http_exchange import Deadline, Limits
from handler.adapters.slack_transport import LIMITS, PooledWebClient, PooledWebhookClient
from handler.errors import ConfigError, SlackError
from handler.fallback import plain
from handler.model import Message, Receipt
from handler.ports import Secrets

_API_HOST: Final = "slack.com"
_BOT_TOKEN: Final = re.compile(r"xoxb-[!-~]+")

Attempt = Callable[[Message, Deadline], Receipt]


class BotSink:
    """chat.postMessage with the bot token in the secret `slack-token`. May be used from several threads."""

    def __init__(self, secrets: Secrets, api_url: str, tls: ssl.SSLContext, limits: Limits = LIMITS) -> None:
        """Raises ConfigError (CONFIG_INVALID) for an `api_url` without https."""
        _host(api_url)
        self._api_url = api_url
        self._exchange = slack_transport.exchange(tls, limits)
        self._limits = limits
        self._token = Credential(secrets, "slack-token", _BOT_TOKEN, "a bot token (xoxb-...)")

    def post(self, message: Message) -> Receipt:
        """Post once; once more with a token that was replaced, and once as plain text where the layout is refused."""
        return _with_fallback(message, self._attempt, Deadline.after(self._limits.total))

    def _attempt(self, message: Message, deadline: Deadline) -> Receipt:
        return self._token.use(lambda token: self._send(token, message, deadline), "SLACK_CREDENTIAL")

    def _send(self, token: str, message: Message, deadline: Deadline) -> Receipt:
        client = PooledWebClient(token, self._api_url, self._exchange, deadline)
        said = client.chat_postMessage(
            channel=message.destination,
            text=message.text,
            blocks=[dict(block) for block in message.blocks] or None,
            mrkdwn=True,
            link_names=False,
            unfurl_links=False,
            unfurl_media=False,
        )
        return Receipt(channel=str(said["channel"]), ts=str(said["ts"]))


class WebhookSink:
    """Incoming webhooks, whose addresses are the secrets `webhooks/<destination>`. May be used from several threads."""

    def __init__(self, secrets: Secrets, api_url: str, tls: ssl.SSLContext, limits: Limits = LIMITS) -> None:
        """Webhooks lie on `hooks.` of the API's host; for a host that is not Slack's (a test's), on that one too."""
        host = _host(api_url)
        hosts = {f"hooks.{host}"} | ({host} - {_API_HOST})
        self._address = re.compile(rf"https://({'|'.join(map(re.escape, hosts))})(:[0-9]+)?/[A-Za-z0-9/_-]+")
        self._form = f"a webhook's https address on {' or '.join(sorted(hosts))}"
        self._secrets = secrets
        self._exchange = slack_transport.exchange(tls, limits)
        self._limits = limits

    def post(self, message: Message) -> Receipt:
        """Post once; once more to an address that was replaced, and once as plain text where the layout is refused."""
        return _with_fallback(message, self._attempt, Deadline.after(self._limits.total))

    def _attempt(self, message: Message, deadline: Deadline) -> Receipt:
        address = Credential(self._secrets, f"webhooks/{message.destination}", self._address, self._form)
        return address.use(lambda url: self._send(url, message, deadline), "SLACK_CREDENTIAL")

    def _send(self, url: str, message: Message, deadline: Deadline) -> Receipt:
        PooledWebhookClient(url, self._exchange, deadline).send(
            text=message.text,
            blocks=[dict(block) for block in message.blocks] or None,
            unfurl_links=False,
            unfurl_media=False,
        )
        return Receipt(channel=message.destination)


def _with_fallback(message: Message, attempt: Attempt, deadline: Deadline) -> Receipt:
    """Post; a message whose content is refused is posted once more as plain text that names its template."""
    try:
        return attempt(message, deadline)
    except SlackError as refused:
        if refused.code != "SLACK_CONTENT":
            raise
        reason = refused.reason
    return replace(attempt(plain(message, reason), deadline), fallback=reason)


def _host(api_url: str) -> str:
    parts = urlsplit(api_url)
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise ConfigError("CONFIG_INVALID", "SlackApiUrl is not an https address")
    return parts.hostname
