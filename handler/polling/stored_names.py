"""The names of polls' stored attributes and keys in the state table. They are independent of the names in the code.

During a deployment, functions of two versions read the same items. So a stored name never changes, and is never reused
for something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Sort keys: each poll has two items in its partition.
SCHEDULE: Final = "schedule"
STATE: Final = "state"

# Attributes of both items.
STARTS: Final = "starts"
EPOCH: Final = "epoch"

# Attributes of the state.
FORMAT: Final = "format"
TOP: Final = "top"
FLOOR: Final = "floor"
SEEN: Final = "seen"
MARKS: Final = "marks"
SWEEP: Final = "sweep"
PENDING: Final = "pending"
PENDING_LATE: Final = "pending_late"  # only in the first format
DIGEST: Final = "digest"
CANARIES: Final = "canaries"
BEHIND_SINCE: Final = "behind_since"
WATCHED: Final = "watched"
MOMENTS: Final = "moments"
RESENT_UPTO: Final = "resent_upto"
TIMED: Final = "timed"
TIMED_SEEN: Final = "timed_seen"

# Attributes of the schedule, each with the field of Schedule that it stores.
SCHEDULE_FIELDS: Final[Mapping[str, str]] = {
    "began_at": "began_at",
    "born_at": "state_known_at",
    "due_at": "due_at",
    "plan": "plan",
    "leased_until": "leased_until",
    "looked_at": "scanned_at",
    "whole_at": "complete_at",
    "more": "more",
    "failures": "failures",
    "code": "code",
    "detail": "detail",
    "held": "held",
    STARTS: "starts",
    "wish": "start_mode",
    "above": "above",
    "above_is": "above_kind",
    "resuming": "reuse_dismissed",
    EPOCH: "epoch",
    "found": "found",
    "late": "late",
    "given_up": "given_up",
    "full": "full",
}


def partition(poll: str) -> str:
    """Return the partition key of both items of a poll."""
    return f"poll#{poll}"
