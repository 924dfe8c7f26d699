"""Reads real rows from the databases and APIs of a deployed function."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from cli.language import say
from cli.operations.stack import Stack
from cli.preview.connections import Connections, opened
from handler.adapters.state.secret_store import SecretStore
from handler.addresses import SecretsAddress
from handler.discovery.paths import PATHS
from handler.settings import Settings


@contextmanager
def of_stack(stack: Stack) -> Iterator[Connections]:
    """Yield the databases and APIs of a stack's function, and close them at the end.

    Raises UnansweredError, ConfigError.
    """
    variables = stack.configuration().get("Environment", {}).get("Variables", {})
    settings = Settings.from_environment(variables, PATHS)
    secrets = _StackSecrets(settings.secrets, stack)
    with opened({"databases": settings.databases, "apis": settings.apis}, secrets) as (database, api, names):
        yield Connections(database, api, say("the replica of the demo"), names)


class _StackSecrets(SecretStore):
    """The secrets of the deployed function."""

    def __init__(self, address: SecretsAddress, stack: Stack) -> None:
        super().__init__(address)
        self._stack = stack

    @cached_property
    def _client(self) -> Any:
        return self._stack.client(self._kind)
