"""The deployment's settings. The only reader of the environment; reports every mistake at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeVar, get_args
from urllib.parse import SplitResult, urlsplit

from handler.discovery.model import ApiAddress
from handler.discovery.uri import COMMON_OPTIONS, Uri
from handler.discovery.uri import Path as ApiPath
from handler.errors import ConfigError
from handler.model import DatabaseAddress

SecretsStore = Literal["secretsmanager", "ssm"]
SlackMode = Literal["bot", "webhook"]
UnknownType = Literal["park", "ignore"]

PACKAGE: Final = Path(__file__).resolve().parent.parent
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*")
# A plain address: no user, no query, no fragment, and no character that two readers could read in two ways.
_HOST: Final = r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?"
_DATABASE: Final = re.compile(rf"mysql://{_HOST}/[A-Za-z0-9_$-]+")
_HEADER: Final = re.compile(r"[A-Za-z0-9-]*")
_VISIBLE: Final = re.compile(r"[!-~]+")

Address = TypeVar("Address")
Choice = TypeVar("Choice")


@dataclass(frozen=True, slots=True)
class Settings:
    """What `template.yaml` hands to the function."""

    stage: str
    databases: Mapping[str, DatabaseAddress]
    apis: Mapping[str, ApiAddress]
    secrets_store: SecretsStore
    secrets_prefix: str
    slack_mode: SlackMode
    slack_api_url: str
    ca_bundle: str
    unknown_type: UnknownType
    dead_letter_queue_url: str
    max_receives: int
    catalog: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], paths: Mapping[str, ApiPath]) -> Settings:
        """Read the NOTIFIER_* variables; raises ConfigError (CONFIG_INVALID) that lists all that is wrong.

        `paths` has for each scheme of an API's URI the function that reads it.
        """
        read = _Reader(environment)
        settings = cls(
            stage=read.text("STAGE", r"[a-z0-9_-]+", "production"),
            databases=read.addresses("DATABASES", _database),
            apis=read.addresses("APIS", partial(api, paths)),
            secrets_store=read.choice("SECRETS_STORE", get_args(SecretsStore)),
            secrets_prefix=read.text("SECRETS_PREFIX", r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", "notifier"),
            slack_mode=read.choice("SLACK_MODE", get_args(SlackMode)),
            slack_api_url=read.text("SLACK_API_URL", r"https://[^/?#@\s]+/(\S+/)?", "https://slack.com/api/"),
            ca_bundle=read.text("CA_BUNDLE", r"\S*", ""),
            unknown_type=read.choice("UNKNOWN_TYPE", get_args(UnknownType)),
            dead_letter_queue_url=read.text("DEAD_LETTER_QUEUE_URL", r"https?://\S+"),
            max_receives=int(read.text("MAX_RECEIVES", r"[1-9][0-9]{0,3}", "15")),
            catalog=Path(read.text("CATALOG", r".+", str(PACKAGE / "catalog.json"))),
        )
        if read.problems:
            raise ConfigError("CONFIG_INVALID", "; ".join(read.problems))
        return settings


class _Reader:
    """Reads one variable after the other, and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def text(self, name: str, pattern: str, default: str = "") -> str:
        value = self._environment.get(f"NOTIFIER_{name}") or default
        if not re.fullmatch(pattern, value):
            self.problems.append(
                f"NOTIFIER_{name} is not of the form {pattern}" if value else f"NOTIFIER_{name} is empty"
            )
            return default
        return value

    def choice(self, name: str, choices: tuple[Choice, ...]) -> Choice:
        value = self._environment.get(f"NOTIFIER_{name}") or choices[0]
        if value not in choices:
            self.problems.append(f"NOTIFIER_{name} is none of {', '.join(map(str, choices))}")
        return next((choice for choice in choices if choice == value), choices[0])

    def addresses(self, name: str, parse: Callable[[str, str, Mapping[str, str]], Address]) -> dict[str, Address]:
        """Entries `name=URI;option=value`, apart by blanks."""
        found: dict[str, Address] = {}
        for entry in self._environment.get(f"NOTIFIER_{name}", "").split():
            key, _, rest = entry.partition("=")
            uri, *options = rest.split(";")
            try:
                _new_name(key, found)
                found[key] = parse(key, uri, dict(_option(option) for option in options))
            except ValueError as error:
                self.problems.append(f"NOTIFIER_{name}, {key[:40]}: {error}")
        return found


def _new_name(name: str, found: Mapping[str, object]) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError("an entry is not of the form name=URI")
    if name in found:
        raise ValueError("the name stands twice")


def _option(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not value:
        raise ValueError("an option is not of the form ;name=value")
    return key, value


def _database(name: str, uri: str, options: Mapping[str, str]) -> DatabaseAddress:
    _known(options, {"ca"})
    parts = _plain(uri, _DATABASE, "mysql://host:3306/schema")
    return DatabaseAddress(name, parts.hostname or "", parts.path[1:], parts.port or 3306, options.get("ca", ""))


def api(paths: Mapping[str, ApiPath], name: str, text: str, options: Mapping[str, str]) -> ApiAddress:
    """Read one API's URI and its options. Raises ValueError, which says what to write instead."""
    scheme = text.partition("://")[0]
    if scheme not in paths:
        raise ValueError(f"begin with {', '.join(f'{known}://' for known in paths)}")
    own = {key: value for key, value in options.items() if key in COMMON_OPTIONS}
    origin = paths[scheme](Uri.parse(text, {key: options[key] for key in options.keys() - own}))
    header, (identity, _, expected) = own.get("header", ""), own.get("identity", "").partition(":")
    if not _HEADER.fullmatch(header):
        raise ValueError("header= is not the name of one")
    if origin.sign and header.lower() == "authorization":
        raise ValueError("a signed request has an Authorization header of its own")
    if "identity" in own and not (_HEADER.fullmatch(identity) and _VISIBLE.fullmatch(expected)):
        raise ValueError("identity= is not of the form Header:value")
    return ApiAddress(name, origin, header, own.get("ca", ""), (identity, expected))


def _plain(uri: str, form: re.Pattern[str], example: str) -> SplitResult:
    if "@" in uri:
        raise ValueError("credentials belong in the secret store, not in an address")
    if not form.fullmatch(uri):
        raise ValueError(f"write {example}")
    parts = urlsplit(uri)
    _ = parts.port  # raises ValueError above 65535
    return parts


def _known(options: Mapping[str, str], known: set[str]) -> None:
    if unknown := options.keys() - known:
        raise ValueError(f"unknown option {min(unknown)}; known: {', '.join(sorted(known))}")
