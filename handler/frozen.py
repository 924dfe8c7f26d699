"""Frozen value classes that are cheap to import.

`@dataclass(frozen=True, slots=True)` writes six methods of a class as text, and compiles them anew in each process. For
the function's classes that was a sixth of the import. The classes here share their methods, and compile none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from functools import cache
from operator import attrgetter
from reprlib import recursive_repr
from types import FunctionType
from typing import Any, Final, TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_T]) -> type[_T]:
    """Make of a class what `dataclass(frozen=True, slots=True)` makes of it; a method that it has itself stays.

    Every field can be passed by position and by name. Raises TypeError for a class that asks for something else: by
    InitVar, `kw_only`, `init=False`, `hash=` or `__post_init__`. Subclasses are frozen too.
    """
    if hasattr(cls, "__post_init__"):
        raise TypeError(f"{cls.__name__} has a __post_init__, which would not be called: use dataclass()")
    for name, method in _METHODS.items():
        if vars(cls).get(name) is None:  # __hash__ is None where a class has an __eq__ of its own
            setattr(cls, name, method)
    cls.__doc__ = cls.__doc__ or cls.__name__  # otherwise dataclass() makes one out of the signature, which takes long
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    if made.__match_args__ != tuple(one.name for one in fields(made)):
        raise TypeError(
            f"{cls.__name__} has a field that cannot be passed both by position and by name: use dataclass()"
        )
    if any(one.hash is not None for one in fields(made)):
        raise TypeError(f"{cls.__name__} has a field with hash=, which would be ignored: use dataclass()")
    return made  # type: ignore[no-any-return]


class _Methods:
    """What the classes share."""

    def __init__(self: Any, /, *given: Any, **named: Any) -> None:
        slots = _slots(self.__class__)
        for (_, set_slot, _), value in zip(slots, given):  # noqa: B905 - `strict=False` costs a quarter more
            set_slot(self, value)
        for name, set_slot, default in slots[len(given) :]:
            set_slot(self, named.pop(name) if name in named else default())
        if named or len(given) > len(slots):
            raise TypeError(
                f"{self.__class__.__name__}() got an unknown, repeated or extra argument; its fields are "
                f"{', '.join(self.__match_args__)}"
            )

    @recursive_repr()
    def __repr__(self: Any) -> str:
        shown = (f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    def __eq__(self: Any, other: object) -> bool:
        compared = _compared(self.__class__)
        return bool(compared(self) == compared(other)) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:
        return hash(_compared(self.__class__)(self))

    def __setattr__(self, name: str, value: Any) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __reduce__(self: Any) -> tuple[Any, ...]:  # for copy and pickle: they would set the fields one by one
        return self.__class__, tuple(getattr(self, one.name) for one in fields(self))


_METHODS: Final = {name: method for name, method in vars(_Methods).items() if isinstance(method, FunctionType)}


@cache
def _slots(cls: Any) -> list[tuple[str, Callable[[Any, Any], None], Callable[[], Any]]]:
    """Return for each field its name, a function that sets it, and one that makes its default."""
    return [(one.name, getattr(cls, one.name).__set__, _default(cls, one)) for one in fields(cls)]


def _default(cls: Any, one: Field[Any]) -> Callable[[], Any]:
    def default() -> Any:
        if one.default is MISSING:
            raise TypeError(f"{cls.__name__}() is missing {one.name}")
        return one.default

    return default if one.default_factory is MISSING else one.default_factory


@cache
def _compared(cls: Any) -> Callable[[Any], Any]:
    """Return a function that reads what two objects are compared by."""
    return attrgetter("__class__", *(one.name for one in fields(cls) if one.compare))
