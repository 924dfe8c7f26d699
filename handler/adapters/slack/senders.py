"""Posts to Slack with a bot token or to incoming webhooks. With a token it also edits and finds messages."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from slack_sdk.web import SlackResponse

from handler.adapters.credential import Credential
from handler.adapters.http.exchange import Deadline, Limits
from handler.adapters.slack import answers, history, transport
from handler.adapters.slack.transport import LIMITS, PooledWebClient, PooledWebhookClient
from handler.block_kit.fallback import plain
from handler.errors import ConfigError, SlackError
from handler.model import Message, Receipt
from handler.ports import Secrets

_API_HOST: Final = "slack.com"
# The name of the token's secret; its pattern and description.
BOT_SECRET: Final = "slack-token"  # noqa: S105
BOT_TOKEN: Final = (re.compile(r"xoxb-[!-~]+"), "a bot token (xoxb-...)")

# Slack shows a text as the template wrote it: no bare name or URL becomes a mention or a link. The default of `parse`
# differs in https://docs.slack.dev/reference/methods/chat.update. Webhooks take what chat.postMessage takes.
_AS_WRITTEN: Final[dict[str, Any]] = {"parse": "none", "link_names": False}
_NO_PREVIEWS: Final[dict[str, Any]] = {"unfurl_links": False, "unfurl_media": False}

Attempt = Callable[[Message, Deadline], Receipt]
Call = Callable[[PooledWebClient, Message], Receipt]


class SlackBot:
    """ports.Slack by the Web API, with the bot token in the secret `slack-token`.

    Thread-safe.
    """

    def __init__(
        self, secrets: Secrets, api_url: str, tls: ssl.SSLContext, limits: Limits = LIMITS, proxy: str = ""
    ) -> None:
        """Raises ConfigError (CONFIG_INVALID) for an `api_url` without https."""
        _host(api_url)
        self._api_url = api_url
        self._exchange = transport.exchange(tls, limits, proxy)
        self._limits = limits
        self._token = Credential(secrets, BOT_SECRET, *BOT_TOKEN)

    def post(self, message: Message) -> Receipt:
        """Post once. Post again with a replaced token if the old one is refused, or as plain text if the content is."""
        return _with_fallback(message, partial(self._use, self._send), Deadline.after(self._limits.total))

    def edit(self, message: Message, ts: str) -> Receipt:
        """Replace the content of the message `ts`, as plain text if the content is refused. Idempotent."""
        attempt = partial(self._use, partial(self._change, ts))
        return _with_fallback(message, attempt, Deadline.after(self._limits.total))

    def find(self, message: Message, since: float) -> Receipt | None:
        """Return the receipt of the message with this mark if it was posted after `since`, a Unix time, else None.

        Needs the scopes channels:history and groups:history. Raises SlackError (SLACK_UNREADABLE without these scopes,
        or another SLACK_* code, but never SLACK_AMBIGUOUS), ConfigError.
        """
        deadline = Deadline.after(self._limits.total)

        def read(token: str) -> Receipt | None:
            client = PooledWebClient(token, self._api_url, self._exchange, deadline, answers.messages)
            return history.find(client, message, since)

        return self._token.use(read, "SLACK_CREDENTIAL")

    def _use(self, call: Call, message: Message, deadline: Deadline) -> Receipt:
        return self._token.use(
            lambda token: call(PooledWebClient(token, self._api_url, self._exchange, deadline), message),
            "SLACK_CREDENTIAL",
        )

    def _send(self, client: PooledWebClient, message: Message) -> Receipt:
        answer = client.chat_postMessage(
            channel=message.destination,
            text=message.text,
            blocks=[dict(block) for block in message.blocks] or None,
            thread_ts=message.thread_ts or None,
            metadata=history.metadata(message.mark),
            mrkdwn=True,
            **_AS_WRITTEN,
            **_NO_PREVIEWS,
        )
        return _receipt(answer)

    def _change(self, ts: str, client: PooledWebClient, message: Message) -> Receipt:
        """Edit. Slack keeps what an edit leaves out, so leave out the metadata and always send the blocks."""
        answer = client.chat_update(
            channel=message.destination,
            ts=ts,
            text=message.text,
            blocks=[dict(block) for block in message.blocks],
            **_AS_WRITTEN,
        )
        return _receipt(answer)


class SlackWebhooks:
    """ports.Slack by incoming webhooks, whose addresses are the secrets `webhooks/<destination>`.

    They can neither edit nor find a message. May be used from several threads.
    """

    def __init__(
        self, secrets: Secrets, api_url: str, tls: ssl.SSLContext, limits: Limits = LIMITS, proxy: str = ""
    ) -> None:
        """Raises ConfigError (CONFIG_INVALID) for an `api_url` without https."""
        self._address, self._form = webhook_form(api_url)
        self._secrets = secrets
        self._webhooks: dict[str, Credential] = {}
        self._exchange = transport.exchange(tls, limits, proxy)
        self._limits = limits

    def post(self, message: Message) -> Receipt:
        """Post once. Post again to a replaced URL if the old one is refused, or as plain text if the content is."""
        return _with_fallback(message, self._attempt, Deadline.after(self._limits.total))

    def edit(self, message: Message, ts: str) -> Receipt:
        """Raises SlackError (SLACK_CONFIG): webhooks only post."""
        raise SlackError("SLACK_CONFIG", f"a webhook cannot edit {message.destination} {ts}")

    def find(self, message: Message, since: float) -> Receipt | None:
        """Raises SlackError (SLACK_UNREADABLE): webhooks only post."""
        raise SlackError("SLACK_UNREADABLE", f"a webhook cannot read {message.destination} since {since:.0f}")

    def _attempt(self, message: Message, deadline: Deadline) -> Receipt:
        return self._credential(message.destination).use(
            lambda url: self._send(url, message, deadline), "SLACK_CREDENTIAL"
        )

    def _credential(self, destination: str) -> Credential:
        """Return the webhook's credential. There is one for each webhook, because it remembers a refusal."""
        made = Credential(self._secrets, f"webhooks/{destination}", self._address, self._form)
        return self._webhooks.setdefault(destination, made)

    def _send(self, url: str, message: Message, deadline: Deadline) -> Receipt:
        body = {"text": message.text, "blocks": [dict(block) for block in message.blocks] or None}
        PooledWebhookClient(url, self._exchange, deadline).send_dict({**body, **_AS_WRITTEN, **_NO_PREVIEWS})
        return Receipt(channel=message.destination)


def webhook_form(api_url: str) -> tuple[re.Pattern[str], str]:
    """Return the pattern of a webhook's URL, and its description.

    Webhooks are on the API's host with the prefix `hooks.`. If the host is not Slack's, as in tests, they may be on the
    host itself too. Raises ConfigError (CONFIG_INVALID) for an `api_url` without https.
    """
    host = _host(api_url)
    hosts = {f"hooks.{host}"} | ({host} - {_API_HOST})
    pattern = re.compile(rf"https://({'|'.join(map(re.escape, hosts))})(:[0-9]+)?/[A-Za-z0-9/_-]+")
    return pattern, f"a webhook's https address on {' or '.join(sorted(hosts))}"


def _with_fallback(message: Message, attempt: Attempt, deadline: Deadline) -> Receipt:
    """Post. If Slack refuses the content, post once more as plain text that names the template."""
    try:
        return attempt(message, deadline)
    except SlackError as refused:
        if refused.code != "SLACK_CONTENT":
            raise
        reason = refused.reason
    words = plain(message, reason)
    words = replace(words, mark="") if "metadata" in reason else words
    return replace(attempt(words, deadline), fallback=reason)


def _receipt(answer: SlackResponse) -> Receipt:
    """Return the receipt from Slack's answer. If the parent of a reply is gone, Slack posts without a thread."""
    shown = answer.get("message")
    thread_ts = shown.get("thread_ts") if isinstance(shown, dict) else None
    return history.receipt(str(answer["channel"]), {"ts": answer["ts"], "thread_ts": thread_ts})


def _host(api_url: str) -> str:
    parts = urlsplit(api_url)
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise ConfigError("CONFIG_INVALID", "api= in Slack is not an https address")
    return parts.hostname
