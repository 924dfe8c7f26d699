"""The routes of the API: which paths each takes, which tasks it leads to, and what these are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

ROLES: Final = ("leader", "follower")


@dataclass(frozen=True, slots=True)
class Route:
    """One route and its integration.

    `pattern` is of paths, still encoded; `*` is `$default`. `attributes` stand behind the `?` of the integration's
    address: only tasks that have all of them are asked. `strip` is what the tasks do not see of the path.
    """

    pattern: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    strip: str = ""

    def takes(self, path: str) -> bool:
        """Whether a path is this route's."""
        return fnmatchcase(path, self.pattern)

    def passed_on(self, target: str) -> str:
        """Return the path and query that a task is asked for."""
        return target.removeprefix(self.strip)


DEFAULT: Final = (Route("*"),)


def by_role(attribute: str) -> tuple[Route, ...]:
    """Return the routes of infra/discovery/apigateway.yaml for its parameter RoleAttribute; empty: `$default` alone."""
    roles = ROLES if attribute else ()
    return (*(Route(f"/{role}/?*", {attribute: role}, f"/{role}") for role in roles), *DEFAULT)


def matching(routes: Iterable[Route], path: str) -> Route | None:
    """Return the first route that takes the path. AWS takes the most specific one: list that one first."""
    return next((route for route in routes if route.takes(path)), None)
