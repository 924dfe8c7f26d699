"""Match patterns of ids without backtracking, so the time grows only with the length of the id.

Python's `re` tries the possible matches one by one: with (a+)+ or (aa|a){26} it can run for years. This module follows
all possible matches at once (Thompson's construction). `re` still parses the pattern, and matches single characters and
anchors, so that they have the same meaning as in `re` (docs/decisions/0016).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from handler.model import MAX_ID
from handler.templating.diagnosis import DiagnosedError, Diagnosis

if TYPE_CHECKING:
    from handler.templating.kinds import Kind

# Far more than a pattern of ids needs. A match takes at most MAX_ID x MAX_STATES steps: some tens of milliseconds.
MAX_STATES: Final = 1000
MAX_PATTERN: Final = 1000  # characters
MAX_DEPTH: Final = 20

_parser: Final[Any] = import_module("re._parser")
_compiler: Final[Any] = import_module("re._compiler")

# Look-around, back references and atomic groups cannot be matched while following all matches at once.
_REFUSED: Final[dict[str, Kind]] = {
    "ASSERT": "pattern_looks_ahead",
    "ASSERT_NOT": "pattern_forbids",
    "FAILURE": "pattern_matches_nothing",
    "GROUPREF": "pattern_refers",
    "GROUPREF_EXISTS": "pattern_depends",
    "ATOMIC_GROUP": "pattern_atomic",
    "POSSESSIVE_REPEAT": "pattern_possessive",
}
_LEAVES: Final = frozenset({"LITERAL", "NOT_LITERAL", "ANY", "IN", "AT"})

_ALPHABETS: Final = re.ASCII | re.UNICODE  # these flags exclude each other
_ACCEPT: Final = 0


class IdPattern:
    """A compiled pattern. Each state has a leaf that must match (None: none), and the numbers of the next states."""

    def __init__(self, pattern: str) -> None:
        """Raises DiagnosedError (TEMPLATE_SYNTAX, TEMPLATE_FORBIDDEN, TEMPLATE_LIMIT)."""
        self._states: list[tuple[re.Pattern[str] | None, tuple[int, ...]]] = [(None, ())]
        tree = _parsed(pattern)
        self._start = self._sequence(tree, _ACCEPT, tree.state.flags, MAX_DEPTH)

    def matches(self, text: str) -> bool:
        """Return whether the pattern matches the whole text, as `re.fullmatch` does. False if the text is too long."""
        if len(text) > MAX_ID:
            return False
        reached: set[int] = set()
        following = [self._start]
        for at in range(len(text) + 1):
            here, following, reached = following, [], set()
            while here:
                state = here.pop()
                if state not in reached:
                    reached.add(state)
                    leaf, targets = self._states[state]
                    if leaf is None:
                        here += targets
                    elif found := leaf.match(text, at):
                        (here if found.end() == at else following).extend(targets)
        return _ACCEPT in reached

    def _state(self, leaf: re.Pattern[str] | None, *targets: int) -> int:
        if len(self._states) >= MAX_STATES:
            raise DiagnosedError(Diagnosis("pattern_too_large"))
        self._states.append((leaf, targets))
        return len(self._states) - 1

    def _sequence(self, items: Iterable[tuple[Any, Any]], after: int, flags: int, depth: int) -> int:
        """Add the states of a sequence that leads to the state `after`. Return the number of its first state."""
        if not depth:
            raise DiagnosedError(Diagnosis("pattern_too_deep", limit=MAX_DEPTH))
        for item in reversed(list(items)):
            after = self._node(item, after, flags, depth)
        return after

    def _node(self, item: tuple[Any, Any], after: int, flags: int, depth: int) -> int:
        name, value = str(item[0]), item[1]
        if name in _REFUSED:
            raise DiagnosedError(Diagnosis(_REFUSED[name]))
        inner = partial(self._sequence, depth=depth - 1)
        match name:
            case "SUBPATTERN":
                _, added, removed, content = value
                kept = flags & ~_ALPHABETS if added & _ALPHABETS else flags
                return inner(content, after, (kept | added) & ~removed)
            case "BRANCH":
                return self._state(None, *(inner(branch, after, flags) for branch in value[1]))
            case "MAX_REPEAT" | "MIN_REPEAT":
                least, most, content = value
                return self._repeat(partial(inner, content, flags=flags), int(least), int(most), after)
            case _ if name in _LEAVES:
                return self._state(_leaf(item, flags), after)
        raise DiagnosedError(Diagnosis("pattern_part"))

    def _repeat(self, content: Any, least: int, most: int, after: int) -> int:
        """Add the states of the content once for each required and once for each optional repeat.

        An id has at most MAX_ID characters, so a limit above MAX_ID is the same as no limit.
        """
        if most > MAX_ID:
            loop = self._state(None)
            self._states[loop] = (None, (content(after=loop), after))
            after = loop
        else:
            for _ in range(most - least):
                after = self._state(None, content(after=after), after)
        for _ in range(min(least, MAX_ID + 1)):
            before, after = after, content(after=after)
            if before == after:  # the content is empty, and so is every repeat
                break
        return after


@cache
def compiled(pattern: str) -> IdPattern:
    """Return the pattern, compiled once. Raises DiagnosedError."""
    return IdPattern(pattern)


def _parsed(pattern: str) -> Any:
    if len(pattern) > MAX_PATTERN:
        raise DiagnosedError(Diagnosis("pattern_too_long", limit=MAX_PATTERN))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a [ within a class
            return _parser.parse(pattern)
    except re.error as error:
        at = None if error.pos is None else error.pos + 1
        kind: Kind = "pattern_unreadable_at" if at else "pattern_unreadable"
        raise DiagnosedError(Diagnosis(kind, size=at or 0)) from None
    except OverflowError:
        raise DiagnosedError(Diagnosis("pattern_unreadable")) from None
    except RecursionError:
        raise DiagnosedError(Diagnosis("pattern_too_deep", limit=MAX_DEPTH)) from None


def _leaf(item: tuple[Any, Any], flags: int) -> re.Pattern[str]:
    """Return the item alone as a pattern of `re`. It matches one character, or none if it is an anchor."""
    state = _parser.State()
    state.flags = flags
    found: re.Pattern[str] = _compiler.compile(_parser.SubPattern(state, [item]))
    return found
