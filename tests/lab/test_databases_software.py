"""Which database server is taken, and how one is unpacked; with stand-ins for the server and for Debian's tools."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from lab.databases import MARIADB, MYSQL, PRODUCTS, DatabaseMissingError, Product, software

SAYS = {
    "mariadb": "#!/bin/sh\necho 'mariadbd  Ver 10.11.99-MariaDB'\n",
    "mysql": "#!/bin/sh\necho 'mysqld  Ver 8.4.0 for Linux (MySQL Community Server - GPL)'\n",
}
OTHER = {"mariadb": SAYS["mysql"], "mysql": SAYS["mariadb"]}

# Knows one source. Knows the package only with the lists that it fetched itself, unless SYSTEM_LISTS=good; nothing if
# that is offline.
APT_GET = """#!/bin/sh
echo "$*" >> "$CALLS"
[ "$SYSTEM_LISTS" = offline ] && { echo 'E: first line' >&2; echo 'E: no network' >&2; exit 100; }
for word in "$@"; do
  case $word in -oDir::Cache=*) cache=${word#*=};; -oDir::State::lists=*) lists=${word#*=};; esac
done
case "$*" in *" update") exit 0;; indextargets*) echo http://deb.example/debian/; exit 0;; esac
case "$*" in *sourcelist=*) cat "$cache/source.list" >> "$SOURCES";; esac
[ -d "$lists/partial" ] || [ "$SYSTEM_LISTS" = good ] || { echo 'E: Unable to locate package' >&2; exit 100; }
sleep 0.1
touch "$cache/archives/server-core.deb" "$cache/archives/liburing2.deb"
[ -z "$LOADER" ] || touch "$cache/archives/libc6.deb"
"""
DPKG_DEB = """#!/bin/sh
[ "$1" = -x ] || exit 2
mkdir -p "$3/usr/sbin" "$3/usr/share/mysql" "$3/usr/lib/any-linux-gnu"
case $2 in *libc6.deb) mkdir "$3/usr/lib64"; cp "$LOADER" "$3/usr/lib64/ld-linux-any.so.2"; exit 0;; esac
case $2 in *liburing2.deb) touch "$3/usr/lib/any-linux-gnu/liburing.so.2"; exit 0;; esac
touch "$3/usr/share/mysql/mysql_system_tables.sql"
printf '%s' "$SERVER" > "$3/usr/sbin/$PROGRAM"
chmod +x "$3/usr/sbin/$PROGRAM"
"""


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture(params=PRODUCTS.values(), ids=lambda product: product.name)
def product(request: pytest.FixtureRequest) -> Product:
    found: Product = request.param
    return found


@pytest.fixture
def machine(product: Product, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a database, with apt; its programs are in the folder `bin` of what is returned."""
    program(tmp_path / "bin" / "apt-get", APT_GET)
    program(tmp_path / "bin" / "dpkg-deb", DPKG_DEB)
    for name in ("MARIADB", "MYSQL"):
        monkeypatch.delenv(f"LAB_{name}", raising=False)
        monkeypatch.delenv(f"LAB_FRESH_{name}", raising=False)
    monkeypatch.setattr(software, "_is_debian", lambda: False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("SYSTEM_LISTS", "good")
    monkeypatch.setenv("SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("SERVER", SAYS[product.name])
    monkeypatch.setenv("PROGRAM", product.programs[0])
    monkeypatch.setenv("LOADER", "")
    monkeypatch.setattr(software, "SERVER_FOLDERS", (str(tmp_path / "sbin"),))
    return tmp_path


def calls(machine: Path) -> list[str]:
    """The last words of each call of apt-get."""
    log = machine / "calls"
    return [line.split()[-1] for line in log.read_text().splitlines()] if log.exists() else []


def named(product: Product, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setenv(f"LAB_{product.name.upper()}", str(path))


def test_a_named_server_comes_first(product: Product, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(machine / "bin" / product.programs[0], SAYS[product.name])
    mine = program(machine / "mine" / "bin" / product.programs[0], SAYS[product.name])
    named(product, monkeypatch, mine)
    assert software.find(product, machine / "run").program == mine.resolve()


@pytest.mark.parametrize("is_there", ["nothing", "broken", "the other product"])
def test_a_named_server_that_is_none_is_refused(
    product: Product, machine: Path, monkeypatch: pytest.MonkeyPatch, is_there: str
) -> None:
    mine = machine / "mine" / "server"
    if is_there != "nothing":
        program(mine, "#!/bin/sh\nexit 127\n" if is_there == "broken" else OTHER[product.name])
    named(product, monkeypatch, mine)
    expected = rf"LAB_{product.name.upper()}: .*mine/server is not a {product.title} .*Install {product.title}"
    with pytest.raises(DatabaseMissingError, match=expected):
        software.find(product, machine / "run")


@pytest.mark.parametrize("place", ["bin", "sbin"])
def test_an_installed_server_is_taken(product: Product, machine: Path, place: str) -> None:
    for name in product.programs:
        installed = program(machine / place / name, SAYS[product.name])
        assert software.find(product, machine / "run").program == installed.resolve()
        installed.unlink()
    assert calls(machine) == []


def test_the_mysqld_of_the_other_product_is_passed_over(product: Product, machine: Path) -> None:
    program(machine / "bin" / "mysqld", OTHER[product.name])
    assert (machine / "cache") in software.find(product, machine / "run").program.parents


def test_a_server_is_unpacked_once_into_the_cache(product: Product, machine: Path) -> None:
    found = software.find(product, machine / "run")
    assert (machine / "cache" / "slack-chatops-notifier") in found.program.parents
    assert found.environment["LD_LIBRARY_PATH"].split(":")[0] == str(found.base / "lib" / "any-linux-gnu")
    assert found.share == found.base / "share" / "mysql"
    assert software.find(product, machine / "run") == found
    assert calls(machine) == [product.package]
    assert not (machine / "run").exists()


def test_on_debian_mysql_comes_from_another_suite_with_its_loader(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loader runs the program and says what it was told."""
    loader = program(machine / "loader", "#!/bin/sh\n[ $1 = --library-path ] && echo Ver 9.9 by the loader\n")
    monkeypatch.setattr(software, "_is_debian", lambda: True)
    monkeypatch.setenv("LOADER", str(loader))
    monkeypatch.setenv("PROGRAM", "mysqld")
    found = software.find(MYSQL, machine / "run")
    assert "[" not in (source := (machine / "sources").read_text().splitlines()[-1]) or "signed-by=" in source
    assert source.endswith("http://deb.example/debian/ sid main")
    assert found.start[:2] == [str(found.base / "lib64/ld-linux-any.so.2"), "--library-path"]
    assert found.start[2:] == [str(found.base / "lib/any-linux-gnu"), str(found.program), "--no-defaults"]
    assert "LD_LIBRARY_PATH" not in found.environment
    assert software.version(found) == "Ver 9.9 by the loader"


def test_lists_are_fetched_where_the_system_has_none(
    product: Product, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYSTEM_LISTS", "missing")
    software.find(product, machine / "run")
    assert calls(machine) == [product.package, "update", product.package]


def test_a_fresh_server_is_unpacked_whatever_there_is(
    product: Product, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(machine / "bin" / product.programs[0], SAYS[product.name])
    named(product, monkeypatch, Path("/nonexistent"))
    monkeypatch.setenv(f"LAB_FRESH_{product.name.upper()}", "1")
    assert (machine / "run") in software.find(product, machine / "run").program.parents
    assert not (machine / "cache").exists()


def test_what_an_interrupted_run_left_is_replaced(product: Product, machine: Path) -> None:
    first = software.find(product, machine / "run")
    folder = first.base.parents[1]
    first.base.parent.rename(folder / "unfinished")
    assert software.find(product, machine / "run") == first
    assert {path.name for path in folder.iterdir()} == {"root", "lock"}


def test_two_at_once_unpack_once(product: Product, machine: Path) -> None:
    found: list[Path] = []
    find = software.find
    runs = [threading.Thread(target=lambda: found.append(find(product, machine / "run").program)) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert calls(machine) == [product.package]


def test_without_network_the_error_says_what_to_do(
    product: Product, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYSTEM_LISTS", "offline")
    expected = (
        rf"no {product.title} server .*apt-get: E: no network\. Install {product.title} .*LAB_{product.name.upper()}="
    )
    with pytest.raises(DatabaseMissingError, match=expected):
        software.find(product, machine / "run")


def test_without_apt_the_error_says_what_to_do(
    product: Product, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(machine / "nothing"))
    with pytest.raises(DatabaseMissingError, match=rf"this system has no apt-get\. Install {product.title}"):
        software.find(product, machine / "run")


def test_an_unpacked_server_that_does_not_run_is_named(
    product: Product, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVER", "#!/bin/sh\necho 'libnuma.so.1: cannot open shared object file' >&2; exit 127\n")
    expected = rf"unpacked into .*cache.*libnuma.so.1: cannot open.*Install {product.title}"
    with pytest.raises(DatabaseMissingError, match=expected):
        software.find(product, machine / "run")


def test_each_product_is_told_from_the_other_by_what_it_says() -> None:
    for product in (MARIADB, MYSQL):
        says = [name for name, text in SAYS.items() if re.search(product.version, text.partition("'")[2])]
        assert says == [product.name]
