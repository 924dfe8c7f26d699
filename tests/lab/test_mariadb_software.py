"""Which MariaDB server is taken, and how one is unpacked; with stand-ins for the server and for Debian's tools."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from lab.mariadb import MariadbMissingError, software

SERVER = "#!/bin/sh\necho 'mariadbd  Ver 10.11.99-MariaDB'\n"
OTHER_SERVER = "#!/bin/sh\necho 'mysqld  Ver 8.4.0 for Linux (MySQL Community Server - GPL)'\n"

# Knows the package only with the lists that it fetched itself, unless SYSTEM_LISTS=good; knows nothing if offline.
APT_GET = """#!/bin/sh
echo "$*" >> "$CALLS"
[ "$SYSTEM_LISTS" = offline ] && { echo 'E: first line' >&2; echo 'E: no network' >&2; exit 100; }
for word in "$@"; do
  case $word in -oDir::Cache=*) cache=${word#*=};; -oDir::State::lists=*) lists=${word#*=};; esac
done
case "$*" in *" update") exit 0;; esac
[ -d "$lists/partial" ] || [ "$SYSTEM_LISTS" = good ] || { echo 'E: Unable to locate package' >&2; exit 100; }
sleep 0.1
touch "$cache/archives/mariadb-server-core.deb" "$cache/archives/liburing2.deb"
"""
DPKG_DEB = """#!/bin/sh
[ "$1" = -x ] || exit 2
mkdir -p "$3/usr/sbin" "$3/usr/share/mysql" "$3/usr/lib/any-linux-gnu"
case $2 in *liburing2.deb) touch "$3/usr/lib/any-linux-gnu/liburing.so.2"; exit 0;; esac
touch "$3/usr/share/mysql/mysql_system_tables.sql"
printf '%s' "$SERVER" > "$3/usr/sbin/mariadbd"
chmod +x "$3/usr/sbin/mariadbd"
"""


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without MariaDB, with apt; its programs are in the folder `bin` of what is returned."""
    program(tmp_path / "bin" / "apt-get", APT_GET)
    program(tmp_path / "bin" / "dpkg-deb", DPKG_DEB)
    for variable in ("LAB_MARIADB", "LAB_FRESH_MARIADB"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("SYSTEM_LISTS", "good")
    monkeypatch.setenv("SERVER", SERVER)
    monkeypatch.setattr(software, "SERVER_FOLDERS", (str(tmp_path / "sbin"),))
    return tmp_path


def calls(machine: Path) -> list[str]:
    """The last words of each call of apt-get."""
    log = machine / "calls"
    return [line.split()[-1] for line in log.read_text().splitlines()] if log.exists() else []


def test_a_named_server_comes_first(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(machine / "bin" / "mariadbd", SERVER)
    named = program(machine / "mine" / "bin" / "mariadbd", SERVER)
    monkeypatch.setenv("LAB_MARIADB", str(named))
    assert software.find(machine / "run").program == named.resolve()


@pytest.mark.parametrize("text", [None, "#!/bin/sh\nexit 127\n", OTHER_SERVER])
def test_a_named_server_that_is_none_is_refused(
    machine: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    named = program(machine / "mine" / "mariadbd", text) if text else machine / "mine" / "mariadbd"
    monkeypatch.setenv("LAB_MARIADB", str(named))
    with pytest.raises(MariadbMissingError, match=r"LAB_MARIADB: .*mine/mariadbd is not a MariaDB.*Install MariaDB"):
        software.find(machine / "run")


@pytest.mark.parametrize("place", ["bin/mariadbd", "bin/mysqld", "sbin/mariadbd"])
def test_an_installed_server_is_taken(machine: Path, place: str) -> None:
    installed = program(machine / place, SERVER)
    assert software.find(machine / "run").program == installed.resolve()
    assert calls(machine) == []


def test_the_mysqld_of_mysql_is_passed_over(machine: Path) -> None:
    program(machine / "bin" / "mysqld", OTHER_SERVER)
    assert (machine / "cache") in software.find(machine / "run").program.parents


def test_a_server_is_unpacked_once_into_the_cache(machine: Path) -> None:
    found = software.find(machine / "run")
    assert (machine / "cache" / "slack-chatops-notifier") in found.program.parents
    assert found.environment["LD_LIBRARY_PATH"].split(":")[0] == str(found.base / "lib" / "any-linux-gnu")
    assert found.share == found.base / "share" / "mysql"
    assert software.find(machine / "run") == found
    assert calls(machine) == ["mariadb-server-core"]
    assert not (machine / "run").exists()


def test_lists_are_fetched_where_the_system_has_none(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYSTEM_LISTS", "missing")
    software.find(machine / "run")
    assert calls(machine) == ["mariadb-server-core", "update", "mariadb-server-core"]


def test_a_fresh_server_is_unpacked_whatever_there_is(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(machine / "bin" / "mariadbd", SERVER)
    monkeypatch.setenv("LAB_MARIADB", "/nonexistent")
    monkeypatch.setenv("LAB_FRESH_MARIADB", "1")
    assert (machine / "run") in software.find(machine / "run").program.parents
    assert not (machine / "cache").exists()


def test_what_an_interrupted_run_left_is_replaced(machine: Path) -> None:
    first = software.find(machine / "run")
    folder = first.base.parents[1]
    first.base.parent.rename(folder / "unfinished")
    assert software.find(machine / "run") == first
    assert {path.name for path in folder.iterdir()} == {"root", "lock"}


def test_two_at_once_unpack_once(machine: Path) -> None:
    found: list[software.Software] = []
    runs = [threading.Thread(target=lambda: found.append(software.find(machine / "run"))) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(found) == 4
    assert len({each.program for each in found}) == 1
    assert calls(machine) == ["mariadb-server-core"]


def test_without_network_the_error_says_what_to_do(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYSTEM_LISTS", "offline")
    with pytest.raises(MariadbMissingError, match=r"apt-get: E: no network\. Install MariaDB .*LAB_MARIADB="):
        software.find(machine / "run")


def test_without_apt_the_error_says_what_to_do(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(machine / "nothing"))
    with pytest.raises(MariadbMissingError, match=r"this system has no apt-get\. Install MariaDB"):
        software.find(machine / "run")


def test_an_unpacked_server_that_does_not_run_is_named(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER", "#!/bin/sh\necho 'libnuma.so.1: cannot open shared object file' >&2; exit 127\n")
    with pytest.raises(MariadbMissingError, match=r"unpacked into .*cache.*libnuma.so.1: cannot open.*Install MariaDB"):
        software.find(machine / "run")
