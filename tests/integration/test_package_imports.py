"""What was left out of the package is missed by nothing that the function can import, at its start or later."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path

import dns.message
import dns.rrset
import pytest

from tests.integration.test_artefact import run

# What dependencies import only on other systems, with other packages, or when they are asked for what nobody asks for.
ELSEWHERE = {
    "aws_lambda_powertools.event_handler.openapi.compat",  # with pydantic
    "botocore.customizations.useragent",  # of the AWS CLI
    "cronsim.explain",  # for CronSim.explain()
    "dateutil.zoneinfo",  # where a machine has no time zones
    *(f"dns.quic.{part}" for part in ("_asyncio", "_common", "_sync", "_trio")),  # with aioquic
    "urllib3.contrib.emscripten",  # in a browser
    "urllib3.contrib.pyopenssl",  # with pyOpenSSL
    "urllib3.util.ssl_.DEFAULT_CIPHERS",  # with an older urllib3
}
MADE_UP = {"__doc__", "__name__", "six.moves"}
# dnspython imports a module of this folder for each kind of record that it meets.
MET_LATER = "dns.rdtypes."


class Package:
    """The modules of a package, and what each of them imports anywhere in its source."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def sources(self) -> dict[str, Path]:
        """The modules by their names."""
        paths = [path.relative_to(self._folder) for path in self._folder.rglob("*.py")]
        return {".".join(path.with_suffix("").parts).removesuffix(".__init__"): self._folder / path for path in paths}

    @cached_property
    def compiled(self) -> set[str]:
        paths = [path.relative_to(self._folder) for path in self._folder.rglob("*.so")]
        return {".".join((*path.parts[:-1], path.name.partition(".")[0])) for path in paths}

    def imports(self, module: str) -> Iterator[tuple[str, str]]:
        """Each module that a module imports, and the name from it, which may be empty or a module's."""
        source = self.sources[module]
        within = module if source.name == "__init__.py" else module.rpartition(".")[0]
        for node in _running(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((alias.name, "") for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                above = within.split(".")[: len(within.split(".")) - node.level + 1] if node.level else []
                base = ".".join([*above, *([node.module] if node.module else [])])
                yield from ((base, alias.name) for alias in node.names)

    @cache  # noqa: B019 - it lives as long as its test
    def names(self, module: str) -> set[str]:
        """The names that a module has of its own, besides those of its folder; `*` if it may have any."""
        found: set[str] = set()
        for node in ast.walk(ast.parse(self.sources[module].read_text("utf-8"))):
            match node:
                case ast.Name(name, ast.Store()):
                    found.add(name)
                case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
                    found.add("*" if name == "__getattr__" else name)
                case ast.Import() | ast.ImportFrom():
                    found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        return found

    def missing(self, roots: set[str]) -> set[str]:
        """All that is imported by these modules, by what they import, and so on, and that is not in the package."""
        mine = {name.partition(".")[0] for name in self.sources}
        seen: set[str] = set()
        missing: set[str] = set()
        ahead = set(roots)
        while ahead:
            module = ahead.pop()
            seen.add(module)
            for base, name in self.imports(module):
                if base.partition(".")[0] in mine and not {base, name} & MADE_UP:
                    ahead |= {part for part in _ladder(f"{base}.{name}") if part in self.sources} - seen
                    missing |= self._missing(base, name)
        return missing

    def _missing(self, base: str, name: str) -> set[str]:
        there = self.sources.keys() | self.compiled
        if base not in there:
            return {base}
        known = not name or name == "*" or base in self.compiled or f"{base}.{name}" in there
        return set() if known or self.names(base) & {name, "*"} else {f"{base}.{name}"}


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """All of a module but what is for type checkers alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).rpartition(".")[2] == "TYPE_CHECKING":
            yield from (part for other in node.orelse for part in (other, *_running(other)))
        else:
            yield node
            yield from _running(node)


def _ladder(name: str) -> Iterator[str]:
    """A module's name, and those of the packages that it is in."""
    while name := name.rstrip("."):
        yield name
        name = name.rpartition(".")[0]


def test_all_that_the_function_can_reach_is_in_the_package(artefact: Path) -> None:
    package = Package(artefact)
    roots = {name for name in package.sources if f"{name}.".startswith(("handler.", MET_LATER))}
    assert package.missing(roots) == ELSEWHERE


EVERY_IMPORT = """
import ast, importlib, pathlib, handler
folder = pathlib.Path(handler.__file__).parent
sources = sorted(folder.rglob("*.py"))
for source in sources:
    importlib.import_module(".".join(source.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__"))
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            exec(compile(ast.Module([node], []), source, "exec"), {})
print(len(sources))
"""


def test_every_import_of_the_function_works_also_those_within_functions(artefact: Path) -> None:
    assert int(run(artefact, EVERY_IMPORT).stdout) == len(list((artefact / "handler").rglob("*.py")))


EVERY_ZONE = """
import zoneinfo
zoneinfo.reset_tzpath(to=[])
names = zoneinfo.available_timezones()
print(*sorted(str(zoneinfo.ZoneInfo(name)) for name in names))
"""


def test_every_time_zone_is_in_the_package(artefact: Path) -> None:
    zones = set(run(artefact, EVERY_ZONE).stdout.split())
    assert zones == set((artefact / "tzdata/zones").read_text().split())
    assert {"Asia/Tokyo", "Europe/Berlin", "UTC"} <= zones


READ_DNS = """
import sys, dns.message
message = dns.message.from_wire(bytes.fromhex(sys.argv[1]))
chain = message.resolve_chaining()
records = [record for record in chain.answer or ()]
print(chain.canonical_name, chain.minimum_ttl, message.edns, [type(record).__name__ for record in records])
print([getattr(record, "address", None) or f"{record.target}:{record.port}" for record in records])
print([(one.name.to_text(), one.ttl, int(one.rdtype)) for part in message.sections for one in part])
"""
SOA = "example. 60 IN SOA ns.example. admin.example. 1 2 3 4 5"
# What is asked for, and the records of the answer, of the authority, and additional ones.
ANSWERS = {
    "an address": ("api.example. IN A", ["api.example. 30 IN A 192.0.2.1", "api.example. 30 IN A 192.0.2.2"], [], []),
    "an address by names": (
        "api.example. IN AAAA",
        ["api.example. 30 IN CNAME b.example.", "b.example. 9 IN CNAME c.example.", "c.example. 60 IN AAAA ::1"],
        ["example. 60 IN NS ns.example."],
        ["ns.example. 60 IN A 192.0.2.3"],
    ),
    "a moved zone": (
        "api.old. IN A",
        ["old. 30 IN DNAME example.", "api.old. 30 IN CNAME api.example.", "api.example. 5 IN A 192.0.2.1"],
        [],
        [],
    ),
    "services": (
        "_api._tcp.example. IN SRV",
        ["_api._tcp.example. 30 IN SRV 1 2 8080 a.example."],
        [],
        ["a.example. 30 IN A 192.0.2.1"],
    ),
    "nothing": ("api.example. IN A", [], [SOA], []),
    "types that nobody asked for": (
        "api.example. IN A",
        ["api.example. 30 IN A 192.0.2.1", "api.example. 30 IN RRSIG A 8 2 30 20260101000000 20250101000000 1 x. AA=="],
        ["example. 60 IN NS ns.example.", f"example. 60 IN DS 1 8 1 {20 * '00'}"],
        ["example. 60 IN MX 10 mail.example.", "example. 60 IN TXT text"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_the_dns_is_read_as_by_the_whole_of_dnspython(artefact: Path, name: str) -> None:
    question, *sections = ANSWERS[name]
    asked, _, kind = question.split()
    answer = dns.message.make_response(dns.message.make_query(asked, kind, use_edns=0))
    for section, lines in zip((answer.answer, answer.authority, answer.additional), sections, strict=True):
        section.extend(_record(line) for line in lines)
    wire = answer.to_wire().hex()
    whole = subprocess.run([sys.executable, "-c", READ_DNS, wire], capture_output=True, text=True, check=True)
    assert run(artefact, READ_DNS, wire).stdout == whole.stdout
    assert f"'{kind}'" in whole.stdout or not sections[0]


def _record(line: str) -> dns.rrset.RRset:
    name, ttl, *rest = line.split(" ", 4)
    return dns.rrset.from_text(name, int(ttl), *rest)
