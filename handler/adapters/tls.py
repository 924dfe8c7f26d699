"""Whom a connection trusts: one TLS context for each set of authorities, shared by everything that connects."""

from __future__ import annotations

import ssl
from functools import cache
from pathlib import Path
from typing import Final

from handler.errors import ConfigError

# In Lambda this is the root of the package, where `certs/rds.pem` of a setting lies.
_ROOT: Final = Path(__file__).resolve().parents[2]


@cache
def context(ca: str = "") -> ssl.SSLContext:
    """Return the context that trusts the authorities in the PEM file `ca`, or the system's public ones if it is empty.

    A relative path starts at the root of the package. The server's chain and name are always verified, and nothing
    older than TLS 1.2 is spoken. A context is made once, because to read 130 public authorities takes about 15 ms.
    Raises ConfigError (CONFIG_INVALID) for a file that cannot be read or holds no certificate.
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
    # Python 3.13 asks by default for extensions that many private authorities leave out, MySQL's own among them
    # (https://github.com/PyMySQL/PyMySQL/pull/1198). What is asked for is the same here for every Python.
    made.verify_flags = (made.verify_flags | ssl.VERIFY_X509_PARTIAL_CHAIN) & ~ssl.VERIFY_X509_STRICT
    return made
