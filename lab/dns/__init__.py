"""A DNS resolver on this machine, like that of a VPC. Its records and faults are set through a control socket.

    python -m lab.dns --port 5353 --control /tmp/dns.sock
    curl --unix-socket /tmp/dns.sock http://_/records -d '{"name": "api.shop.internal", "type": "A", "ttl": 5,
         "data": ["10.0.0.7", "10.0.0.8"]}'
    dig @127.0.0.1 -p 5353 api.shop.internal

It answers over UDP and TCP, knows only its own records, and follows CNAMEs among them. An answer that does not fit in
a UDP datagram (512 bytes, or the client's EDNS size) is truncated, so that the client retries over TCP.
"""

from lab.dns.running import Queries, RunningDns, running_dns

__all__ = ["Queries", "RunningDns", "running_dns"]
