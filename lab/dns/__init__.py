"""A resolver on this machine, as a VPC has one, whose zone and whose faults are set from outside.

    python -m lab.dns --port 5353 --control /tmp/dns.sock
    curl --unix-socket /tmp/dns.sock http://_/records -d '{"name": "api.shop.internal", "type": "A", "ttl": 5,
         "data": ["10.0.0.7", "10.0.0.8"]}'
    dig @127.0.0.1 -p 5353 api.shop.internal

It answers over UDP and TCP, knows only its own records, and follows aliases among them. What does not fit in a UDP
answer (512 bytes, or what the client says by EDNS) is truncated, and the client is to come again by TCP.
"""

from lab.dns.running import Queries, RunningDns, running_dns

__all__ = ["Queries", "RunningDns", "running_dns"]
