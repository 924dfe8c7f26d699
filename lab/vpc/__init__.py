"""A VPC on this machine: hosts as network namespaces, a NAT as the only way out, and network faults; no root needed.

    from lab.vpc import available, running_vpc

    with running_vpc(folder) as vpc:
        with child(vpc.command("task1", [sys.executable, "-m", "lab.api", "--port", "8080"])):
            vpc.run("function", [sys.executable, "-m", "something", vpc.address("task1")])
        vpc.cut("task1")

Hosts are `function`, `task1` to `task4`, `balancer`, `dns`, `database` and `nat` on the private subnet 10.77.1.0/24,
and `registry` (Cloud Map's endpoint), `aws` (the others), `gateway` (API Gateway) and `slack` outside. `gateway` has a
second interface inside, its VPC link. `spare` is an address without a host: packets to it are dropped. From inside,
only `function` has a way out, through `nat`, and only to port 443.

What runs in the hosts: lab/vpc/balancer.py (ALB and NLB) and lab/vpc/zone.py (a private DNS zone).
"""

from lab.vpc.hosts import HOSTS, PUBLIC_ADDRESS
from lab.vpc.namespaces import VpcError, available
from lab.vpc.programs import VpcMissingError
from lab.vpc.vpc import Vpc, running_vpc

__all__ = ["HOSTS", "PUBLIC_ADDRESS", "Vpc", "VpcError", "VpcMissingError", "available", "running_vpc"]
