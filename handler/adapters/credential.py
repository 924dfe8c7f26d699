"""A secret with a checked form. After the server refuses it, it is read again and then held back for a while.

A client that keeps using a refused secret gets locked out. So a refusal is remembered for half a minute; but if the
secret is replaced meanwhile, the new one is used within seconds.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from typing import Final, TypeVar

from handler.errors import ConfigError, NotifierError
from handler.ports import Secrets

# How long a refused secret is not used again, and how often the store is checked for a new one meanwhile.
HOLD_REFUSAL_SECONDS: Final = 30.0
RECHECK_SECONDS: Final = 5.0

T = TypeVar("T")


@dataclass(slots=True)
class _Refused:
    """A refused secret, the error, the time of the refusal and of the last check of the store, in clock seconds."""

    value: str = field(repr=False)
    error: NotifierError
    since: float
    checked_at: float


class Credential:
    """The secret `name`, which has to match `pattern` completely. `form` describes the pattern.

    Thread-safe. It uses the wall clock, which keeps running while the execution environment is frozen.
    """

    def __init__(
        self,
        secrets: Secrets,
        name: str,
        pattern: re.Pattern[str],
        form: str,
        *,
        hold: float = HOLD_REFUSAL_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`hold` is 0 if a refusal may have another reason than the secret."""
        self.name = name
        self._secrets = secrets
        self._pattern = pattern
        self._form = form
        self._hold = hold
        self._clock = clock
        self._refused: _Refused | None = None
        self._changing = threading.Lock()

    def use(self, attempt: Callable[[str], T], refusal: str) -> T:
        """Return `attempt(secret)`. If it raises the code `refusal`, try once more with the store's current secret.

        Secrets are cached for minutes, so a refused one may have been replaced. While a refusal is remembered, nothing
        is attempted, and the refusal is raised again. Raises what `attempt` raises, and ConfigError
        (CONFIG_SECRET_FORMAT, and those of the store).
        """
        value = self._current()
        try:
            return self._attempt(attempt, value, refusal)
        except NotifierError as error:
            if error.code != refusal:
                raise
            renewed = self._read(fresh=True)
            if renewed == value:
                self._remember(value, error)
                raise
        try:
            return self._attempt(attempt, renewed, refusal)
        except NotifierError as error:
            if error.code == refusal:
                self._remember(renewed, error)
            raise

    def _attempt(self, attempt: Callable[[str], T], value: str, refusal: str) -> T:
        """Attempt. If the secret was not refused, forget an earlier refusal, whatever else failed."""
        try:
            result = attempt(value)
        except NotifierError as error:
            if error.code != refusal:
                self._refused = None
            raise
        self._refused = None
        return result

    def _current(self) -> str:
        """Return the secret to use. Raises the remembered refusal if the secret is unchanged."""
        refused, look = self._held()
        value = self._read(fresh=look)
        if refused and value == refused.value:
            raise copy(refused.error) from None
        return value

    def _held(self) -> tuple[_Refused | None, bool]:
        """Return the refusal that still counts, and whether to check the store for a new secret now."""
        with self._changing:
            refused, now = self._refused, self._clock()
            if refused is None:
                return None, False
            if not 0 <= now - refused.since < self._hold:
                refused.since = now  # this caller tries the secret; the others keep waiting
                return None, False
            look = now - refused.checked_at >= RECHECK_SECONDS
            if look:
                refused.checked_at = now
            return refused, look

    def _remember(self, value: str, error: NotifierError) -> None:
        now = self._clock()
        self._refused = _Refused(value, copy(error), now, now) if self._hold else None

    def _read(self, *, fresh: bool = False) -> str:
        value = self._secrets.get(self.name, fresh=fresh).strip()
        if not self._pattern.fullmatch(value):
            raise ConfigError("CONFIG_SECRET_FORMAT", f"{self.name} is not {self._form}")
        return value
