"""The deployment's settings. The only reader of the environment; reports all problems at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeVar, get_args

from handler.addresses import ApiAddress, DatabaseAddress, SecretsAddress, SlackAddress
from handler.discovery.uri import Path as ApiPath
from handler.errors import ConfigError
from handler.frozen import frozen
from handler.settings import parse
from handler.settings.lists import Address, Parse, read_entries

UnknownType = Literal["park", "ignore"]

PACKAGE: Final = Path(__file__).resolve().parent.parent.parent
# Examples for the messages: lists of two entries, as lists.py reads them.
_TWO_DATABASES: Final = "default=mysql://a/shop, billing=mysql://b/billing"
_TWO_APIS: Final = "default=https://a, billing=https://b"

Choice = TypeVar("Choice")
Read = TypeVar("Read")


@frozen
class Settings:
    """What `template.yaml` hands to the function."""

    stage: str
    databases: Mapping[str, DatabaseAddress]
    apis: Mapping[str, ApiAddress]
    secrets: SecretsAddress
    slack: SlackAddress
    unknown_type: UnknownType
    dead_letter_queue_url: str
    max_receives: int
    queue_url: str
    state_table: str
    trace_downstream: bool
    polls: bool
    catalog: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], paths: Mapping[str, ApiPath]) -> Settings:
        """Read the NOTIFIER_* variables. Raises ConfigError (CONFIG_INVALID), which lists all problems.

        `paths` maps each scheme of an API's URI to the function that reads it.
        """
        read = _Reader(environment)
        settings = cls(
            stage=read.text("STAGE", r"[a-z0-9_-]+", "production"),
            databases=read.addresses("DATABASES", parse.database, _TWO_DATABASES),
            apis=read.addresses("APIS", partial(parse.api, paths), _TWO_APIS),
            secrets=read.one("SECRETS", parse.secrets, SecretsAddress()),
            slack=read.one("SLACK", parse.slack, SlackAddress()),
            unknown_type=read.choice("UNKNOWN_TYPE", get_args(UnknownType)),
            dead_letter_queue_url=read.text("DEAD_LETTER_QUEUE_URL", r"https?://\S+"),
            max_receives=int(read.text("MAX_RECEIVES", r"[1-9][0-9]{0,3}", "50")),
            queue_url=read.text("QUEUE_URL", r"(https?://\S+)?"),
            state_table=read.text("STATE_TABLE", r"[A-Za-z0-9_.-]{3,255}"),
            trace_downstream=read.choice("TRACE_DOWNSTREAM", ("no", "yes")) == "yes",
            polls=read.choice("POLLS", ("off", "on")) == "on",
            catalog=Path(read.text("CATALOG", r".+", str(PACKAGE / "catalog.json"))),
        )
        if read.problems:
            raise ConfigError("CONFIG_INVALID", "; ".join(read.problems))
        return settings


class _Reader:
    """Reads the variables one by one, and collects the problems."""

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
            self.problems.append(f"NOTIFIER_{name} must be one of {', '.join(map(str, choices))}")
        return next((choice for choice in choices if choice == value), choices[0])

    def one(self, name: str, read: Callable[[str], Read], default: Read) -> Read:
        """Read a variable with `read`; return the default if the variable is empty."""
        value = self._environment.get(f"NOTIFIER_{name}")
        try:
            return read(value) if value else default
        except ValueError as error:
            self.problems += [f"NOTIFIER_{name}: {problem}" for problem in error.args]
            return default

    def addresses(self, name: str, parse: Parse[Address], two: str) -> dict[str, Address]:
        """Read a list of addresses by name. `two` is an example of a list, for the messages."""
        found, problems = read_entries(self._environment.get(f"NOTIFIER_{name}", ""), parse, two)
        self.problems += [f"NOTIFIER_{name}, {problem}" for problem in problems]
        return found
