"""`blocks.validate`, as documented in docs.slack.dev/reference/methods/blocks.validate.

That page shows pointers into `blocks` without that word in front (`/0/text/type`), and names no scope. It does not say
that a call without a token works, so such a call is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cli.slack_rules import Method, Problem, block_problems, message_problems
from lab.slack.answer import RefusedError
from lab.slack.arguments import parse_json
from lab.slack.config import Token
from lab.slack.standin import StandIn

CODE: Final = "failed_constraint"
_ONE_OF: Final = ("blocks", "view", "message")
_MISUSED: Final = "must provide exactly one of `blocks`, `view`, or `message`"


def validate(_slack: StandIn, _token: Token, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is wrong with blocks, or with a message. Views are not checked. Raises RefusedError."""
    given = [name for name in _ONE_OF if arguments.get(name)]
    if len(given) != 1:
        raise RefusedError("invalid_arguments", [_MISUSED])
    [name] = given
    document = _decoded(arguments[name], name)
    if name == "blocks":
        found = block_problems(document, "")
    else:
        found = message_problems(document.get("text") or "", document.get("blocks") or [], Method.POST)
    if found and name != "view":
        raise RefusedError(f"invalid_{name}", errors=[_error(one) for one in found])
    return {}


def _decoded(value: Any, name: str) -> Any:
    try:
        document = parse_json(value) if isinstance(value, str) else value
    except ValueError:
        document = None
    if not isinstance(document, list if name == "blocks" else dict):
        raise RefusedError(f"invalid_{name}", [f"`{name}` is not JSON of its kind"])
    return document


def _error(problem: Problem) -> dict[str, Any]:
    return {"code": CODE, "message": problem.message, "pointer": problem.pointer, "constraint": {}}
