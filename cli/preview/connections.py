"""The databases and APIs that a command reads from: those of --db and --api, else those of the running demo.

They are read as the function reads them: with its adapters, its limits and its TLS settings, by SELECT and GET only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import unquote

import click

from cli import running
from cli.language import say

if TYPE_CHECKING:  # imported when the command runs: usage errors stay fast
    from handler.addresses import DatabaseAddress
    from handler.ports import Api, Database
    from handler.settings import Settings

PASSWORD: Final = "NOTIFIER_DB_PASSWORD"  # noqa: S105 - the name of the variable
_EXAMPLE: Final = "mysql://reader@replica.example.org/shop"
_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Databases:
    """The databases of --db: `addresses` by name, and `logins` (accounts as JSON) by the name of their secret."""

    addresses: Mapping[str, DatabaseAddress]
    logins: Mapping[str, str] = field(repr=False)

    @property
    def parameter(self) -> str:
        """Return the parameter Databases of a function that would read them."""
        return ", ".join(map(_entry, self.addresses.values()))

    def try_each(self) -> None:
        """Log in to each database. Raises click.ClickException, with what to do."""
        from cli import diagnoses
        from handler.errors import NotifierError

        with opened({"databases": self.addresses, "apis": {}}, GivenSecrets(self.logins)) as (database, _, names):
            for name in names:
                try:
                    database.select(name, "SELECT 1 AS one", {}, 1)
                except NotifierError as error:
                    raise click.ClickException(diagnoses.with_remedy(error)) from None


@dataclass(frozen=True, slots=True)
class Connections:
    """The open databases and APIs. `place` describes them for people; `names` are those of the databases."""

    database: Database
    api: Api
    place: str
    names: tuple[str, ...] = ("default",)


def options(command: _Command) -> _Command:
    """Add --db and --api to a command."""
    return database_options(_api_option(command))


def _api_option(command: _Command) -> _Command:
    return click.option(
        "--api",
        "apis",
        multiple=True,
        metavar="[NAME=]URI",
        envvar="NOTIFIER_API",
        help="An API, as the parameter Apis has it, such as http://localhost:8080 [NOTIFIER_API].",
    )(command)


def database_options(command: _Command) -> _Command:
    """Add --db to a command."""
    return click.option(
        "--db",
        "databases",
        multiple=True,
        metavar="[NAME=]URL",
        envvar="NOTIFIER_DB",
        help=f"A read replica, such as {_EXAMPLE};ca=rds.pem [NOTIFIER_DB]. The password comes from {PASSWORD}, or is "
        "asked for. Without it: what the demo that runs here reads from.",
    )(command)


@contextmanager
def connect(databases: Sequence[str], apis: Sequence[str]) -> Iterator[Connections]:
    """Yield the connections of the options, and close them at the end.

    Raises click.UsageError if an option is invalid, or if there are no options and no demo runs here.
    """
    if databases or apis:
        with opened(*_given(databases, apis)) as (database, api, names):
            yield Connections(database, api, ", ".join((*map(_without_password, databases), *apis)), names)
        return
    demo = running.chosen()
    if demo is None:
        raise click.UsageError(
            say("Name a database with --db {example}. {otherwise}", example=_EXAMPLE, otherwise=running.absent())
        )
    os.environ.update(demo.environment)
    with opened(*_deployed(demo.stack)) as (database, api, names):
        yield Connections(database, api, say("the replica of the demo"), names)


def read_databases(urls: Sequence[str]) -> Databases:
    """Return the databases of --db. Asks for passwords. Raises click.UsageError."""
    logins: dict[str, str] = {}
    return Databases(_read("--db", urls, partial(_database, logins), f"default={_EXAMPLE}"), logins)


def deployed_settings(stack_name: str | None) -> Settings:
    """Return the settings of a deployed function. Raises UnansweredError, ConfigError."""
    from cli.operations import stack
    from handler.discovery.paths import PATHS
    from handler.settings import Settings

    variables = stack.find(stack_name).configuration().get("Environment", {}).get("Variables", {})
    return Settings.from_environment(variables, PATHS)


@contextmanager
def opened(settings: Mapping[str, Any], secrets: Any) -> Iterator[tuple[Database, Api, tuple[str, ...]]]:
    """Yield the databases and APIs of a function's settings, and the names of the databases. Close them at the end."""
    from handler.adapters import tls
    from handler.adapters.database.replica import Replicas
    from handler.adapters.http.api import HttpApis
    from handler.discovery.names import CachedNames
    from handler.discovery.paths import DNS

    replicas = Replicas(settings["databases"], secrets, tls.context, CachedNames(DNS))
    try:
        yield replicas, HttpApis(settings["apis"], secrets, tls.context), tuple(settings["databases"])
    finally:
        replicas.close()


def _deployed(stack_name: str) -> tuple[dict[str, Any], Any]:
    from handler.adapters.state.secret_store import SecretStore

    settings = deployed_settings(stack_name)
    return {"databases": settings.databases, "apis": settings.apis}, SecretStore(settings.secrets)


def _given(databases: Sequence[str], apis: Sequence[str]) -> tuple[dict[str, Any], Any]:
    from handler.discovery.paths import PATHS
    from handler.settings import parse

    found = read_databases(databases)
    read = _read("--api", apis, partial(parse.api, PATHS), "default=http://localhost:8080")
    return {"databases": found.addresses, "apis": read}, GivenSecrets(found.logins)


def _read(option: str, texts: Sequence[str], read: Callable[..., Any], example: str) -> dict[str, Any]:
    """Parse entries in the format of the deployment's parameters. One without a name is `default`."""
    from handler.settings.lists import read_entries

    named = [text if _has_name(text) else f"default={text}" for text in texts]
    found, problems = read_entries(", ".join(named), read, example)
    if problems:
        right = f"{option} {example.partition('=')[2]}"
        raise click.UsageError(
            say("{option} {problems}. Write {right}", option=option, problems="; ".join(problems), right=right)
        )
    return found


def _entry(address: DatabaseAddress) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    options = {
        "ca": address.ca,
        "secret": address.secret,
        "auth": "iam" if address.iam_user else "",
        "user": address.iam_user,
        "tz": address.time_zone,
        "tls": "" if address.tls else "off",
    }
    written = "".join(f";{name}={value}" for name, value in options.items() if value)
    return f"{address.name}=mysql://{host}:{address.port}/{address.schema}{written}"


def _has_name(text: str) -> bool:
    before, equals, _ = text.partition("=")
    return bool(equals) and "://" not in before


def _database(logins: dict[str, str], name: str, uri: str, given: Mapping[str, str]) -> DatabaseAddress:
    """Parse a URL with an account. The account goes to `logins`, as the secret that the function would read."""
    from dataclasses import replace
    from pathlib import Path

    from handler.settings import parse

    scheme, _, rest = uri.partition("://")
    if scheme != "mysql":
        raise ValueError(say("begin with {scheme}", scheme="mysql://"))
    account, _, place = rest.rpartition("@")
    user, _, password = account.partition(":")
    if not user:
        raise ValueError(say("name the account: {right}", right=f"mysql://reader@{place or 'host/schema'}"))
    if password:
        _refuse_on_the_command_line()
    address = parse.database(name, f"mysql://{place}", given)
    logins[address.login_secret] = json.dumps(
        {"username": unquote(user), "password": unquote(password) or _password(user, name)}
    )
    return replace(address, ca=str(Path(address.ca).absolute())) if address.ca else address


def _refuse_on_the_command_line() -> None:
    context = click.get_current_context(silent=True)
    source = context.get_parameter_source("databases") if context else None
    if source is click.core.ParameterSource.COMMANDLINE:
        raise ValueError(
            say(
                "other users of this machine can read a password on the command line; set {variable}", variable=PASSWORD
            )
        )


def _password(user: str, name: str) -> str:
    if password := os.environ.get(PASSWORD):
        return password
    answer: str = click.prompt(
        say("Password of {user} ({database})", user=user, database=name), hide_input=True, err=True
    )
    return answer


def _without_password(text: str) -> str:
    place = text.rpartition("@")[2] if "@" in text else text
    return place.partition(";")[0]


class GivenSecrets:
    """The port Secrets over given secrets: the accounts of the options, or a token from the environment."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def get(self, name: str, *, fresh: bool = False) -> str:  # noqa: ARG002 - the port's
        """Return the secret. Raises ConfigError if it was not given, such as that of an API's header."""
        from handler.errors import ConfigError

        if name not in self._given:
            raise ConfigError("CONFIG_UNAVAILABLE", f"there is no secret {name} here")
        return self._given[name]
