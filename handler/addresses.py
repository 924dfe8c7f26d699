"""Where databases, APIs, Slack and the secrets are, and how to log in: what the settings say, as types."""

from __future__ import annotations

from ipaddress import ip_address
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
    """Where one read replica is. `ca` is a PEM file with the trusted authorities; empty means the public ones.

    The login is in the secret `secret`, a full name; if that is empty, in the secret that has the database's name.
    With `iam_user` there is no secret: this account accepts tokens of the function's role. `time_zone` is the IANA name
    of the time zone of the DATETIME columns. Without `tls` the server, which is on this machine, is not verified.
    """

    name: str
    host: str
    schema: str
    port: int = 3306
    ca: str = ""
    secret: str = ""
    iam_user: str = ""
    time_zone: str = "UTC"
    tls: bool = True

    @property
    def login_secret(self) -> str:
        """The name of the secret with the account, as ports.Secrets takes it."""
        return f"/{self.secret}" if self.secret else f"databases/{self.name}"


def is_this_machine(host: str) -> bool:
    """Whether a host is literally an address of this machine, or `localhost`."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # another name
        return False


@frozen
class Origin:
    """What a URI says: how to find the instances of an API, and how to talk to each of them.

    `authority` is the Host header, and the name that a certificate must have; `base` is the start of every path,
    without a slash at its end. `sign` is the AWS service for which requests are signed (empty: not signed), `region`
    its region (empty: the function's).
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

    `identity` is a response header and its value, by which the service identifies itself (empty: not checked).
    """

    name: str
    origin: Origin
    header: str = ""
    ca: str = ""
    identity: tuple[str, str] = ("", "")


@frozen
class SlackAddress:
    """How to post: with a bot's token or to webhooks, and what to do when the outcome of a post is unknown.

    `ca` has the same meaning as for a database. `proxy`, such as http://proxy:3128, is the proxy through which the
    function connects to Slack; empty means directly.
    """

    mode: SlackMode = "bot"
    on_ambiguous: OnAmbiguous = "repost"
    api_url: str = SLACK_API
    ca: str = ""
    proxy: str = ""


@frozen
class SecretsAddress:
    """Which store holds the secrets, and the prefix of their names."""

    store: SecretsStore = "secretsmanager"
    prefix: str = "notifier"
