"""The resolver's records, and its answers from them."""

from __future__ import annotations

import random
from typing import Final

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

ORIGIN: Final = dns.name.root
MAX_ALIASES: Final = 8
DEFAULT_NEGATIVE_TTL: Final = 5

Key = tuple[dns.name.Name, dns.rdatatype.RdataType]


class Zone:
    """Records by name and type, and the TTL of negative answers."""

    def __init__(self) -> None:
        self._records: dict[Key, dns.rrset.RRset] = {}
        self.negative_ttl = DEFAULT_NEGATIVE_TTL

    def put(self, name: str, kind: str, ttl: int, data: list[str]) -> None:
        """Replace a name's records of a type. Raises ValueError for data that a zone file cannot have."""
        try:
            key = dns.name.from_text(name, ORIGIN), dns.rdatatype.from_text(kind)
            self._records.pop(key, None)
            if data:
                self._records[key] = dns.rrset.from_text_list(
                    key[0], ttl, dns.rdataclass.IN, key[1], data, origin=ORIGIN, relativize=False
                )
        except dns.exception.DNSException as error:
            raise ValueError(f"{name} {kind}: {error}") from error

    def answer(self, query: dns.message.QueryMessage) -> dns.message.Message:
        """Answer a query with one question as a resolver does: follow CNAMEs, and return the records in random order.

        A chain of CNAMEs that is too long or circular is a SERVFAIL.
        """
        response = dns.message.make_response(query, recursion_available=True)
        question = query.question[0]
        name = question.name
        for _ in range(MAX_ALIASES):
            if found := self._records.get((name, question.rdtype)):
                response.answer.append(_shuffled(found))
                return response
            alias = self._records.get((name, dns.rdatatype.CNAME))
            if alias is None:
                return self.nothing(response, there=self._has(name))
            response.answer.append(alias)
            name = alias[0].target
        response.answer.clear()
        response.set_rcode(dns.rcode.SERVFAIL)
        return response

    def nothing(self, response: dns.message.Message, *, there: bool) -> dns.message.Message:
        """Turn the response into NODATA if the name is `there`, else into NXDOMAIN."""
        response.set_rcode(dns.rcode.NOERROR if there else dns.rcode.NXDOMAIN)
        soa = f"ns.invalid. hostmaster.invalid. 1 7200 900 1209600 {self.negative_ttl}"
        response.authority.append(
            dns.rrset.from_text(ORIGIN, self.negative_ttl, dns.rdataclass.IN, dns.rdatatype.SOA, soa)
        )
        return response

    def _has(self, name: dns.name.Name) -> bool:
        """Return whether a name has records of any type, or another name ends in it."""
        return any(known.is_subdomain(name) for known, _ in self._records)


def _shuffled(records: dns.rrset.RRset) -> dns.rrset.RRset:
    """Return the records in random order, because clients must not rely on an order."""
    shuffled = dns.rrset.RRset(records.name, records.rdclass, records.rdtype)
    for record in random.sample(list(records), len(records)):
        shuffled.add(record, records.ttl)
    return shuffled
