"""The routes of the API: the paths that each matches, the tasks that it leads to, and the path that these get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

ROLES: Final = ("leader", "follower")


@dataclass(frozen=True, slots=True)
class Route:
    """One route and its integration.

    `pattern` matches paths that are still encoded; `*` is `$default`. `attributes` are the query of the integration's
    URI: only tasks with all of them are called. `strip` is the prefix that is removed from the path for the tasks.
    """

    pattern: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    strip: str = ""

    def takes(self, path: str) -> bool:
        """Return whether a path matches this route."""
        return fnmatchcase(path, self.pattern)

    def passed_on(self, target: str) -> str:
        """Return the path and query for the request to a task."""
        return target.removeprefix(self.strip)


DEFAULT: Final = (Route("*"),)


def by_role(attribute: str) -> tuple[Route, ...]:
    """Return the routes of infra/discovery/apigateway.yaml for its parameter RoleAttribute (empty: only `$default`)."""
    roles = ROLES if attribute else ()
    return (*(Route(f"/{role}/?*", {attribute: role}, f"/{role}") for role in roles), *DEFAULT)


def matching(routes: Iterable[Route], path: str) -> Route | None:
    """Return the first route that matches. AWS takes the most specific one, so list that one first."""
    return next((route for route in routes if route.takes(path)), None)
