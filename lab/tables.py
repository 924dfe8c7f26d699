"""The sources of the tables that a local cloud's function reads: the sample shop, a dump, or a running database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cli.language import say
from lab import application, shop
from lab.databases import Pair, Product, dump, replicated_pair
from lab.tls import Authority

# Shows a step as long as its block runs, and yields a function that takes its progress.
Step = Callable[[str], AbstractContextManager[Callable[[str], object]]]


def silently(_: str) -> AbstractContextManager[Callable[[str], object]]:
    """A Step that shows nothing."""
    return nullcontext(lambda _: None)


@dataclass(frozen=True, slots=True)
class Tables:
    """The function's settings for its tables: the parameter `databases`, and the logins by name of their secrets.

    `pair` are the servers, if the cloud has its own, and `login` an option file with which MySQL's and MariaDB's
    clients write to the tables, as an application does. `is_shop` says whether the tables are the sample shop's.
    """

    databases: str
    logins: Mapping[str, str] = field(repr=False)
    pair: Pair | None = None
    login: Path | None = None
    is_shop: bool = False


# Takes the cloud's folder, its authority, the progress display, and the kind of database.
Source = Callable[[Path, Authority, Step, Product], AbstractContextManager[Tables]]


@contextmanager
def sample_shop(folder: Path, authority: Authority, step: Step, product: Product) -> Iterator[Tables]:
    """Run a primary and its read replica with the sample shop."""
    with _pair(folder, authority, step, product) as pair:
        with step(say("Filling the sample shop")):
            shop.load(pair.primary)
            tables = _of(pair, folder, is_shop=True)
        yield tables


def of_dump(file: Path) -> Source:
    """Run a primary and its read replica with the tables of a dump. Raises DumpError."""
    return partial(_dumped, file)


def of_databases(databases: str, logins: Mapping[str, str]) -> Source:
    """Read databases that already run, given as the parameter Databases."""
    return lambda *_: nullcontext(Tables(databases, logins))


@contextmanager
def _dumped(file: Path, folder: Path, authority: Authority, step: Step, product: Product) -> Iterator[Tables]:
    with _pair(folder, authority, step, product) as pair:
        with step(say("Loading {file}", file=file)) as tell:
            dump.load(file, pair.primary, shop.SCHEMA, tell, pair.wait_for_replica)
            tables = _of(pair, folder, is_shop=False)
        yield tables


@contextmanager
def _pair(folder: Path, authority: Authority, step: Step, product: Product) -> Iterator[Pair]:
    with ExitStack() as running:
        with step(say("Starting {title}, a primary and its read replica", title=product.title)):
            pair = running.enter_context(replicated_pair(folder / "database", authority, product))
        yield pair


def _of(pair: Pair, folder: Path, *, is_shop: bool) -> Tables:
    """Return the settings for the function and the application, once the replica has the tables."""
    login = folder / "application.cnf"
    application.create_account(pair, login)
    pair.wait_for_replica()
    databases = f"default=mysql://localhost:{pair.replica.port}/{shop.SCHEMA};ca={pair.ca}"
    reader = json.dumps({"username": pair.reader.user, "password": pair.reader.password})
    return Tables(databases, {"databases/default": reader}, pair, login, is_shop)
