"""A secret as its user wants it: in its form, read anew when the other side refuses it, then left alone for a while.

Whoever goes on with a secret that was refused is locked out, or taken for an attacker, and gets nothing through. So a
refusal counts for half a minute; but a secret that was replaced meanwhile is found in seconds.
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

# How long a refused secret is not used again, and how often the store is asked for another one meanwhile.
HOLD_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 5.0

T = TypeVar("T")


@dataclass(slots=True)
class _Refused:
    """The secret that was refused, with what, when, and when the store was last asked; seconds of the clock."""

    value: str = field(repr=False)
    error: NotifierError
    since: float
    looked_at: float


class Credential:
    """The secret `name`, which matches `pattern` as a whole. `form` says in words what it should be.

    For several threads. The clock is the wall's, which goes on while the execution environment is frozen.
    """

    def __init__(
        self,
        secrets: Secrets,
        name: str,
        pattern: re.Pattern[str],
        form: str,
        *,
        hold: float = HOLD_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`hold` is 0 where a refusal need not be about the secret."""
        self.name = name
        self._secrets = secrets
        self._pattern = pattern
        self._form = form
        self._hold = hold
        self._clock = clock
        self._refused: _Refused | None = None
        self._changing = threading.Lock()

    def use(self, attempt: Callable[[str], T], refusal: str) -> T:
        """Return `attempt(secret)`; if it raises the code `refusal`, attempt once more with a secret that was replaced.

        The store caches values for minutes, so that a refusal may be about one that is no longer valid. While a refused
        secret is held, nothing is attempted, and its refusal is raised again. Raises what `attempt` raises, and
        ConfigError (CONFIG_SECRET_FORMAT, and those of the store).
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
        """Attempt; a secret that was not refused is not held any longer, whatever else went wrong."""
        try:
            result = attempt(value)
        except NotifierError as error:
            if error.code != refusal:
                self._refused = None
            raise
        self._refused = None
        return result

    def _current(self) -> str:
        """The secret to use. Raises the refusal of the one that is held."""
        refused, look = self._held()
        value = self._read(fresh=look)
        if refused and value == refused.value:
            raise copy(refused.error) from None
        return value

    def _held(self) -> tuple[_Refused | None, bool]:
        """The refusal that still counts, and whether to look for another secret now."""
        with self._changing:
            refused, now = self._refused, self._clock()
            if refused is None:
                return None, False
            if not 0 <= now - refused.since < self._hold:
                refused.since = now  # whoever asks now tries it, and the others go on waiting
                return None, False
            look = now - refused.looked_at >= LOOK_SECONDS
            if look:
                refused.looked_at = now
            return refused, look

    def _remember(self, value: str, error: NotifierError) -> None:
        now = self._clock()
        self._refused = _Refused(value, copy(error), now, now) if self._hold else None

    def _read(self, *, fresh: bool = False) -> str:
        value = self._secrets.get(self.name, fresh=fresh).strip()
        if not self._pattern.fullmatch(value):
            raise ConfigError("CONFIG_SECRET_FORMAT", f"{self.name} is not {self._form}")
        return value
