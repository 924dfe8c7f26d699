"""Who reaches whom in the VPC, its faults, and that nothing of it stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from lab.processes import child, wait_until
from lab.vpc import HOSTS, PUBLIC_ADDRESS, Vpc, VpcError, VpcMissingError, available, running_vpc
from tests.plugins.vpc import ask, serving

PRIVATE = [host for host in HOSTS if host not in ("slack", "registry", "aws", "gateway")]
# Tries to connect to each "address port seconds", all at once, and says how that went and how many seconds it took.
PROBE = """
import json, socket, sys, time
from concurrent.futures import ThreadPoolExecutor

def outcome(target):
    address, port, patience = target.split()
    begin = time.monotonic()
    try:
        socket.create_connection((address, int(port)), timeout=float(patience)).close()
        how = "open"
    except OSError as error:
        how = type(error).__name__ if error.errno is None else error.strerror
    return how, time.monotonic() - begin

with ThreadPoolExecutor(len(sys.argv)) as pool:
    print(json.dumps(list(pool.map(outcome, sys.argv[1:]))))
"""
REACHED = "Connection refused"  # by a host that is there, where nothing listens
NO_WAY = "Network is unreachable"
SILENCE = "TimeoutError"

KILLED = """
import os, sys, time
from pathlib import Path
from lab.processes import child
from lab.vpc import running_vpc
with running_vpc(Path(sys.argv[1])) as vpc, child(vpc.command("task1", ["sleep", "600"])):
    vpc.delay("task1", 1)
    print(*(vpc.run(host, ["readlink", "/proc/self/ns/net", "/proc/self/ns/mnt"]) for host in ("task1", "nat")))
    print("up", flush=True)
    {then}
"""


def probe(vpc: Vpc, host: str, *targets: tuple[str, int], patience: float = 1.5) -> list[tuple[str, float]]:
    words = [f"{vpc.address(target)} {port} {patience}" for target, port in targets]
    answer = json.loads(vpc.run(host, [sys.executable, "-c", PROBE, *words]))
    return [(how, seconds) for how, seconds in answer]


def outcomes(vpc: Vpc, host: str, *targets: tuple[str, int]) -> list[str]:
    return [how for how, _ in probe(vpc, host, *targets)]


def outcome(vpc: Vpc, host: str, target: str, port: int = 8080) -> str:
    return outcomes(vpc, host, (target, port))[0]


def namespaces_in_use() -> set[str]:
    found = set()
    for link in (link for kind in ("net", "mnt") for link in Path("/proc").glob(f"[0-9]*/ns/{kind}")):
        with suppress(OSError):  # the process is another user's, or has ended in this moment
            found.add(str(link.readlink()))
    return found


def processes_with(marker: str) -> list[str]:
    listing = subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listing.splitlines() if marker in line]


@pytest.mark.parametrize("source", PRIVATE)
def test_hosts_of_the_subnet_reach_each_other(vpc: Vpc, source: str) -> None:
    others = [(host, 8080) for host in PRIVATE if host != source]
    assert outcomes(vpc, source, *others) == [REACHED] * len(others)


@pytest.mark.parametrize("source", [host for host in PRIVATE if host not in ("function", "nat")])
def test_no_other_host_has_a_way_out(vpc: Vpc, source: str) -> None:
    assert outcomes(vpc, source, ("slack", 443), ("registry", 443)) == [NO_WAY] * 2


@pytest.mark.parametrize("source", ["slack", "registry"])
def test_nothing_outside_has_a_way_in(vpc: Vpc, source: str) -> None:
    assert outcomes(vpc, source, *((host, 8080) for host in PRIVATE)) == [NO_WAY] * len(PRIVATE)


def test_the_function_gets_out_to_https_alone(vpc: Vpc) -> None:
    targets = [(host, port) for host in ("slack", "registry") for port in (443, 80, 8080)]
    assert outcomes(vpc, "function", *targets) == [REACHED, SILENCE, SILENCE] * 2


@pytest.mark.parametrize("host", ["slack", "registry"])
def test_outside_the_function_has_the_address_of_the_nat(vpc: Vpc, host: str) -> None:
    with serving(vpc, host, 443):
        assert ask(vpc, "function", vpc.address(host), 443) == f"200 {host} to {PUBLIC_ADDRESS}"


def test_inside_the_function_has_its_own_address(vpc: Vpc) -> None:
    with serving(vpc, "task1"):
        assert ask(vpc, "function", vpc.address("task1")) == f"200 task1 to {vpc.address('function')}"


def test_the_nat_is_the_only_way_out(breakable_vpc: Vpc) -> None:
    breakable_vpc.cut("nat")
    assert outcomes(breakable_vpc, "function", ("slack", 443), ("registry", 443), ("task1", 8080)) == [
        SILENCE,
        SILENCE,
        REACHED,
    ]
    breakable_vpc.heal("nat")
    assert outcome(breakable_vpc, "function", "slack", 443) == REACHED


def test_an_address_that_nobody_has_is_silent(vpc: Vpc) -> None:
    [(how, _)] = probe(vpc, "function", ("spare", 8080), patience=4)  # an ARP request gives up after 3 s
    assert how == SILENCE


def test_a_cut_host_is_silent_and_the_others_are_not(breakable_vpc: Vpc) -> None:
    breakable_vpc.cut("task1")
    assert outcomes(breakable_vpc, "function", ("task1", 8080), ("task2", 8080)) == [SILENCE, REACHED]
    assert outcome(breakable_vpc, "task1", "function") == SILENCE
    breakable_vpc.heal("task1")
    assert outcome(breakable_vpc, "function", "task1") == REACHED


def test_a_refused_port_is_refused_alone(breakable_vpc: Vpc) -> None:
    with serving(breakable_vpc, "task1", 8080), serving(breakable_vpc, "task1", 8081):
        breakable_vpc.refuse("task1", 8080)
        assert outcomes(breakable_vpc, "function", ("task1", 8080), ("task1", 8081)) == [REACHED, "open"]
        breakable_vpc.accept("task1", 8080)
        assert outcome(breakable_vpc, "function", "task1") == "open"


def test_a_delay_holds_up_both_ways_and_can_change(breakable_vpc: Vpc) -> None:
    for milliseconds in (20.0, 50.0):
        breakable_vpc.delay("registry", milliseconds)
        [(how, seconds)] = probe(breakable_vpc, "function", ("registry", 443))
        assert how == REACHED
        assert seconds >= 2 * milliseconds / 1000


def test_back_at_no_delay_the_kernel_alone_carries(breakable_vpc: Vpc) -> None:
    marker = "link-registry"
    breakable_vpc.delay("registry", 1)
    assert processes_with(marker)
    breakable_vpc.delay("registry", 0)
    assert not processes_with(marker)
    assert outcome(breakable_vpc, "function", "registry", 443) == REACHED


def test_lost_packets_are_silence(breakable_vpc: Vpc) -> None:
    breakable_vpc.delay("task1", 1)
    breakable_vpc.lose("task1", 100)
    assert outcome(breakable_vpc, "function", "task1") == SILENCE
    breakable_vpc.lose("task1", 0)
    assert outcome(breakable_vpc, "function", "task1") == REACHED


def test_a_slow_cable_can_be_cut(breakable_vpc: Vpc) -> None:
    breakable_vpc.delay("task1", 1)
    breakable_vpc.cut("task1")
    assert outcome(breakable_vpc, "function", "task1") == SILENCE
    breakable_vpc.delay("task1", 0)
    assert outcome(breakable_vpc, "function", "task1") == SILENCE
    breakable_vpc.delay("task1", 1)
    assert outcome(breakable_vpc, "function", "task1") == SILENCE
    breakable_vpc.heal("task1")
    assert outcome(breakable_vpc, "function", "task1") == REACHED


@pytest.mark.parametrize("percent", [0, 2])
def test_much_passes_a_slow_and_lossy_cable_unharmed(breakable_vpc: Vpc, percent: float) -> None:
    with serving(breakable_vpc, "task1"):
        breakable_vpc.delay("task1", 1)
        breakable_vpc.lose("task1", percent)
        assert (
            ask(breakable_vpc, "function", breakable_vpc.address("task1"), path="/much") == "200 " + "task1" * 500_000
        )


def test_restoring_undoes_every_fault(vpc: Vpc) -> None:
    with serving(vpc, "task1"):
        vpc.cut("task1")
        vpc.lose("task1", 100)
        vpc.refuse("task1", 8080)
        vpc.restore()
        assert outcome(vpc, "function", "task1") == "open"


def test_names_are_resolved_by_the_vpc_alone(vpc: Vpc) -> None:
    read = {name: vpc.run("task1", ["cat", f"/etc/{name}"]) for name in ("resolv.conf", "nsswitch.conf", "hosts")}
    assert read == {
        "resolv.conf": f"nameserver {vpc.address('dns')}\n",
        "nsswitch.conf": "hosts: files dns\n",
        "hosts": "127.0.0.1 localhost\n",
    }
    assert Path("/etc/resolv.conf").read_text() != read["resolv.conf"]


def test_a_command_keeps_its_folder_its_environment_and_its_id(vpc: Vpc, tmp_path: Path) -> None:
    report = "import os, sys; print(os.getcwd(), os.environ['WORD'], os.getpid(), *sys.argv[1:])"
    command = vpc.command("task1", [sys.executable, "-c", report, "two words", "$HOME"])
    with child(command, env={**os.environ, "WORD": "tea"}, cwd=tmp_path, log=tmp_path / "log") as process:
        wait_until(lambda: not process.running, "its end", 20)
    assert (tmp_path / "log").read_text() == f"{tmp_path.resolve()} tea {process.pid} two words $HOME\n"


def test_what_a_command_says_is_given_or_raised(vpc: Vpc) -> None:
    assert vpc.run("task1", ["cat"], stdin="tea") == "tea"
    with pytest.raises(VpcError, match=r"(?s)in task1 ended with status 3: no coffee"):
        vpc.run("task1", ["sh", "-c", "echo no coffee >&2; exit 3"])
    with pytest.raises(VpcError, match=r"sleep in task1 did not end within 0.1 s"):
        vpc.run("task1", ["sleep", "60"], timeout_seconds=0.1)


def test_an_unknown_host_is_named(vpc: Vpc) -> None:
    for ask_for in (vpc.address, vpc.cut, lambda host: vpc.command(host, ["true"])):
        with pytest.raises(KeyError, match="task9"):
            ask_for("task9")


def test_two_do_not_meet(vpc: Vpc, tmp_path: Path) -> None:
    with running_vpc(tmp_path) as other, serving(other, "task1"):
        assert outcome(other, "function", "task1") == "open"
        assert outcome(vpc, "function", "task1") == REACHED


def test_nothing_is_left_after_the_block(vpc: Vpc, tmp_path: Path) -> None:
    with running_vpc(tmp_path) as other:
        inside = {other.run(host, ["readlink", "/proc/self/ns/net"]).strip() for host in HOSTS}
        assert len(inside) == len(HOSTS)
        inside.add(other.run("task1", ["readlink", "/proc/self/ns/mnt"]).strip())  # every process of the VPC has it
        other.delay("task1", 1)
        assert processes_with(str(tmp_path))
    assert not processes_with(str(tmp_path))
    assert not inside & namespaces_in_use()
    assert "private" not in {name.name for name in Path("/sys/class/net").iterdir()}


@pytest.mark.parametrize("then", ["time.sleep(600)", "vpc.run('task2', ['sleep', '600'], timeout_seconds=600)"])
def test_nothing_is_left_after_a_kill(vpc: Vpc, tmp_path: Path, then: str) -> None:
    command = [sys.executable, "-c", KILLED.format(then=then), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = list(iter(process.stdout.readline, "up\n"))
        inside = {word for line in lines for word in line.split()}
        assert inside & namespaces_in_use()
        process.kill()
    wait_until(lambda: not processes_with(str(tmp_path)) and not inside & namespaces_in_use(), "it to be gone", 20)


def test_a_kernel_that_forbids_it_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forbidding = tmp_path / "unshare"
    forbidding.write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2; exit 1\n")
    forbidding.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    available.cache_clear()
    try:
        assert available() == "no namespaces without root: unshare failed: Operation not permitted"
        with pytest.raises(VpcMissingError, match="not permitted"), running_vpc(tmp_path / "vpc"):
            pytest.fail("there cannot be one")
    finally:
        available.cache_clear()
