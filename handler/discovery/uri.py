"""Parses one entry of the setting `Apis`: scheme://host:port/path?query and options."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, cast
from urllib.parse import unquote_plus, urlsplit

from handler.addresses import Origin, Scheme
from handler.frozen import frozen

# No user, no fragment, and no character that parsers could interpret differently.
_HOST: Final = r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?"
_FORM: Final = re.compile(rf"[a-z]+://{_HOST}(?:/[A-Za-z0-9._~/%-]*)?(?:\?[A-Za-z0-9._~%=&-]+)?")
_AUTHORITY: Final = re.compile(r"[A-Za-z0-9_.-]+(?::[0-9]{1,5})?")
_LATE_PORT: Final = re.compile(r"://[^/?]*/[^?]*?:([0-9]+)(?=[/?]|$)")
MAX_PORT: Final = 65535
# Options that mean the same for every scheme.
COMMON_OPTIONS: Final = frozenset({"ca", "header", "identity"})


@frozen
class Uri:
    """A URI and its options. `port` is 0 if the URI has none."""

    text: str
    scheme: str
    host: str
    port: int
    path: str
    query: Mapping[str, str]
    options: Mapping[str, str]

    @classmethod
    def parse(cls, text: str, options: Mapping[str, str]) -> Uri:
        """Parse a URI. Raises ValueError, which says what to write."""
        if "@" in text:
            raise ValueError("credentials belong in the secret store, not in an address")
        if late := _LATE_PORT.search(text):
            cloudmap = text.startswith("cloudmap:")
            raise ValueError(
                f"write ;port={late[1]}" if cloudmap else f"write :{late[1]} after the host, not after the path"
            )
        if not _FORM.fullmatch(text):
            raise ValueError("write scheme://host:port/base, in letters, digits and ._~%-")
        parts = urlsplit(text)
        host = re.sub(r":[0-9]+$", "", parts.netloc)  # urlsplit's hostname is in lower case
        port = port_in(parts.netloc.removeprefix(host))
        return cls(text, parts.scheme, host.strip("[]"), port, parts.path, _query(parts.query), options)

    @property
    def authority(self) -> str:
        """The Host header: the option `host`, else the URI's own host and port."""
        host = self.options.get("host")
        if host is not None and not _AUTHORITY.fullmatch(host):
            raise ValueError("host= is not a name, or a name and a port")
        own = f"[{self.host}]" if ":" in self.host else self.host
        return host or (f"{own}:{self.port}" if self.port else own)

    @property
    def instance_scheme(self) -> Scheme:
        """The option `scheme`: http, or https."""
        return cast(Scheme, self.choice("scheme", ("http", "https")))

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """Return an option that has to be one of `choices`; the first of them is the default. Raises ValueError."""
        value = self.options.get(name, choices[0])
        if value not in choices:
            raise ValueError(f"{name}= is not one of {', '.join(choices)}")
        return value

    def allow_options(self, *names: str, instead: str = "") -> None:
        """Refuse any other option, except the common ones. `instead` suggests what to write. Raises ValueError."""
        if unknown := self.options.keys() - names:
            known = sorted({*names, *COMMON_OPTIONS})
            said = f"unknown option {', '.join(sorted(unknown))}; known here: {', '.join(known)}"
            raise ValueError(f"{said}; {instead}" if instead else said)


# Reads URIs of one scheme; raises ValueError, which says what to write instead.
Path = Callable[[Uri], Origin]


def port_in(text: str) -> int:
    """Read `:8080`; an empty text is 0. Raises ValueError."""
    port = int(text[1:6] or 0)
    if text and (not 0 < port <= MAX_PORT or text[6:]):
        raise ValueError(f"a port is 1 to {MAX_PORT}")
    return port


def _query(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split("&") if text]
    if unset := [name for name, equals, _ in pairs if not (name and equals)]:
        raise ValueError(f"write ?{unset[0] or 'attribute'}=value")
    found = {unquote_plus(name): unquote_plus(value) for name, _, value in pairs}
    if len(found) < len(pairs):
        raise ValueError("an attribute occurs twice in the query")
    return found
