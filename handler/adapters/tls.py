"""TLS contexts: one for each set of trusted authorities, shared by all connections."""

from __future__ import annotations

import ssl
from functools import cache
from pathlib import Path
from typing import Final

from handler.errors import ConfigError

# In Lambda this is the root of the package, which contains CA files such as `certs/rds.pem`.
_ROOT: Final = Path(__file__).resolve().parents[2]


@cache
def context(ca: str = "") -> ssl.SSLContext:
    """Return the context that trusts the authorities in the PEM file `ca`, or the system's public ones if it is empty.

    A relative path starts at the root of the package. The server's chain and name are always verified, and the minimum
    version is TLS 1.2. Each context is made once, because reading 130 public authorities takes about 15 ms.
    Raises ConfigError (CONFIG_INVALID) for a file that cannot be read or contains no certificate.
    """
    made = _private(ca) if ca else ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made


def _private(ca: str) -> ssl.SSLContext:
    try:
        made = ssl.create_default_context(cafile=_ROOT / ca)
    except ssl.SSLError:
        raise ConfigError("CONFIG_INVALID", f"the CA file {ca} holds no certificate in PEM form") from None
    except (OSError, ValueError) as error:
        raise ConfigError("CONFIG_INVALID", f"the CA file {ca} cannot be read ({type(error).__name__})") from None
    # Python 3.13 by default requires extensions that many private authorities lack, MySQL's own among them
    # (https://github.com/PyMySQL/PyMySQL/pull/1198). These flags make the checks the same in every Python version.
    made.verify_flags = (made.verify_flags | ssl.VERIFY_X509_PARTIAL_CHAIN) & ~ssl.VERIFY_X509_STRICT
    return made
