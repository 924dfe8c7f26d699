"""Checks that the account has the concurrency that the function would reserve. It only reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from cli import concurrency_plan
from cli.operations.aws_errors import code
from cli.planning.request import Request
from handler.health.model import Check, State

ACTION: Final = "lambda:GetAccountSettings"
_NAME: Final = "account"


def check(client: Any, wishes: Request) -> Iterator[Check]:
    """Ask Lambda, if anything is to be reserved. If asking is not allowed, the check names the missing IAM action."""
    from botocore.exceptions import BotoCoreError, ClientError

    if not wishes.reserves:
        return
    try:
        limits = client.get_account_settings()["AccountLimit"]
    except ClientError as error:
        yield Check(_NAME, "skipped", cause=f"AWS does not say: {code(error)}", remedy=ACTION)
    except BotoCoreError as error:
        yield Check(_NAME, "skipped", cause=f"AWS does not say: {type(error).__name__}", remedy=ACTION)
    else:
        yield _judged(wishes.reserves, limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"])


def _judged(reserves: int, limit: int, unreserved: int) -> Check:
    problem = concurrency_plan.too_much_to_reserve(reserves, limit, unreserved)
    if not problem:
        return Check(_NAME, "ok", f"{reserves} to be reserved, {unreserved} left")
    # What this function reserves now is not in `unreserved`, but is available to it.
    state: State = "failed" if concurrency_plan.too_much_to_reserve(reserves, limit, limit) else "warning"
    remedy = "ask AWS for a higher quota of concurrent executions, or deploy with Intake=queue and reserve nothing"
    return Check(_NAME, state, cause=problem, remedy=remedy)
