"""Whether the account can reserve what is wished is known before a deployment fails by it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from cli.planning import quota
from cli.planning.request import Request
from handler.health.model import Check


class Lambda:
    """An account's settings; or what asking for them raises."""

    def __init__(self, limit: int = 1000, unreserved: int = 1000, error: Exception | None = None) -> None:
        self._limits = {"ConcurrentExecutions": limit, "UnreservedConcurrentExecutions": unreserved}
        self._error = error

    def get_account_settings(self) -> Any:
        if self._error:
            raise self._error
        return {"AccountLimit": self._limits}


def found(client: Lambda, **wishes: Any) -> list[Check]:
    return list(quota.check(client, Request((), (), **wishes)))


DIRECT: dict[str, Any] = {"queue": False, "concurrency": 5}
RESERVED: dict[str, Any] = {"reserved": 9}


@pytest.mark.parametrize(
    ("wishes", "limit", "unreserved", "state", "says"),
    [
        (DIRECT, 1000, 1000, "ok", "5 to be reserved"),
        (DIRECT, 105, 105, "ok", ""),
        (DIRECT, 104, 104, "failed", "104 in all"),
        (DIRECT, 10, 10, "failed", "10 in all"),  # what a new account has
        (DIRECT, 1000, 104, "warning", "104 left"),  # it may have them already
        (DIRECT, 1000, 105, "ok", ""),
        (RESERVED, 109, 109, "ok", "9 to be reserved"),
        (RESERVED, 108, 108, "failed", "9 are to be reserved"),
        ({**DIRECT, **RESERVED}, 108, 108, "failed", "9 are to be reserved"),
    ],
)
def test_aws_keeps_a_hundred(wishes: dict[str, Any], limit: int, unreserved: int, state: str, says: str) -> None:
    [check] = found(Lambda(limit, unreserved), **wishes)
    assert (check.state, says in check.seen + check.cause) == (state, True), check
    assert bool(check.remedy) == (state != "ok")


def test_where_nothing_is_reserved_nothing_is_asked() -> None:
    assert found(Lambda(error=AssertionError("asked")), queue=True) == []


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetAccountSettings"), "AccessDeniedException"),
        (ConnectTimeoutError(endpoint_url="https://lambda"), "ConnectTimeoutError"),
    ],
)
def test_where_aws_does_not_say_it_is_skipped(error: Exception, says: str) -> None:
    [check] = found(Lambda(error=error), **DIRECT)
    assert (check.state, says in check.cause, check.remedy) == ("skipped", True, "lambda:GetAccountSettings")
