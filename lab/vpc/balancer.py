"""The load balancers of the VPC: haproxy in host `balancer`, as an ALB and as an NLB.

Both have the same targets, each with its own health checks, and send to all targets while none is healthy, as AWS's do
("fail open"). The ALB requests /health and expects status 200; the NLB only opens a connection. Without targets the ALB
responds 503, and the NLB closes the connection. Neither tries a second target: until the health checks notice a broken
one, clients still get it, with the ALB as status 502.
"""

from __future__ import annotations

import csv
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from lab.processes import child, wait_until
from lab.vpc.vpc import Vpc

ALB_PORT: Final = 8080
NLB_PORT: Final = 8081
TASKS: Final = ("task1", "task2", "task3", "task4")
SOCKET: Final = "balancer.sock"
READY_SECONDS: Final = 20.0
CONTROL_SECONDS: Final = 10.0
BAD_GATEWAY: Final = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

# The timeouts are AWS's: 10 s until a target accepts, and an idle timeout of 60 s (ALB) or 350 s (NLB). Two equal
# results in a row change a target's health, the minimum at AWS.
CONFIGURATION: Final = """
global
  stats socket /run/{socket} level admin

defaults
  retries 0
  timeout connect 10s
  timeout check 1s
  timeout client 60s
  timeout server 60s
  default-server inter {interval}ms fall 2 rise 2

frontend alb-listener
  mode http
  bind {address}:{alb_port}
  option forwardfor
  http-request deny deny_status 503 if {{ nbsrv(alb-open) eq 0 }}
  use_backend alb-open if {{ nbsrv(alb) eq 0 }}
  default_backend alb
backend alb
  mode http
  balance roundrobin
  errorfile 503 {bad_gateway}
  option httpchk GET /health
  http-check expect status 200
  {checked}
backend alb-open
  mode http
  balance roundrobin
  errorfile 503 {bad_gateway}
  {unchecked}

frontend nlb-listener
  mode tcp
  bind {address}:{nlb_port}
  timeout client 350s
  use_backend nlb-open if {{ nbsrv(nlb) eq 0 }}
  default_backend nlb
backend nlb
  mode tcp
  balance random(1)
  timeout server 350s
  default-server on-marked-down shutdown-sessions
  {checked}
backend nlb-open
  mode tcp
  balance random(1)
  timeout server 350s
  {unchecked}
"""


class Balancer:
    """Both balancers, whose targets can be changed. `alb` is a URL without a path, `nlb` a host and a port."""

    def __init__(self, vpc: Vpc) -> None:
        self.alb = f"http://{vpc.address('balancer')}:{ALB_PORT}"
        self.nlb = (vpc.address("balancer"), NLB_PORT)
        self._socket = str(vpc.runtime / SOCKET)

    def set_targets(self, *tasks: str) -> None:
        """Send to these tasks from now on, and to no other. A new one counts as healthy until its checks fail."""
        for backend in ("alb-open", "nlb-open", "alb", "nlb"):
            for task in TASKS:
                self._tell(f"set server {backend}/{task} state {'ready' if task in tasks else 'maint'}")

    def healthy(self, balancer: str) -> set[str]:
        """Return the targets that `alb` or `nlb` considers healthy."""
        rows = csv.DictReader(self._tell("show stat").removeprefix("# ").splitlines())
        return {row["svname"] for row in rows if row["pxname"] == balancer and row["status"].startswith("UP")} & {
            *TASKS
        }

    def answers(self) -> bool:
        """Return whether the control socket responds."""
        try:
            return "Uptime" in self._tell("show info")
        except OSError:
            return False

    def _tell(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(CONTROL_SECONDS)
            control.connect(self._socket)
            control.sendall(f"{command}\n".encode())
            with control.makefile() as answer:
                return answer.read()


@contextmanager
def running_balancer(
    vpc: Vpc, *targets: str, port: int = 8080, check_interval_milliseconds: int = 200
) -> Iterator[Balancer]:
    """Run both balancers until the block or this process ends; the targets are tasks that listen on `port`.

    Health checks run at this interval (AWS's minimum is 5 s); a target has as long to accept one, and a second to
    respond. Raises ChildError with the end of its log if it does not start.
    """
    balancer = Balancer(vpc)
    bad_gateway, configuration = vpc.folder / "502.http", vpc.folder / "haproxy.cfg"
    bad_gateway.write_text(BAD_GATEWAY, newline="")
    configuration.write_text(_configuration(vpc, bad_gateway, port, check_interval_milliseconds))
    command = vpc.command("balancer", [vpc.programs["haproxy"], "-db", "-f", configuration])
    log = vpc.folder / "haproxy.log"
    with child(command, env=vpc.programs.environment, log=log, grace_seconds=1) as process:
        wait_until(balancer.answers, "the load balancers", READY_SECONDS, process)
        balancer.set_targets(*targets)
        yield balancer


def _configuration(vpc: Vpc, bad_gateway: object, port: int, interval: int) -> str:
    servers = [f"server {task} {vpc.address(task)}:{port} disabled" for task in TASKS]
    return CONFIGURATION.format(
        socket=SOCKET,
        address=vpc.address("balancer"),
        alb_port=ALB_PORT,
        nlb_port=NLB_PORT,
        interval=interval,
        bad_gateway=bad_gateway,
        checked="\n  ".join(f"{server} check" for server in servers),
        unchecked="\n  ".join(servers),
    )
