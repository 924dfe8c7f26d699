"""The discovery paths: for each scheme of a URI in the setting `Apis`, the function that reads it.

To add a path, write a module beside this one, and add a line to PATHS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from handler.discovery import addresses, cloudmap, srv
from handler.discovery.dns import Dns
from handler.discovery.uri import Path

# One for the whole process, since it keeps what it read of resolv.conf.
DNS: Final = Dns()

PATHS: Final[Mapping[str, Path]] = {
    "http": addresses.stable(DNS),
    "https": addresses.stable(DNS),
    "dns": addresses.records(DNS),
    "srv": srv.services(DNS),
    "cloudmap": cloudmap.read,
}
