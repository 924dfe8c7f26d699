"""Where a database, Slack and the secrets are, and how to get in: what settings say, and adapters go by."""

from __future__ import annotations

from typing import Final, Literal

from handler.frozen import frozen

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
