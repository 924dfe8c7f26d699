"""The configuration: tokens, channels, webhooks, and rate limits. Immutable; changes make a new one.

The defaults include a channel for each rule and a token for each condition, so that a client can get every error word
that depends on them. The values are no secrets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from cli.slack_rules.schema import array, choice, integer, number, record, string
from lab.slack.rules import RULES

TOKEN_REFUSALS: Final = (
    "account_inactive",
    "token_revoked",
    "token_expired",
    "not_allowed_token_type",
    "team_access_not_granted",
    "accesslimited",
)
TEAM: Final = "T0LAB"
TOKEN: Final = "xoxb-lab-token"


@dataclass(frozen=True, slots=True)
class Token:
    """A token and its scopes. `refused` is the error word that each call with it gets; empty: none."""

    value: str
    scopes: tuple[str, ...] = ("chat:write",)
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel. `rule` is a key of RULES; empty: the app may post."""

    id: str
    name: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An incoming webhook at /services/<path>, with path `team/service/secret`. `refused` as for a token."""

    path: str
    channel: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """The rate limit of a channel or a webhook: messages per second, and the burst after a pause. 0: no limit.

    Slack documents one per second and "short bursts", without a number.
    """

    per_second: float = 1.0
    burst: int = 5


TOKENS: Final = (
    Token(TOKEN),
    Token("xoxb-lab-reader", ("chat:write", "channels:history")),
    Token("xoxb-lab-no-scopes", ()),
    *(Token(f"xoxb-lab-{word}", refused=word) for word in TOKEN_REFUSALS),
)
CHANNELS: Final = (
    Channel("C0LABORDERS", "orders"),
    Channel("C0LABPAYMENTS", "payments"),
    Channel("C0LABOPS", "ops"),
    Channel("C0LABFALLBACK", "notifier-fallback"),
    *(Channel(f"C0LAB{rule.replace('-', '').upper()}", rule, rule) for rule in RULES),
)
PEOPLE: Final = ("U0LABBUYER", "U0LABYOU")
WEBHOOKS: Final = tuple(
    Webhook(f"{TEAM}/{channel.id.replace('C', 'B', 1)}/lab-secret", channel.id) for channel in CHANNELS
)


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration. A message appears in conversations.history and replies after `history_lag` seconds."""

    tokens: tuple[Token, ...] = TOKENS
    channels: tuple[Channel, ...] = CHANNELS
    webhooks: tuple[Webhook, ...] = WEBHOOKS
    rate: Rate = Rate()
    history_lag: float = 0.0
    people: tuple[str, ...] = PEOPLE

    @property
    def conversations(self) -> tuple[Channel, ...]:
        """The channels, and the app's direct messages, which are addressed by the person's id."""
        return (*self.channels, *(Channel(person.replace("U", "D", 1), person) for person in self.people))

    def channel(self, name: str) -> Channel | None:
        """Return the channel with this id or name; the name may have a leading #."""
        wanted = name.removeprefix("#")
        return next((each for each in self.conversations if wanted in (each.id, each.name)), None)

    def token(self, value: str) -> Token | None:
        """Return the token with this value."""
        return next((each for each in self.tokens if each.value == value), None)

    def webhook(self, path: str) -> Webhook | None:
        """Return the webhook at /services/<path>."""
        return next((each for each in self.webhooks if each.path == path), None)

    def changed(self, document: Any) -> Config:
        """Return a copy in which the parts that a JSON document names are replaced as a whole.

        The parts are the fields of this class, and their items have the fields of the classes above. Raises ValueError
        with everything that is wrong.
        """
        if problems := list(DOCUMENT(document, "")):
            raise ValueError("; ".join(map(str, problems)))
        return replace(self, **{name: READERS[name](part) for name, part in document.items()})


NAME: Final = string(255)
WORD: Final = string(255, least=0)
DOCUMENT: Final = record(
    optional={
        "tokens": array(record({"value": NAME}, {"scopes": array(NAME, least=0), "refused": WORD}), least=0),
        "channels": array(record({"id": NAME, "name": NAME}, {"rule": choice(*RULES)}), least=0),
        "webhooks": array(record({"path": NAME, "channel": NAME}, {"refused": WORD}), least=0),
        "rate": record(optional={"per_second": number(least=0), "burst": integer(least=1)}),
        "history_lag": number(least=0),
        "people": array(NAME, least=0),
    }
)
READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "tokens": lambda part: tuple(
        Token(**{**each, "scopes": tuple(each.get("scopes", ("chat:write",)))}) for each in part
    ),
    "channels": lambda part: tuple(Channel(**each) for each in part),
    "webhooks": lambda part: tuple(Webhook(**each) for each in part),
    "rate": lambda part: Rate(**part),
    "history_lag": float,
    "people": tuple,
}
