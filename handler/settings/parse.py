"""Read the settings that say where a database, an API, Slack or the secret store is, and how to log in.

Each reader raises ValueError with one argument for each problem. The argument says what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeVar, get_args
from urllib.parse import SplitResult, urlsplit

from handler.addresses import (
    SLACK_API,
    ApiAddress,
    DatabaseAddress,
    OnAmbiguous,
    Origin,
    SecretsAddress,
    SecretsStore,
    SlackAddress,
    SlackMode,
    is_this_machine,
)
from handler.discovery.uri import COMMON_OPTIONS, Path, Uri, port_in
from handler.local_time import zone
from handler.problems import together

# A plain address: no user, no query, no fragment, and no character that two parsers could understand differently.
_HOST: Final = r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:]+\])(?P<port>:[0-9]+)?"
_DATABASE: Final = re.compile(rf"mysql://{_HOST}/[A-Za-z0-9_$-]+")
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_.$-]{1,32}")
# The characters of a name or ARN in Secrets Manager, or of a parameter's name in Systems Manager.
_SECRET: Final = re.compile(r"[A-Za-z0-9/_+=.!:-]{1,2048}")
_SLACK_API: Final = re.compile(rf"https://{_HOST}/([!-~]+/)?")
_PROXY: Final = re.compile(rf"http://{_HOST}")
_PREFIX: Final = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_HEADER: Final = re.compile(r"[A-Za-z0-9-]*")
_VISIBLE: Final = re.compile(r"[!-~]+")

Choice = TypeVar("Choice")


def database(name: str, uri: str, options: Mapping[str, str]) -> DatabaseAddress:
    """Read one read replica's address, such as mysql://host:3306/schema, and its options."""
    known = {"ca", "secret", "auth", "user", "tz", "tls"}
    together(
        lambda: _known(options, known),
        lambda: _plain(uri),
        lambda: _login(options),
        lambda: _unverified(uri, options),
        lambda: zone(options.get("tz", "UTC")),
    )
    parts = _plain(uri)
    return DatabaseAddress(
        name,
        parts.hostname or "",
        parts.path[1:],
        parts.port or 3306,
        ca=options.get("ca", ""),
        secret=options.get("secret", ""),
        iam_user=options.get("user", ""),
        time_zone=options.get("tz", "UTC"),
        tls="tls" not in options,
    )


def api(paths: Mapping[str, Path], name: str, text: str, options: Mapping[str, str]) -> ApiAddress:
    """Read one API's URI and its options. `paths` maps each scheme to the function that reads it."""
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


def slack(text: str) -> SlackAddress:
    """Read how to post: `bot` or `webhook`, followed by options, each after a `;`."""
    mode, *pairs = text.split(";")
    options = {name: value for name, _, value in (pair.partition("=") for pair in pairs) if name and value}
    known = {"ambiguous", "api", "ca", "proxy"}

    def form() -> None:
        if len(options) < len(pairs):
            raise ValueError("write each option once, as ;name=value")

    together(
        form,
        lambda: _choice("begin with", mode, get_args(SlackMode)),
        lambda: _known(options, known),
        lambda: _ambiguous(mode, options),
        lambda: _form("api", options, _SLACK_API, "an https address that ends with /"),
        lambda: _form("proxy", options, _PROXY, "http://host:port"),
    )
    return SlackAddress(
        _choice("begin with", mode, get_args(SlackMode)),
        _ambiguous(mode, options),
        api_url=options.get("api", SLACK_API),
        ca=options.get("ca", ""),
        proxy=options.get("proxy", ""),
    )


def secrets(text: str) -> SecretsAddress:
    """Read where the secrets are, such as secretsmanager:notifier."""
    store, _, prefix = text.partition(":")
    together(
        lambda: _choice("begin with", store, get_args(SecretsStore)),
        lambda: _form("what follows the :", {"what follows the :": prefix}, _PREFIX, "a prefix such as notifier"),
    )
    return SecretsAddress(_choice("begin with", store, get_args(SecretsStore)), prefix)


def _login(options: Mapping[str, str]) -> None:
    """Check how the function logs in: with a secret, or with a token that its role may create."""
    auth = options.get("auth", "secret")
    if auth not in ("secret", "iam"):
        raise ValueError("auth= must be secret or iam")
    if (auth == "iam") != ("user" in options):
        raise ValueError("auth=iam and user= need each other: without a secret, user= names the account")
    if auth == "iam" and "secret" in options:
        raise ValueError("secret= has no effect with auth=iam")
    _form("user", options, _ACCOUNT, "an account's name")
    _form("secret", options, _SECRET, "the name or the ARN of a secret")


def _unverified(uri: str, options: Mapping[str, str]) -> None:
    """Refuse tls=off except for a server on this machine, such as a developer's own, which has no certificate."""
    if "tls" not in options or not _DATABASE.fullmatch(uri):  # an address without a host has an error of its own
        return
    if options["tls"] != "off":
        raise ValueError("tls= can only be off; without it the server's certificate is verified")
    if not is_this_machine(urlsplit(uri).hostname or ""):
        raise ValueError("tls=off is for localhost, 127.0.0.1 and [::1]; any other server has to have a certificate")
    if "ca" in options or options.get("auth") == "iam":
        raise ValueError("ca= and auth=iam need TLS, so tls=off cannot be beside them")


def _ambiguous(mode: str, options: Mapping[str, str]) -> OnAmbiguous:
    chosen: OnAmbiguous = _choice("ambiguous= is", options.get("ambiguous", "repost"), get_args(OnAmbiguous))
    if mode == "webhook" and chosen == "read-back":
        raise ValueError("ambiguous=read-back: a webhook cannot read messages; use repost or park")
    return chosen


def _choice(what: str, value: str, choices: tuple[Choice, ...]) -> Choice:
    for choice in choices:
        if value == choice:
            return choice
    raise ValueError(f"{what} one of {', '.join(map(str, choices))}")


def _form(name: str, options: Mapping[str, str], form: re.Pattern[str], words: str) -> None:
    if name in options and not form.fullmatch(options[name]):
        raise ValueError(f"{name} is not {words}")


def _header(options: Mapping[str, str]) -> str:
    header = options.get("header", "")
    if not _HEADER.fullmatch(header):
        raise ValueError("header= must be the name of a header")
    return header


def _identity(options: Mapping[str, str]) -> tuple[str, str]:
    header, _, value = options.get("identity", "").partition(":")
    if "identity" in options and not (_HEADER.fullmatch(header) and _VISIBLE.fullmatch(value)):
        raise ValueError("write identity=Header:value")
    return header, value


def _fits(origin: Origin, options: Mapping[str, str]) -> None:
    """Refuse options that have no effect for this origin."""
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
