"""Loads a dump of mysqldump or mariadb-dump into a schema: its tables, their rows, and its views.

Everything else in a dump is left out: the database's name, accounts, triggers, routines, and replication positions.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pymysql

from cli.language import later, say
from lab.databases.mariadb import MARIADB
from lab.databases.mysql import MYSQL
from lab.databases.product import Product
from lab.databases.server import Server

PRODUCTS: Final = (MARIADB, MYSQL)
MEGABYTE: Final = 1 << 20
# The loader waits for the replica after each block of this size, and then reports the progress.
SHARE: Final = 8 * MEGABYTE

# Tokens that are no statement text, or may contain a delimiter: strings, names, comments; and the delimiter itself.
_TOKENS: Final = (
    rb"'[^'\\]*+(?>(?:(?:\\.|'')[^'\\]*+)*)'"
    rb'|"[^"\\]*+(?>(?:(?:\\.|"")[^"\\]*+)*)"'
    rb"|`[^`]*+`"
    rb"|--(?=\s)[^\n]*+|#[^\n]*+|/\*.*?\*/"
    rb"|^[ \t]*DELIMITER[ \t]+(?P<next>\S+)[^\n]*+"
    rb"|(?P<end>%s)"
)
_FLAGS: Final = re.DOTALL | re.MULTILINE | re.IGNORECASE
# White space and comments before a statement. MySQL executes a `/*!` comment, unless its version number is too high.
_BEFORE: Final = re.compile(rb"(?>(?:\s|--(?=\s)[^\n]*+|#[^\n]*+|/\*(?:!999999|(?!!|M!)).*?\*/)*)", re.DOTALL)
_MARKS: Final = re.compile(rb"/\*M?![0-9]*|\*/")
_DEFINER: Final = re.compile(rb"DEFINER\s*=\s*(?:`[^`]*`|'[^']*'|\w+)\s*@\s*(?:`[^`]*`|'[^']*'|[\w.%]+)", re.IGNORECASE)
_USE: Final = re.compile(rb"\s*USE\s+`?(?P<name>[^`;\s]+)", re.IGNORECASE)
_LEFT_OUT: Final = re.compile(
    rb"\s*(?:(?:CREATE|DROP|ALTER)\s+(?:DATABASE|SCHEMA|USER|ROLE)|GRANT|REVOKE|FLUSH|USE|LOCK|UNLOCK|CHANGE"
    rb"|(?:START|STOP)\s+(?:SLAVE|REPLICA|GROUP_REPLICATION)|SET\s+(?:@@)?GLOBAL|SET\s[^;]*(?:SQL_LOG_BIN|GTID_\w+)"
    rb"|(?:CREATE|DROP)\s+(?:OR\s+REPLACE\s+)?(?:AGGREGATE\s+)?(?:TRIGGER|PROCEDURE|FUNCTION|EVENT|PACKAGE))\b",
    re.IGNORECASE,
)
_HEAD: Final = re.compile(rb"\s*(\w+(?:\s+(?:TABLE|INTO|VIEW|IF|NOT|EXISTS))*(?:\s+`[^`\n]{1,64}`)?)", re.IGNORECASE)
# The number of bytes that is enough to tell what a statement does; an INSERT has megabytes.
_BEGINNING: Final = 2_000
_AT_LINE: Final = re.compile(r" at line (\d+)\Z")
_OTHER_FILES: Final = {
    b"\x1f\x8b": later("it is packed: unpack it first (gunzip)"),
    b"PK\x03\x04": later("it is packed: unpack it first (unzip)"),
    b"BZh": later("it is packed: unpack it first (bunzip2)"),
    b"\xfd7zXZ": later("it is packed: unpack it first (unxz)"),
    b"\x28\xb5\x2f\xfd": later("it is packed: unpack it first (unzstd)"),
    b"\xff\xfe": later("it is UTF-16, as PowerShell's > writes: dump it again with --result-file=FILE"),
    b"\xfe\xff": later("it is UTF-16: write it again as UTF-8"),
    b"PGDMP": later("it is a dump of PostgreSQL"),
    b"SQLite": later("it is a database of SQLite, not a dump of MySQL or MariaDB"),
}
# The prefixes of collations that only one of the products has.
_OWN_COLLATIONS: Final = {b"utf8mb4_0900_": MYSQL, b"utf8mb4_uca1400_": MARIADB}
_UTF8_MARK: Final = b"\xef\xbb\xbf"
# Server error numbers, the same in MySQL and MariaDB. The error texts may quote values.
_MEANINGS: Final = {
    1007: later("the database is there already"),
    1044: later("it belongs to another database"),
    1049: later("it belongs to another database"),
    1050: later("the table is there already"),
    1054: later("there is no such column"),
    1062: later("a unique key occurs twice"),
    1064: later("{title} does not understand this"),
    1115: later("{title} does not know this character set"),
    1146: later("there is no such table (yet)"),
    1153: later("the statement is larger than 16 MB: dump with --net-buffer-length=1M"),
    1215: later("a foreign key has no table to refer to"),
    1273: later("{title} does not know this collation: load it with --database {other}"),
    1366: later("a value does not fit into its column"),
    1406: later("a value is too long for its column"),
    4161: later("{title} does not know this type of a column"),
}


class DumpError(RuntimeError):
    """A dump cannot be loaded. The message says where and why, and contains no row values."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement without its delimiter, its first `line`, and the offset in the file at which it ends, in bytes."""

    text: bytes
    line: int
    end: int

    @property
    def beginning(self) -> bytes:
        """Its first words, without version comments and without the definer."""
        return _DEFINER.sub(b"", _MARKS.sub(b" ", self.text[:_BEGINNING]))

    @property
    def head(self) -> str:
        """A short description for messages: of an INSERT only the table's name."""
        found = _HEAD.match(self.beginning)
        return " ".join(found[1].decode("utf-8", "replace").split()) if found else "a statement"


def statements(dump: bytes | mmap.mmap) -> Iterator[Statement]:
    """Yield the statements of a dump, without the comments before them."""
    start, line = len(_UTF8_MARK) if dump[:3] == _UTF8_MARK else 0, 1
    delimiter = b";"
    while delimiter:
        pattern, delimiter = re.compile(_TOKENS % re.escape(delimiter), _FLAGS), b""
        for token in pattern.finditer(dump, start):
            if token["next"] is None and token["end"] is None:
                continue
            part = dump[start : token.start()]
            yield from _statement(part, line, token.end())
            line += part.count(b"\n") + token[0].count(b"\n")
            start = token.end()
            if token["next"] is not None:
                delimiter = token["next"]
                break
    yield from _statement(dump[start:], line, len(dump))


def _statement(part: bytes, line: int, end: int) -> Iterator[Statement]:
    before = _BEFORE.match(part)
    size = before.end() if before else 0
    if size < len(part):
        yield Statement(part[size:].rstrip(), line + part.count(b"\n", 0, size), end)


def load(file: Path, primary: Server, schema: str, tell: Callable[[str], object], share: Callable[[], None]) -> int:
    """Run the statements of a dump in a schema. Return the number of tables and views. Raises DumpError.

    `tell` is called with the progress, and `share` now and then, so that a replica can catch up.
    """
    with _opened(file) as dump, primary.connect(schema) as connection:
        _run(connection, b"SET FOREIGN_KEY_CHECKS = 0")
        shared, used = 0, b""
        for one in statements(dump):
            if (use := _USE.match(one.beginning)) and use["name"] != (used or use["name"]):
                raise _at(file, one.line, say("a second database begins. Dump one: mysqldump NAME > FILE"))
            used = use["name"] if use else used
            if not _LEFT_OUT.match(one.beginning):
                _execute(connection, one, file, primary)
            if one.end - shared > SHARE:
                tell(say("{done} of {all} MB", done=one.end // MEGABYTE, all=len(dump) // MEGABYTE))
                share()
                shared = one.end
    [(count,)] = primary.query("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = %s", schema)
    if not count:
        raise DumpError(f"{file}: {say('there is no table in it')}")
    return int(count)


def product_of(file: Path) -> Product:
    """Return the product that has the dump's collations; MariaDB if both have them. Raises DumpError."""
    with _opened(file) as dump:
        return next((product for name, product in _OWN_COLLATIONS.items() if dump.find(name) >= 0), MARIADB)


@contextmanager
def _opened(file: Path) -> Iterator[mmap.mmap]:
    try:
        with file.open("rb") as opened:
            begins = opened.read(16)
            if why := next((why for mark, why in _OTHER_FILES.items() if begins.startswith(mark)), ""):
                raise DumpError(f"{file}: {say(why)}")
            if not begins:
                raise DumpError(f"{file}: {say('it is empty')}")
            # Not closed here: an unfinished search still uses it.
            yield mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise DumpError(f"{file}: {error.strerror or type(error).__name__}") from None


def _execute(connection: pymysql.Connection[Any], one: Statement, file: Path, server: Server) -> None:
    is_rows = one.beginning.lstrip()[:6].upper() in (b"INSERT", b"REPLAC")
    try:
        _run(connection, one.text if is_rows else _DEFINER.sub(b"", one.text, count=1))
    except pymysql.MySQLError as error:
        number, text = (*error.args, "", "")[:2]
        at = _AT_LINE.search(str(text))
        line = one.line + (int(at[1]) - 1 if at else 0)
        others = [product.name for product in PRODUCTS if product is not server.product]
        sentence = _MEANINGS.get(number, later("the database refused it"))
        meaning = say(sentence, title=server.product.title, other=others[0])
        raise _at(
            file, line, say("{head}: {meaning} (error {number})", head=one.head, meaning=meaning, number=number)
        ) from None


def _at(file: Path, line: int, problem: str) -> DumpError:
    return DumpError(say("{file}, line {line}: {problem}", file=file, line=line, problem=problem))


def _run(connection: pymysql.Connection[Any], sql: bytes) -> None:
    """Run a statement as raw bytes: the dump's own SET NAMES declares their character set."""
    connection.query(sql)
