"""Secrets from AWS Secrets Manager or SSM Parameter Store, kept for minutes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import field, replace
from functools import cached_property
from typing import Any, Final

from handler import aws
from handler.addresses import SecretsAddress
from handler.errors import ConfigError
from handler.frozen import frozen

# A rotated secret is in use after this many seconds at most, and at once where its predecessor is refused (`fresh`).
MAX_AGE_SECONDS: Final = 300
# While the store is down, the last known value serves for an hour: most outages are shorter, and few rotations are
# urgent. The store is asked again after half a minute, not before each use.
MAX_STALE_SECONDS: Final = 3600
RETRY_SECONDS: Final = 30

# The store's word about the secret, as against the store's failure: a value that was taken away is used no more.
_REFUSALS: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "DecryptionFailure",
        "InvalidRequestException",  # marked for deletion
        "ParameterNotFound",
        "ResourceNotFoundException",
    }
)
_LAYOUT: Final = dict.fromkeys(map(ord, "\t\n\r"))


class _StoreDownError(ConfigError):
    """The store did not answer, or not with what it knows."""


@frozen
class _Known:
    """A value, when the store gave it, and until when it is used without asking again; seconds of the clock."""

    value: str = field(repr=False)
    read_at: float
    use_until: float


class SecretStore:
    """ports.Secrets. A secret `name` is `<prefix>/<name>` in Secrets Manager, and `/<prefix>/<name>` in SSM.

    One that begins with a / is a whole name: it has no prefix, and without the / it is what the store calls it.

    For several threads. The clock is the wall's, which goes on while the execution environment is frozen.
    """

    def __init__(self, address: SecretsAddress, clock: Callable[[], float] = time.time) -> None:
        self._kind = address.store
        self._prefix = address.prefix
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._reading = threading.Lock()

    def get(self, name: str, *, fresh: bool = False) -> str:
        """Return the secret, which is at most 300 s old; up to an hour while the store is down.

        `fresh` asks the store in any case, and never returns an older value: the caller knows that one to be refused.
        Raises ConfigError (CONFIG_UNAVAILABLE, CONFIG_SECRET_FORMAT).
        """
        with self._reading:
            known = None if fresh else self._known.get(name)
            now = self._clock()
            if known and now < known.use_until:
                return known.value
            try:
                value = self._read(name)
            except _StoreDownError:
                if not known or now - known.read_at >= MAX_STALE_SECONDS:
                    raise
                self._known[name] = replace(known, use_until=now + RETRY_SECONDS)
                return known.value
            except ConfigError:
                self._known.pop(name, None)
                raise
            self._known[name] = _Known(value, read_at=now, use_until=now + MAX_AGE_SECONDS)
            return value

    def _read(self, name: str) -> str:
        path = self._path(name)
        try:
            value = self._fetch(path)
        except aws.failures() as error:
            raise _unavailable(path, error) from None
        return _text(path, value)

    def _path(self, name: str) -> str:
        if name.startswith("/"):
            return name.removeprefix("/")
        return f"{self._prefix}/{name}" if self._kind == "secretsmanager" else f"/{self._prefix}/{name}"

    def _fetch(self, path: str) -> object:
        if self._kind == "ssm":
            return self._client.get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"]
        return self._client.get_secret_value(SecretId=path).get("SecretString")  # a binary one has none

    @cached_property
    def _client(self) -> Any:
        return aws.client(self._kind)


def _unavailable(path: str, error: BaseException) -> ConfigError:
    reason = aws.reason(error)
    kind = ConfigError if reason in _REFUSALS else _StoreDownError
    return kind("CONFIG_UNAVAILABLE", f"secret {path}: {reason}")


def _text(path: str, value: object) -> str:
    """The secret without the blanks around it, which editors and `echo` leave. JSON may have lines."""
    text = value.strip() if isinstance(value, str) else ""
    shown = text.translate(_LAYOUT) if text.startswith("{") else text
    if not text or not shown.isprintable():
        raise ConfigError("CONFIG_SECRET_FORMAT", f"secret {path}: it is empty, binary, or has a control character")
    return text
