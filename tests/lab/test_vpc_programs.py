"""Which programs a VPC is made with; with stand-ins for them and for Debian's tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.vpc import VpcMissingError, programs

# Gives one package, with the programs that are named in $UNPACKED.
APT_GET = """#!/bin/sh
echo "$*" >> "$CALLS"
[ "$UNPACKED" ] || { echo 'E: no network' >&2; exit 100; }
for word in "$@"; do case $word in -oDir::Cache=*) cache=${word#*=};; esac; done
touch "$cache/archives/all.deb"
"""
DPKG_DEB = """#!/bin/sh
for place in $UNPACKED; do
  mkdir -p "$3/${place%/*}" && touch "$3/$place" && chmod +x "$3/$place"
done
mkdir -p "$3/usr/lib/any-linux-gnu" && touch "$3/usr/lib/any-linux-gnu/libknot.so.1"
"""
ALL = "sbin/ip usr/sbin/nft usr/sbin/haproxy usr/sbin/knotd usr/bin/knsupdate"


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with apt and without a VPC's programs; what is in its folder `bin` is installed."""
    program(tmp_path / "bin" / "apt-get", APT_GET)
    program(tmp_path / "bin" / "dpkg-deb", DPKG_DEB)
    for tool in ("mkdir", "touch", "chmod"):
        (tmp_path / "bin" / tool).symlink_to(f"/usr/bin/{tool}")
    monkeypatch.delenv("LAB_FRESH_VPC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("UNPACKED", ALL)
    monkeypatch.setattr(programs, "SYSTEM_FOLDERS", (str(tmp_path / "sbin"),))
    return tmp_path


def install(machine: Path, *names: str) -> None:
    for number, name in enumerate(names):
        program(machine / ("bin", "sbin")[number % 2] / name)


def test_installed_programs_are_taken(machine: Path) -> None:
    install(machine, *programs.PROGRAMS)
    found = programs.find(machine / "run")
    assert {Path(found[name]).parent.name for name in programs.PROGRAMS} == {"bin", "sbin"}
    assert "LD_LIBRARY_PATH" not in found.environment
    assert not (machine / "calls").exists()


def test_where_one_is_missing_all_are_unpacked_once_into_the_cache(machine: Path) -> None:
    install(machine, *programs.PROGRAMS[1:])
    found = programs.find(machine / "run")
    root = Path(found["ip"]).parents[1]
    assert (machine / "cache" / "slack-chatops-notifier") in root.parents
    assert {found[name] for name in programs.PROGRAMS} == {str(root / place) for place in ALL.split()}
    assert found.environment["LD_LIBRARY_PATH"] == str(root / "usr" / "lib" / "any-linux-gnu")
    assert programs.find(machine / "run") == found
    [call] = (machine / "calls").read_text().splitlines()
    assert call.endswith(" ".join(["install", *programs.PACKAGES]))


def test_fresh_ones_are_unpacked_whatever_there_is(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(machine, *programs.PROGRAMS)
    monkeypatch.setenv("LAB_FRESH_VPC", "1")
    assert (machine / "run") in Path(programs.find(machine / "run")["ip"]).parents
    assert not (machine / "cache").exists()


def test_without_network_the_error_says_what_to_do(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNPACKED", "")
    with pytest.raises(VpcMissingError, match=r"without ip, nft, .*E: no network\. .*apt install iproute2"):
        programs.find(machine / "run")


def test_a_package_that_lacks_its_program_is_named(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNPACKED", ALL.replace("usr/sbin/haproxy", ""))
    with pytest.raises(VpcMissingError, match=r"unpacked into .*cache.* has no haproxy\. Install"):
        programs.find(machine / "run")
