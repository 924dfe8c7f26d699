"""What AWS refused, in words that say what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import click

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
    """The question could not be answered: exit status 2, because 1 is an answer."""

    exit_code = 2


@contextmanager
def asking(what: str, right: str) -> Iterator[None]:
    """Raise UnansweredError where AWS refuses or cannot be reached.

    `what` completes "Could not", such as "read the function's log"; `right` is the IAM action that it takes.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise UnansweredError(f"Could not {what}: {_refused(error, right)}") from None
    except BotoCoreError as error:
        raise UnansweredError(f"Could not {what}: {_unasked(error)}") from None


def code(error: Any) -> str:
    """AWS's code for an error that it answered with."""
    return str(error.response.get("Error", {}).get("Code", "an unknown error"))


def _refused(error: Any, right: str) -> str:
    said = code(error)
    if said in _DENIED:
        return f"your credentials may not. Ask for the action {right}, or use another AWS_PROFILE."
    if said in _OUTDATED:
        return f"your credentials are not valid (any more): {said}. Log in again, for example with `aws sso login`."
    return f"AWS answers {said} to {error.operation_name}."


def _unasked(error: Any) -> str:
    """Nothing was asked of AWS, or nothing was answered. The classes are told by their names: there are many."""
    name = type(error).__name__
    if "Credential" in name or "Token" in name or "SSO" in name:
        return "there are no AWS credentials here. Set AWS_PROFILE, or log in, for example with `aws sso login`."
    if name == "NoRegionError":
        return "no region is set. Set AWS_REGION to that of the stack, such as eu-west-1."
    if name == "ProfileNotFound":
        return "AWS_PROFILE names a profile that is not there. `aws configure list-profiles` lists them."
    if "Connect" in name or "Timeout" in name or "Endpoint" in name:
        return f"AWS cannot be reached ({name}). Check the network, the proxy, and AWS_ENDPOINT_URL if it is set."
    return f"{name}."
