"""Where databases, APIs, Slack and the secrets are, and how to log in: what the settings say, as types."""

from __future__ import annotations

from typing import Final, Literal

from handler.frozen import frozen
from handler.instances import Resolver

Scheme = Literal["http", "https"]
SecretsStore = Literal["secretsmanager", "ssm"]
SlackMode = Literal["bot", "webhook"]
OnAmbiguous = Literal["repost", "park", "read-back"]

SLACK_API: Final = "https://slack.com/api/"


@frozen
class DatabaseAddress:
    """Where one read replica is. `ca` is a PEM file whose authorities are trusted; empty means the public ones.

    The account is in the secret `secret`, a whole name; where that is empty, in the one that goes by the database's
    name. With `iam_user` there is no secret: that account takes tokens of the function's role. `time_zone` is the IANA
    name of the time zone of its DATETIME columns.
    """

    name: str
    host: str
    schema: str
    port: int = 3306
    ca: str = ""
    secret: str = ""
    iam_user: str = ""
    time_zone: str = "UTC"

    @property
    def login_secret(self) -> str:
        """The name of the secret with the account, as ports.Secrets takes it."""
        return f"/{self.secret}" if self.secret else f"databases/{self.name}"


@frozen
class Origin:
    """What a URI says: how the instances are found, and how each of them is spoken to.

    `authority` is the Host header, and whom a certificate has to name; `base` begins every path, without a slash at
    its end. `sign` is the AWS service for which requests are signed (empty: not signed), `region` its region (empty:
    the function's).
    """

    text: str
    resolver: Resolver
    scheme: Scheme
    authority: str
    base: str = ""
    sign: str = ""
    region: str = ""


@frozen
class ApiAddress:
    """Where one API is. `header` is the header that carries its secret (empty: none), `ca` a PEM file.

    `identity` is a response header and the value by which the service tells that it is itself (empty: not asked).
    """

    name: str
    origin: Origin
    header: str = ""
    ca: str = ""
    identity: tuple[str, str] = ("", "")


@frozen
class SlackAddress:
    """How to post: with a bot's token or to webhooks, and what becomes of a post whose outcome nobody knows.

    `ca` is as a database's. `proxy`, such as http://proxy:3128, is asked to connect to Slack; empty means directly.
    """

    mode: SlackMode = "bot"
    on_ambiguous: OnAmbiguous = "repost"
    api_url: str = SLACK_API
    ca: str = ""
    proxy: str = ""


@frozen
class SecretsAddress:
    """Which store the secrets are in, and what their names begin with."""

    store: SecretsStore = "secretsmanager"
    prefix: str = "notifier"
