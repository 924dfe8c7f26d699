"""Whether the account has the concurrency that the function is to reserve, by a call that changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from cli import concurrency_plan
from cli.operations.refusals import code
from cli.planning.wishes import Wishes
from handler.health.model import Check, State

ACTION: Final = "lambda:GetAccountSettings"
_NAME: Final = "account"


def check(client: Any, wishes: Wishes) -> Iterator[Check]:
    """Ask Lambda, if anything is to be reserved. Without the right to ask, the check names the missing right."""
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
    # What this function has reserved already is not left, and is free for it all the same.
    state: State = "failed" if concurrency_plan.too_much_to_reserve(reserves, limit, limit) else "warning"
    remedy = "ask AWS for a higher quota of concurrent executions, or deploy with Intake=queue and reserve nothing"
    return Check(_NAME, state, cause=problem, remedy=remedy)
