"""Which arguments a filter takes, and what is wrong with the given ones, by the names that authors know."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import wraps
from inspect import Parameter, signature
from typing import Any, Final

from jinja2 import Undefined

from handler.templating.diagnosis import DiagnosedError, Diagnosis

_LAZY: Final = "default"  # its argument may be unusable if it is not needed


def count_injected(function: Callable[..., Any]) -> int:
    """Return how many arguments Jinja passes before the value: 1 for a filter that takes its environment or context."""
    return int(hasattr(function, "jinja_pass_arg"))


def parameters(function: Callable[..., Any]) -> Mapping[str, Parameter]:
    """Return the arguments that an author can give to a filter, by name."""
    parameters = [*signature(function).parameters.values()][count_injected(function) + 1 :]
    return {one.name: one for one in parameters}


def find_problem(name: str, function: Callable[..., Any], given: int, named: Collection[str]) -> Diagnosis | None:
    """Return what is wrong with `given` positional arguments and the named ones, or None."""
    known = parameters(function)
    accepted = tuple(known)
    if unknown := next((one for one in named if one not in known), ""):
        return Diagnosis("argument_unknown", unknown, name, accepted=accepted)
    if given > len(known):
        return Diagnosis(
            "argument_unwanted" if given == 1 else "too_many_arguments", "", name, accepted=accepted, size=given
        )
    if twice := next((one for one in accepted[:given] if one in named), ""):
        return Diagnosis("argument_twice", twice, name, accepted=accepted)
    needed = [one.name for one in [*known.values()][given:] if one.default is Parameter.empty]
    lacking = next((one for one in needed if one not in named), "")
    return Diagnosis("argument_missing", lacking, name) if lacking else None


def check_arguments(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same filter, which raises TemplateError (TEMPLATE_FAILED) for wrong arguments.

    An argument that is undefined or unusable raises its own error.
    """
    first = count_injected(function) + 1

    @wraps(function)
    def called(*values: Any, **named: Any) -> Any:
        try:
            if name != _LAZY:
                for value in (*values[first:], *named.values()):
                    if isinstance(value, Undefined):
                        str(value)  # a strict undefined raises its own message
            return function(*values, **named)
        except TypeError:
            if problem := find_problem(name, function, len(values) - first, named):
                raise DiagnosedError(problem) from None
            raise

    return called
