"""Posts to Slack, with a bot token or to incoming webhooks; with a token it also edits, and finds again."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from slack_sdk.web import SlackResponse

from handler.adapters import slack_answers, slack_history, slack_transport
from handler.adapters.credential import Credential
from handler.adapters.http_exchange import Deadline, Limits
from handler.adapters.slack_transport import LIMITS, PooledWebClient, PooledWebhookClient
from handler.block_kit.fallback import plain
from handler.errors import ConfigError, SlackError
from handler.model import Message, Receipt
from handler.ports import Secrets

_API_HOST: Final = "slack.com"
# The name of the token's secret; what it matches, and that in words.
BOT_SECRET: Final = "slack-token"  # noqa: S105
BOT_TOKEN: Final = (re.compile(r"xoxb-[!-~]+"), "a bot token (xoxb-...)")

# A text says what its template says: no bare name or address in it becomes a mention or a link. The default of `parse`
# differs in https://docs.slack.dev/reference/methods/chat.update. Webhooks take what chat.postMessage takes.
_AS_WRITTEN: Final[dict[str, Any]] = {"parse": "none", "link_names": False}
_NO_PREVIEWS: Final[dict[str, Any]] = {"unfurl_links": False, "unfurl_media": False}

Attempt = Callable[[Message, Deadline], Receipt]
Call = Callable[[PooledWebClient, Message], Receipt]


class SlackBot:
    """ports.Slack by the Web API, with the bot token in the secret `slack-token`.

    May be used from several threads.
    """

    def __init__(
        self, secrets: Secrets, api_url: str, tls: ssl.SSLContext, limits: Limits = LIMITS, proxy: str = ""
    ) -> None:
        """Raises ConfigError (CONFIG_INVALID) for an `api_url` without https."""
        _host(api_url)
        self._api_url = api_url
        self._exchange = slack_transport.exchange(tls, limits, proxy)
        self._limits = limits
        self._token = Credential(secrets, BOT_SECRET, *BOT_TOKEN)

    def post(self, message: Message) -> Receipt:
        """Post once; once more with a token that was replaced, and once as plain text where the layout is refused."""
        return _with_fallback(message, partial(self._use, self._send), Deadline.after(self._limits.total))

    def edit(self, message: Message, ts: str) -> Receipt:
        """Let the message `ts` say this, as plain text where the layout is refused. Twice is the same as once."""
        attempt = partial(self._use, partial(self._change, ts))
        return _with_fallback(message, attempt, Deadline.after(self._limits.total))

    def find(self, message: Message, since: float) -> Receipt | None:
        """Return the receipt of the message with this mark that was posted after `since`, a Unix time, if it is there.

        It needs the scopes channels:history and groups:history. Raises SlackError (SLACK_UNREADABLE without them,
        other SLACK_*, none of which is ambiguous), ConfigError.
        """
        deadline = Deadline.after(self._limits.total)

        def read(token: str) -> Receipt | None:
            client = PooledWebClient(token, self._api_url, self._exchange, deadline, slack_answers.messages)
            return slack_history.find(client, message, since)

        return self._token.use(read, "SLACK_CREDENTIAL")

    def _use(self, call: Call, message: Message, deadline: Deadline) -> Receipt:
        return self._token.use(
            lambda token: call(PooledWebClient(token, self._api_url, self._exchange, deadline), message),
            "SLACK_CREDENTIAL",
        )

    def _send(self, client: PooledWebClient, message: Message) -> Receipt:
        said = client.chat_postMessage(
            channel=message.destination,
            text=message.text,
            blocks=[dict(block) for block in message.blocks] or None,
            thread_ts=message.thread_ts or None,
            metadata=slack_history.metadata(message.mark),
            mrkdwn=True,
            **_AS_WRITTEN,
            **_NO_PREVIEWS,
        )
        return _receipt(said)

    def _change(self, ts: str, client: PooledWebClient, message: Message) -> Receipt:
        """What an edit leaves out stays: so the metadata is left out, and the blocks are always sent."""
        said = client.chat_update(
            channel=message.destination,
            ts=ts,
            text=message.text,
            blocks=[dict(block) for block in message.blocks],
            **_AS_WRITTEN,
        )
        return _receipt(said)


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
        self._exchange = slack_transport.exchange(tls, limits, proxy)
        self._limits = limits

    def post(self, message: Message) -> Receipt:
        """Post once; once more to an address that was replaced, and once as plain text where the layout is refused."""
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
        """The one of this webhook, which remembers whether it was refused."""
        made = Credential(self._secrets, f"webhooks/{destination}", self._address, self._form)
        return self._webhooks.setdefault(destination, made)

    def _send(self, url: str, message: Message, deadline: Deadline) -> Receipt:
        said = {"text": message.text, "blocks": [dict(block) for block in message.blocks] or None}
        PooledWebhookClient(url, self._exchange, deadline).send_dict({**said, **_AS_WRITTEN, **_NO_PREVIEWS})
        return Receipt(channel=message.destination)


def webhook_form(api_url: str) -> tuple[re.Pattern[str], str]:
    """Return what the address of a webhook matches, and that in words.

    Webhooks lie on `hooks.` of the API's host; for a host that is not Slack's (a test's), on that one too. Raises
    ConfigError (CONFIG_INVALID) for an `api_url` without https.
    """
    host = _host(api_url)
    hosts = {f"hooks.{host}"} | ({host} - {_API_HOST})
    pattern = re.compile(rf"https://({'|'.join(map(re.escape, hosts))})(:[0-9]+)?/[A-Za-z0-9/_-]+")
    return pattern, f"a webhook's https address on {' or '.join(sorted(hosts))}"


def _with_fallback(message: Message, attempt: Attempt, deadline: Deadline) -> Receipt:
    """Post; a message whose content is refused is posted once more as plain text that names its template."""
    try:
        return attempt(message, deadline)
    except SlackError as refused:
        if refused.code != "SLACK_CONTENT":
            raise
        reason = refused.reason
    words = plain(message, reason)
    words = replace(words, mark="") if "metadata" in reason else words
    return replace(attempt(words, deadline), fallback=reason)


def _receipt(said: SlackResponse) -> Receipt:
    """What Slack says it did; where the message that was to be replied to is gone, it posts without a thread."""
    shown = said.get("message")
    thread_ts = shown.get("thread_ts") if isinstance(shown, dict) else None
    return slack_history.receipt(str(said["channel"]), {"ts": said["ts"], "thread_ts": thread_ts})


def _host(api_url: str) -> str:
    parts = urlsplit(api_url)
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise ConfigError("CONFIG_INVALID", "api= in Slack is not an https address")
    return parts.hostname
