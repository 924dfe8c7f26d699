"""The addresses of hosts such as a read replica: looked up for each new connection, and cached for DNS outages."""

from __future__ import annotations

from typing import Final

from handler.discovery.addresses import Addresses
from handler.discovery.cache import Ages, Cache
from handler.discovery.dns import Dns
from handler.errors import SourceError
from handler.instances import ResolveError

# RDS changes the address of a name at a failover, and asks clients not to cache an address for 30 seconds or longer:
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_BestPractices.html
# Connections are opened rarely, so the look-up is made when one is opened, not in parallel.
AGES: Final = Ages(soft_ttl=5.0, min_ttl=1.0, max_ttl=5.0, hard_ttl=5.0)


class CachedNames:
    """ports.Names over the DNS."""

    def __init__(self, dns: Dns, ages: Ages = AGES) -> None:
        self._dns = dns
        self._ages = ages
        self._caches: dict[str, Cache] = {}

    def addresses(self, name: str) -> list[str]:
        """Return the addresses of a host, at most 5 s old, or older ones while the DNS is down.

        Raises SourceError (DB_UNAVAILABLE).
        """
        cache = self._caches.setdefault(name, Cache(Addresses(self._dns, name, 0), self._ages))
        try:
            return [endpoint.host for endpoint in cache.listing().endpoints]
        except ResolveError as error:
            raise SourceError("DB_UNAVAILABLE", f"{name}: {error.failure.value}, {error.detail}") from None
        finally:
            cache.join()
