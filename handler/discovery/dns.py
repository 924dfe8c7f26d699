"""Asks the DNS, with a deadline that holds and failures that are kept apart.

The system's own getaddrinfo blocks for ten seconds where a resolver is silent, says the same of a silent resolver and
of one that fails, sorts every list alike, and knows no SRV records.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from handler.frozen import frozen
from handler.instances import ResolveError, Trouble

if TYPE_CHECKING:
    from dns.resolver import Answer, Resolver

# One question to one nameserver; a second one, or a second attempt, has to fit into a second.
QUERY_SECONDS: Final = 0.4
# Eight SRV records with the names of Fargate tasks are 641 bytes. 1232 pass every path without fragments:
# https://www.dnsflagday.net/2020/
PAYLOAD: Final = 1232


@frozen
class Service:
    """One SRV record, and the addresses of its target that came with it."""

    priority: int
    port: int
    target: str
    addresses: tuple[str, ...]


class Dns:
    """Questions to the resolvers of /etc/resolv.conf, or to those given, each `address` and `port`."""

    def __init__(self, *nameservers: tuple[str, int]) -> None:
        self._nameservers = nameservers
        self._made: Resolver | None = None

    def addresses(self, name: str, seconds: float) -> tuple[tuple[str, ...], float | None]:
        """Return the IPv4 addresses of a name, else its IPv6 ones, and for how many seconds they hold (None: ever).

        An address stands for itself, and localhost for this machine (RFC 6761). Raises ResolveError.
        """
        if _is_address(name):
            return (name,), None
        if name == "localhost":
            return ("127.0.0.1",), None
        try:
            answer = self._ask(name, "A", seconds)
        except ResolveError as error:
            if error.trouble is not Trouble.NO_DATA:
                raise
            answer = self._ask(name, "AAAA", seconds)
        return tuple(record.address for record in _records(answer)), _ttl(answer)

    def services(self, name: str, seconds: float) -> tuple[tuple[Service, ...], float]:
        """Return the SRV records of a name, and for how many seconds they hold. Raises ResolveError."""
        answer = self._ask(name, "SRV", seconds)
        beside = _beside(answer)
        found = [
            Service(record.priority, record.port, target, beside.get(target, ()))
            for record in _records(answer)
            if (target := record.target.to_text().lower().rstrip("."))  # a lone dot says: no such service here
        ]
        return tuple(found), _ttl(answer)

    def _ask(self, name: str, kind: str, seconds: float) -> Answer:
        from dns.exception import DNSException, Timeout
        from dns.resolver import NXDOMAIN, NoAnswer, NoResolverConfiguration

        about = f"{kind} {name}"
        try:
            # Absolute, so that no search domain of the system is appended.
            return self._resolver().resolve(f"{name.rstrip('.')}.", kind, lifetime=seconds, search=False)
        except NXDOMAIN:
            raise ResolveError(Trouble.NO_NAME, about) from None
        except NoAnswer:
            raise ResolveError(Trouble.NO_DATA, about) from None
        except Timeout:
            raise ResolveError(Trouble.TIMEOUT, about) from None
        except (DNSException, NoResolverConfiguration, OSError, ValueError) as error:
            raise ResolveError(Trouble.FAILED, f"{about}, {type(error).__name__}") from None

    def _resolver(self) -> Resolver:
        if self._made is None:
            # Imported only where a name has to be resolved: it takes 30 ms.
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
    """The shortest life in the chain of names that led to the answer."""
    return float(answer.chaining_result.minimum_ttl)


def _beside(answer: Answer) -> dict[str, tuple[str, ...]]:
    """The addresses that a server sent along, by name."""
    from dns.rdatatype import AAAA, A

    found: dict[str, tuple[str, ...]] = {}
    for rrset in answer.response.additional:
        if rrset.rdtype in (A, AAAA):
            name = rrset.name.to_text(omit_final_dot=True).lower()
            found[name] = found.get(name, ()) + tuple(record.address for record in rrset)
    return found
