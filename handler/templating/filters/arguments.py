"""Which arguments a filter takes, and what is wrong with those that it is given, under the names that authors know."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import wraps
from inspect import Parameter, signature
from typing import Any, Final

from jinja2 import Undefined

from handler.templating.diagnosis import DiagnosedError, Diagnosis

_LAZY: Final = "default"  # takes a value that cannot be used where it is not needed


def before(function: Callable[..., Any]) -> int:
    """Return how many values stand before a filter's value: Jinja passes some filters its environment or context."""
    return int(hasattr(function, "jinja_pass_arg"))


def taken(function: Callable[..., Any]) -> Mapping[str, Parameter]:
    """Return the arguments that an author can give to a filter, by name."""
    parameters = [*signature(function).parameters.values()][before(function) + 1 :]
    return {one.name: one for one in parameters}


def refused(name: str, function: Callable[..., Any], given: int, named: Collection[str]) -> Diagnosis | None:
    """Return what is wrong with `given` arguments by position and the named ones; None if a filter takes them."""
    known = taken(function)
    takes = tuple(known)
    if unknown := next((one for one in named if one not in known), ""):
        return Diagnosis("argument_unknown", unknown, name, takes=takes)
    if given > len(known):
        return Diagnosis("argument_unwanted" if given == 1 else "too_many_arguments", "", name, takes=takes, size=given)
    if twice := next((one for one in takes[:given] if one in named), ""):
        return Diagnosis("argument_twice", twice, name, takes=takes)
    needed = [one.name for one in [*known.values()][given:] if one.default is Parameter.empty]
    lacking = next((one for one in needed if one not in named), "")
    return Diagnosis("argument_missing", lacking, name) if lacking else None


def checked(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same filter, which says what is wrong with its arguments; raises TemplateError (TEMPLATE_FAILED).

    An argument that is missing, or cannot be used, raises its own error.
    """
    first = before(function) + 1

    @wraps(function)
    def called(*values: Any, **named: Any) -> Any:
        try:
            if name != _LAZY:
                for value in (*values[first:], *named.values()):
                    if isinstance(value, Undefined):
                        str(value)  # a strict undefined raises its own message
            return function(*values, **named)
        except TypeError:
            if problem := refused(name, function, len(values) - first, named):
                raise DiagnosedError(problem) from None
            raise

    return called
