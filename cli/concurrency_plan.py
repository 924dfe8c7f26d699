"""Checks that the concurrency settings of a function fit each other, and the account."""

from __future__ import annotations

from typing import Final

# AWS keeps this much of the account's concurrency for functions without a reservation.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
KEPT_BY_THE_ACCOUNT: Final = 100


def problems(maximum: int, reserved: int, provisioned: int, unreserved: int, *, polls: bool = False) -> list[str]:
    """Return what is wrong with a function's concurrency, with what to do; empty if nothing is.

    `maximum` is how many batches the queue invokes at a time, `reserved` the reserved concurrency (0: none),
    `provisioned` the provisioned concurrency (0: none), and `unreserved` what no function of the account has reserved.
    `polls`: a schedule invokes the function, too.
    """
    if reserved:
        return [*too_few_reserved(maximum, reserved, polls=polls), *_too_many_warm(provisioned, reserved)]
    return _of_none(maximum, provisioned, unreserved, polls)


def too_few_reserved(maximum: int, reserved: int, *, polls: bool) -> list[str]:
    """Return what is wrong if the queue can use up all reserved concurrency; empty if enough is left.

    `notifier doctor` needs one, and with `polls` the schedule needs one more.
    """
    if reserved <= maximum:
        wrong = "what is throttled uses up the receive count of good events"
    elif polls and reserved == maximum + 1:
        wrong = "with Polls=on the schedule and `notifier doctor` need one each"
    else:
        return []
    numbers = f"ReservedConcurrency is {reserved} and MaximumConcurrency {maximum}"
    enough = maximum + (2 if polls else 1)
    return [f"{numbers}: {wrong}. Reserve {enough} or more, or nothing"]


def too_much_to_reserve(reserved: int, limit: int, unreserved: int) -> str:
    """Return why AWS refuses to reserve this much; empty if it does not.

    `limit` is the account's total concurrency, and `unreserved` what no function has reserved yet.
    """
    numbers = f"{reserved} are to be reserved, and AWS keeps {KEPT_BY_THE_ACCOUNT} for functions that reserve nothing"
    if reserved > limit - KEPT_BY_THE_ACCOUNT:
        return f"{numbers}: the account has {limit} in all"
    if reserved > unreserved - KEPT_BY_THE_ACCOUNT:
        return f"{numbers}: the account has {unreserved} left, without what this function may have reserved already"
    return ""


def _too_many_warm(provisioned: int, reserved: int) -> list[str]:
    if provisioned <= reserved:
        return []
    return [f"{provisioned} are kept warm, and {reserved} reserved: no more can be warm than are reserved"]


def _of_none(maximum: int, provisioned: int, unreserved: int, polls: bool) -> list[str]:
    found = []
    if provisioned and provisioned > unreserved - KEPT_BY_THE_ACCOUNT:
        found.append(
            f"{provisioned} are kept warm, and of the {unreserved} that the account has unreserved it keeps "
            f"{KEPT_BY_THE_ACCOUNT}"
        )
    if maximum + polls > unreserved:
        beside = ", and with Polls=on the schedule needs one more" if polls else ""
        found.append(
            f"MaximumConcurrency is {maximum}{beside}, and the account has {unreserved} left that no function has "
            "reserved: lower it, reserve for this function, or ask AWS for a higher quota"
        )
    return found
