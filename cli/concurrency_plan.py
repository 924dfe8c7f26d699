"""Whether the numbers of a function's concurrency fit each other, and the account."""

from __future__ import annotations

from typing import Final

# What an account keeps for all functions that reserve nothing.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
KEPT_BY_THE_ACCOUNT: Final = 100


def problems(maximum: int, reserved: int, provisioned: int, unreserved: int) -> list[str]:
    """Return what is wrong with a function's concurrency, in words that say what to do; nothing if it fits.

    `maximum` is how many batches the queue hands out at a time, `reserved` what the function reserves (0: nothing),
    `provisioned` what is kept warm (0: nothing), and `unreserved` what of the account's no function has reserved.
    """
    return _of_a_reservation(maximum, reserved, provisioned) if reserved else _of_none(maximum, provisioned, unreserved)


def _of_a_reservation(maximum: int, reserved: int, provisioned: int) -> list[str]:
    found = []
    if reserved <= maximum:
        found.append(
            f"ReservedConcurrency is {reserved} and MaximumConcurrency {maximum}: what is throttled uses up the "
            f"receive count of good events. Reserve {maximum + 1} or more, or nothing"
        )
    if provisioned > reserved:
        found.append(f"{provisioned} are kept warm, and {reserved} reserved: no more can be warm than are reserved")
    return found


def _of_none(maximum: int, provisioned: int, unreserved: int) -> list[str]:
    found = []
    if provisioned and provisioned > unreserved - KEPT_BY_THE_ACCOUNT:
        found.append(
            f"{provisioned} are kept warm, and of the {unreserved} that the account has unreserved it keeps "
            f"{KEPT_BY_THE_ACCOUNT}"
        )
    if maximum > unreserved:
        found.append(
            f"MaximumConcurrency is {maximum}, and the account has {unreserved} left that no function has reserved: "
            "lower it, reserve for this function, or ask AWS for a higher quota"
        )
    return found
