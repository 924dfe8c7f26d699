"""DNS queries with a strict deadline and distinct failures.

The system's getaddrinfo blocks for ten seconds if a resolver does not respond, reports the same error for a silent and
a failing resolver, sorts every list in the same way, and cannot query SRV records.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from handler.frozen import frozen
from handler.instances import ResolveError, ResolveFailure

if TYPE_CHECKING:
    from dns.resolver import Answer, Resolver

# One query to one nameserver. A second query or a retry has to fit into one second as well.
QUERY_SECONDS: Final = 0.4
# Eight SRV records with the names of Fargate tasks take 641 bytes. 1232 bytes pass every network without fragmentation:
# https://www.dnsflagday.net/2020/
PAYLOAD: Final = 1232


@frozen
class SrvRecord:
    """One SRV record, with the addresses of its target that the answer included."""

    priority: int
    port: int
    target: str
    addresses: tuple[str, ...]


class Dns:
    """Queries the nameservers of /etc/resolv.conf, or the given ones, each an `address` and a `port`."""

    def __init__(self, *nameservers: tuple[str, int]) -> None:
        self._nameservers = nameservers
        self._made: Resolver | None = None

    def addresses(self, name: str, seconds: float) -> tuple[tuple[str, ...], float | None]:
        """Return the IPv4 addresses of a name, else its IPv6 addresses, and their TTL in seconds (None: no limit).

        A literal address is returned as it is, and localhost is this machine (RFC 6761). Raises ResolveError.
        """
        if _is_address(name):
            return (name,), None
        if name == "localhost":
            return ("127.0.0.1",), None
        try:
            answer = self._ask(name, "A", seconds)
        except ResolveError as error:
            if error.failure is not ResolveFailure.NO_DATA:
                raise
            answer = self._ask(name, "AAAA", seconds)
        return tuple(record.address for record in _records(answer)), _ttl(answer)

    def srv(self, name: str, seconds: float) -> tuple[tuple[SrvRecord, ...], float]:
        """Return the SRV records of a name, and their TTL in seconds. Raises ResolveError."""
        answer = self._ask(name, "SRV", seconds)
        beside = _additional(answer)
        found = [
            SrvRecord(record.priority, record.port, target, beside.get(target, ()))
            for record in _records(answer)
            if (
                target := record.target.to_text().lower().rstrip(".")
            )  # the target "." means that the service does not exist
        ]
        return tuple(found), _ttl(answer)

    def _ask(self, name: str, kind: str, seconds: float) -> Answer:
        from dns.exception import DNSException, Timeout
        from dns.resolver import NXDOMAIN, NoAnswer, NoResolverConfiguration

        about = f"{kind} {name}"
        try:
            # An absolute name, so that no search domain of the system is appended.
            return self._resolver().resolve(f"{name.rstrip('.')}.", kind, lifetime=seconds, search=False)
        except NXDOMAIN:
            raise ResolveError(ResolveFailure.NO_NAME, about) from None
        except NoAnswer:
            raise ResolveError(ResolveFailure.NO_DATA, about) from None
        except Timeout:
            raise ResolveError(ResolveFailure.TIMEOUT, about) from None
        except (DNSException, NoResolverConfiguration, OSError, ValueError) as error:
            raise ResolveError(ResolveFailure.FAILED, f"{about}, {type(error).__name__}") from None

    def _resolver(self) -> Resolver:
        if self._made is None:
            # Imported only when a name has to be resolved: the import takes 30 ms.
            from dns.nameserver import Do53Nameserver
            from dns.resolver import Resolver

            made = Resolver(configure=not self._nameservers)
            if self._nameservers:
                made.nameservers = [Do53Nameserver(address, port) for address, port in self._nameservers]
            made.timeout = QUERY_SECONDS
            made.use_edns(0, 0, PAYLOAD)
            made.retry_servfail = False
            self._made = made
        return self._made


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _records(answer: Answer) -> list[Any]:
    return list(answer.rrset or ())


def _ttl(answer: Answer) -> float:
    """Return the shortest TTL in the chain of names that led to the answer."""
    return float(answer.chaining_result.minimum_ttl)


def _additional(answer: Answer) -> dict[str, tuple[str, ...]]:
    """Return the addresses in the answer's additional section, by name."""
    from dns.rdatatype import AAAA, A

    found: dict[str, tuple[str, ...]] = {}
    for rrset in answer.response.additional:
        if rrset.rdtype in (A, AAAA):
            name = rrset.name.to_text(omit_final_dot=True).lower()
            found[name] = found.get(name, ()) + tuple(record.address for record in rrset)
    return found
