"""The app's channels, token and webhooks as Slack knows them, and the credentials that the function has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lab.slack import Control

SCOPES: Final = ("chat:write", "channels:history")
# By the channel alias in the soak's templates: the channel's id, and its rule (lab/slack/rules.py).
CHANNELS: Final[Mapping[str, tuple[str, str]]] = {
    "orders": ("C0LABORDERS", ""),
    "payments": ("C0LABPAYMENTS", ""),
    "audit": ("C0LABAUDIT", ""),
    "tickets": ("C0LABOPS", ""),
    "old": ("C0LABARCHIVED", "archived"),
    "fallback": ("C0LABFALLBACK", ""),
}


class Credentials:
    """Credentials that can be renewed: Slack knows the new ones at once, the function once they are stored.

    `url` is the base URL of Slack for the function, without a path.
    """

    def __init__(self, slack: Control, secrets: Any, url: str) -> None:
        """`secrets` is a client of Secrets Manager, in which none of them exists yet."""
        self._slack = slack
        self._secrets = secrets
        self._url = url
        self._number = 0
        slack.configure(
            channels=[
                {"id": channel, "name": name, **({"rule": rule} if rule else {})}
                for name, (channel, rule) in CHANNELS.items()
            ]
        )
        self.renew()
        for name, value in self._stored().items():
            secrets.create_secret(Name=name, SecretString=value)

    def renew(self) -> None:
        """Let Slack refuse the old credentials and accept new ones, which the function does not have yet."""
        before, self._number = self._number, self._number + 1
        self._slack.configure(
            tokens=[
                {"value": _token(before), "refused": "token_revoked"},
                {"value": _token(self._number), "scopes": SCOPES},
            ],
            webhooks=[
                webhook
                for name, (channel, _) in CHANNELS.items()
                for webhook in (
                    {"path": _webhook(name, before), "channel": channel, "refused": "no_active_hooks"},
                    {"path": _webhook(name, self._number), "channel": channel},
                )
            ],
        )

    def store(self) -> None:
        """Store the credentials that Slack accepts now, so that the function gets them."""
        for name, value in self._stored().items():
            self._secrets.put_secret_value(SecretId=name, SecretString=value)

    def _stored(self) -> dict[str, str]:
        webhooks = {
            f"notifier/webhooks/{name}": f"{self._url}/services/{_webhook(name, self._number)}" for name in CHANNELS
        }
        return {"notifier/slack-token": _token(self._number), **webhooks}


def _token(number: int) -> str:
    return f"xoxb-soak-{number}"


def _webhook(name: str, number: int) -> str:
    return f"T0LAB/B0{name.upper()}/soak-secret-{number}"
