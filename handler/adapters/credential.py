"""A secret as its user wants it: in its form, and read anew when the other side refuses it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from handler.errors import ConfigError, NotifierError
from handler.ports import Secrets

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Credential:
    """The secret `name`, which matches `pattern` as a whole. `form` says in words what it should be."""

    secrets: Secrets
    name: str
    pattern: re.Pattern[str]
    form: str

    def use(self, attempt: Callable[[str], T], refusal: str) -> T:
        """Return `attempt(secret)`; if it raises the code `refusal`, attempt once more with a secret that was replaced.

        The store caches values for minutes, so that a refusal may be about one that is no longer valid. Raises what
        `attempt` raises, and ConfigError (CONFIG_SECRET_FORMAT, and those of the store).
        """
        value = self._read()
        try:
            return attempt(value)
        except NotifierError as error:
            if error.code != refusal:
                raise
            renewed = self._read(fresh=True)
            if renewed == value:
                raise
        return attempt(renewed)

    def _read(self, *, fresh: bool = False) -> str:
        value = self.secrets.get(self.name, fresh=fresh).strip()
        if not self.pattern.fullmatch(value):
            raise ConfigError("CONFIG_SECRET_FORMAT", f"{self.name} is not {self.form}")
        return value
