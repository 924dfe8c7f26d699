"""Turns errors of AWS into sentences that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import click

from cli.language import say

_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"})
_OUTDATED: Final = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)


class UnansweredError(click.ClickException):
    """The question could not be answered. Exit status 2, because 1 is one of the answers."""

    exit_code = 2


@contextmanager
def asking(what: str, right: str) -> Iterator[None]:
    """Raise UnansweredError if AWS refuses or cannot be reached.

    `what` completes "Could not", such as "read the function's log", in the language of the tools. `right` is the IAM
    action that is needed.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise UnansweredError(say("Could not {what}: {why}", what=what, why=reason(error, right))) from None


def reason(error: Exception, right: str = "") -> str:
    """Return why AWS refused or was not asked; empty for an error that is neither."""
    from botocore.exceptions import BotoCoreError, ClientError

    match error:
        case ClientError():
            return _refused(error, right or error.operation_name)
        case BotoCoreError():
            return _unasked(error)
    return ""


def code(error: Any) -> str:
    """Return AWS's code of an error."""
    return str(error.response.get("Error", {}).get("Code", "an unknown error"))


def _refused(error: Any, right: str) -> str:
    said = code(error)
    if said in _DENIED:
        return say("your credentials may not. Ask for the action {action}, or use another AWS_PROFILE.", action=right)
    if said in _OUTDATED:
        return say(
            "your credentials are not valid (any more): {code}. Log in again, for example with `aws sso login`.",
            code=said,
        )
    return say("AWS answers {code} to {operation}.", code=said, operation=error.operation_name)


def _unasked(error: Any) -> str:
    """Say why AWS could not be asked. The error classes are compared by name, because there are many."""
    name = type(error).__name__
    if "Credential" in name or "Token" in name or "SSO" in name:
        return say("there are no AWS credentials here. Set AWS_PROFILE, or log in, for example with `aws sso login`.")
    if name == "NoRegionError":
        return say("no region is set. Set AWS_REGION to that of the stack, such as eu-west-1.")
    if name == "ProfileNotFound":
        return say("AWS_PROFILE names a profile that is not there. `aws configure list-profiles` lists them.")
    if "Connect" in name or "Timeout" in name or "Endpoint" in name:
        return say(
            "AWS cannot be reached ({error}). Check the network, the proxy, and AWS_ENDPOINT_URL if it is set.",
            error=name,
        )
    return f"{name}."
