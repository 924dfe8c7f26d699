"""Where the tables come from that the function of a local cloud reads: a shop, a dump, or a running database."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lab import shop
from lab.databases import Pair, Product, dump, replicated_pair
from lab.shop import application
from lab.tls import Authority

# Shows that something is under way, for as long as its block takes; what it yields is told how far that is.
Step = Callable[[str], AbstractContextManager[Callable[[str], object]]]


def silently(_: str) -> AbstractContextManager[Callable[[str], object]]:
    """A Step that shows nothing."""
    return nullcontext(lambda _: None)


@dataclass(frozen=True, slots=True)
class Tables:
    """What the function is told of its tables: the parameter `databases`, and the logins by the names of their secrets.

    `pair` are the servers, where the cloud has its own. `shop_login` is an option file with which MySQL's and MariaDB's
    clients write to the sample shop, as its application does; None where there is no shop.
    """

    databases: str
    logins: Mapping[str, str] = field(repr=False)
    pair: Pair | None = None
    shop_login: Path | None = None


# Takes the cloud's folder, its authority, what shows the progress, and the kind of database.
Source = Callable[[Path, Authority, Step, Product], AbstractContextManager[Tables]]


@contextmanager
def sample_shop(folder: Path, authority: Authority, step: Step, product: Product) -> Iterator[Tables]:
    """Run a primary and its read replica with the sample shop."""
    with _pair(folder, authority, step, product) as pair:
        with step("Filling the sample shop"):
            shop.load(pair.primary)
            login = folder / "application.cnf"
            application.create_account(pair.primary, secrets.token_urlsafe(24), pair.ca, login)
            pair.wait_for_replica()
        yield _of(pair, login)


def of_dump(file: Path) -> Source:
    """Run a primary and its read replica with the tables of a dump. Raises DumpError."""
    return partial(_dumped, file)


def of_databases(databases: str, logins: Mapping[str, str]) -> Source:
    """Read databases that run already, as the parameter Databases names them."""
    return lambda *_: nullcontext(Tables(databases, logins))


@contextmanager
def _dumped(file: Path, folder: Path, authority: Authority, step: Step, product: Product) -> Iterator[Tables]:
    with _pair(folder, authority, step, product) as pair:
        with step(f"Loading {file}") as tell:
            dump.load(file, pair.primary, shop.SCHEMA, tell, pair.wait_for_replica)
            pair.wait_for_replica()
        yield _of(pair)


@contextmanager
def _pair(folder: Path, authority: Authority, step: Step, product: Product) -> Iterator[Pair]:
    with ExitStack() as running:
        with step(f"Starting {product.title}, a primary and its read replica"):
            pair = running.enter_context(replicated_pair(folder / "database", authority, product))
        yield pair


def _of(pair: Pair, shop_login: Path | None = None) -> Tables:
    databases = f"default=mysql://localhost:{pair.replica.port}/{shop.SCHEMA};ca={pair.ca}"
    login = json.dumps({"username": pair.reader.user, "password": pair.reader.password})
    return Tables(databases, {"databases/default": login}, pair, shop_login)
