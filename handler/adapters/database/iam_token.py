"""IAM database authentication: a token that is signed here, without a call, and valid for 15 minutes.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Connecting.html
"""

from __future__ import annotations

from handler import aws
from handler.adapters.database.session import Login
from handler.addresses import DatabaseAddress
from handler.errors import ConfigError


def iam_login(address: DatabaseAddress) -> Login:
    """Return a new login for an address with an `iam_user`. Each connection gets its own, because it costs no call.

    The token is signed for the host as written in the address, so this has to be the instance's own RDS name. A token
    works like a password: it must not be sent before the server is verified.
    Raises ConfigError (CONFIG_UNAVAILABLE) if the function has no credentials or region.
    """
    try:
        token = aws.database_token(address.host, address.port, address.iam_user)
    except aws.failures() as error:
        reason = f"no token for database {address.name}: {aws.reason(error)}"
        raise ConfigError("CONFIG_UNAVAILABLE", reason) from None
    return Login(address.iam_user, token)
