"""The deployment's settings. The only reader of the environment; reports every mistake at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeVar, get_args
from urllib.parse import SplitResult, urlsplit

from handler.discovery.model import ApiAddress, Origin
from handler.discovery.uri import COMMON_OPTIONS, Uri, port_in
from handler.discovery.uri import Path as ApiPath
from handler.entries import Address, Parse, read_entries
from handler.errors import ConfigError
from handler.mistakes import together
from handler.model import DatabaseAddress

SecretsStore = Literal["secretsmanager", "ssm"]
SlackMode = Literal["bot", "webhook"]
UnknownType = Literal["park", "ignore"]
OnAmbiguous = Literal["repost", "park", "read-back"]

PACKAGE: Final = Path(__file__).resolve().parent.parent
# A plain address: no user, no query, no fragment, and no character that two readers could read in two ways.
_HOST: Final = r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:]+\])(?P<port>:[0-9]+)?"
_DATABASE: Final = re.compile(rf"mysql://{_HOST}/[A-Za-z0-9_$-]+")
_HEADER: Final = re.compile(r"[A-Za-z0-9-]*")
_VISIBLE: Final = re.compile(r"[!-~]+")
# For the messages: a list of two, as `entries` reads it.
_TWO_DATABASES: Final = "default=mysql://a/shop, billing=mysql://b/billing"
_TWO_APIS: Final = "default=https://a, billing=https://b"

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
    queue_url: str
    state_table: str
    on_ambiguous: OnAmbiguous
    catalog: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], paths: Mapping[str, ApiPath]) -> Settings:
        """Read the NOTIFIER_* variables; raises ConfigError (CONFIG_INVALID) that lists all that is wrong.

        `paths` has for each scheme of an API's URI the function that reads it.
        """
        read = _Reader(environment)
        settings = cls(
            stage=read.text("STAGE", r"[a-z0-9_-]+", "production"),
            databases=read.addresses("DATABASES", _database, _TWO_DATABASES),
            apis=read.addresses("APIS", partial(api, paths), _TWO_APIS),
            secrets_store=read.choice("SECRETS_STORE", get_args(SecretsStore)),
            secrets_prefix=read.text("SECRETS_PREFIX", r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", "notifier"),
            slack_mode=read.choice("SLACK_MODE", get_args(SlackMode)),
            slack_api_url=read.text("SLACK_API_URL", r"https://[^/?#@\s]+/(\S+/)?", "https://slack.com/api/"),
            ca_bundle=read.text("CA_BUNDLE", r"\S*", ""),
            unknown_type=read.choice("UNKNOWN_TYPE", get_args(UnknownType)),
            dead_letter_queue_url=read.text("DEAD_LETTER_QUEUE_URL", r"https?://\S+"),
            max_receives=int(read.text("MAX_RECEIVES", r"[1-9][0-9]{0,3}", "50")),
            queue_url=read.text("QUEUE_URL", r"(https?://\S+)?"),
            state_table=read.text("STATE_TABLE", r"[A-Za-z0-9_.-]{3,255}"),
            on_ambiguous=read.choice("ON_AMBIGUOUS", get_args(OnAmbiguous)),
            catalog=Path(read.text("CATALOG", r".+", str(PACKAGE / "catalog.json"))),
        )
        if settings.slack_mode == "webhook" and settings.on_ambiguous == "read-back":
            read.problems.append("NOTIFIER_ON_AMBIGUOUS: a webhook reads nothing back; use repost or park")
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

    def addresses(self, name: str, parse: Parse[Address], two: str) -> dict[str, Address]:
        """A list of addresses by name; `two` is an example of one, for the messages."""
        found, mistakes = read_entries(self._environment.get(f"NOTIFIER_{name}", ""), parse, two)
        self.problems += [f"NOTIFIER_{name}, {mistake}" for mistake in mistakes]
        return found


def _database(name: str, uri: str, options: Mapping[str, str]) -> DatabaseAddress:
    together(lambda: _known(options, {"ca"}), lambda: _plain(uri))
    parts = _plain(uri)
    return DatabaseAddress(name, parts.hostname or "", parts.path[1:], parts.port or 3306, options.get("ca", ""))


def api(paths: Mapping[str, ApiPath], name: str, text: str, options: Mapping[str, str]) -> ApiAddress:
    """Read one API's URI and its options.

    Raises ValueError with an argument for each mistake, which says what to write instead.
    """
    scheme = text.partition("://")[0]
    if scheme not in paths:
        raise ValueError(f"begin with {', '.join(f'{known}://' for known in paths)}")
    others = {key: value for key, value in options.items() if key not in COMMON_OPTIONS}

    def origin() -> Origin:
        found = paths[scheme](Uri.parse(text, others))
        _fits(found, options)
        return found

    together(origin, lambda: _header(options), lambda: _identity(options))
    return ApiAddress(name, origin(), _header(options), options.get("ca", ""), _identity(options))


def _header(options: Mapping[str, str]) -> str:
    header = options.get("header", "")
    if not _HEADER.fullmatch(header):
        raise ValueError("header= is not the name of one")
    return header


def _identity(options: Mapping[str, str]) -> tuple[str, str]:
    header, _, value = options.get("identity", "").partition(":")
    if "identity" in options and not (_HEADER.fullmatch(header) and _VISIBLE.fullmatch(value)):
        raise ValueError("identity= is not of the form Header:value")
    return header, value


def _fits(origin: Origin, options: Mapping[str, str]) -> None:
    """Refuse options that this origin has no use for."""
    if origin.sign and options.get("header", "").lower() == "authorization":
        raise ValueError("a signed request has an Authorization header of its own")
    if "ca" in options and origin.scheme != "https":
        raise ValueError("ca= is for https://, or beside ;scheme=https")


def _plain(uri: str) -> SplitResult:
    if "@" in uri:
        raise ValueError("credentials belong in the secret store, not in an address")
    form = _DATABASE.fullmatch(uri)
    if not form:
        raise ValueError("write mysql://host:3306/schema")
    port_in(form["port"] or "")
    return urlsplit(uri)


def _known(options: Mapping[str, str], known: set[str]) -> None:
    if unknown := options.keys() - known:
        raise ValueError(f"unknown option {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
