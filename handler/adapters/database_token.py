"""The password of an account that takes tokens of IAM: signed here, without a call, and good for 15 minutes.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Connecting.html
"""

from __future__ import annotations

from handler import aws
from handler.adapters.session import Login
from handler.addresses import DatabaseAddress
from handler.errors import ConfigError


def database_token(address: DatabaseAddress) -> Login:
    """Return the login of an address with an `iam_user`; a new one for each connection, since it costs no call.

    It is signed for the host as it stands in the address, which therefore has to be RDS's own name of the instance.
    Whoever reads a token can log in with it, so that it must not leave before the server was verified, as any password.
    Raises ConfigError (CONFIG_UNAVAILABLE) where the function has no credentials or region.
    """
    try:
        token = aws.database_token(address.host, address.port, address.iam_user)
    except aws.failures() as error:
        reason = f"no token for database {address.name}: {aws.reason(error)}"
        raise ConfigError("CONFIG_UNAVAILABLE", reason) from None
    return Login(address.iam_user, token)
