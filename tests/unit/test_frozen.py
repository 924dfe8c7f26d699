"""A frozen class is what `dataclass(frozen=True, slots=True)` makes: the same table of classes is made by both."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Callable
from copy import copy, deepcopy
from dataclasses import FrozenInstanceError, InitVar, asdict, astuple, dataclass, field, fields, is_dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

import handler
from handler.frozen import frozen

Decorator = Callable[[type], type]
plain = partial(dataclass, frozen=True, slots=True)


def empty(decorate: Decorator) -> type:
    @decorate
    class Empty:
        """Without fields."""

    return Empty


def one(decorate: Decorator) -> type:
    @decorate
    class One:
        """With one field."""

        a: Any

    return One


def defaults(decorate: Decorator) -> type:
    @decorate
    class Defaults:
        """With each kind of default."""

        a: Any
        b: Any = 0
        c: Any = field(default_factory=list)
        d: Any = field(default=())
        self: Any = None
        kind: ClassVar[str] = "no field"

    return Defaults


def secret(decorate: Decorator) -> type:
    @decorate
    class Secret:
        """With fields that are not shown or not compared."""

        a: Any
        b: Any = field(repr=False)
        c: Any = field(default=1, compare=False)
        d: Any = field(default_factory=dict, repr=False, compare=False)

    return Secret


def hidden(decorate: Decorator) -> type:
    @decorate
    class Hidden:
        """With nothing that is compared."""

        a: Any = field(repr=False, compare=False)

    return Hidden


def inherited(decorate: Decorator) -> type:
    @decorate
    class Child(defaults(decorate)):  # type: ignore[misc]
        """Of a class that is frozen: a field more, and another default for one."""

        b: Any = "of the child"
        e: Any = "more"

    return Child


def undecorated(decorate: Decorator) -> type:
    class Undecorated(defaults(decorate)):  # type: ignore[misc]
        """Of a class that is frozen, with nothing of its own."""

        __slots__ = ()

    return Undecorated


def own_methods(decorate: Decorator) -> type:
    @decorate
    class OwnMethods:  # noqa: PLW1641 - its hash is that of its fields
        """With methods of its own."""

        a: Any
        b: Any = 1

        @property
        def both(self) -> tuple[Any, Any]:
            return self.a, self.b

        def __eq__(self, other: object) -> bool:
            return isinstance(other, OwnMethods)

        def __repr__(self) -> str:
            return "of its own"

    return OwnMethods


def own_hash(decorate: Decorator) -> type:
    @decorate
    class OwnHash:
        """With a hash of its own."""

        a: Any

        def __eq__(self, other: object) -> bool:
            return isinstance(other, OwnHash)

        def __hash__(self) -> int:
            return 1

    return OwnHash


def undocumented(decorate: Decorator) -> type:
    @decorate
    class Undocumented:
        a: Any

    return Undocumented


SHAPES = [empty, one, defaults, secret, hidden, inherited, undecorated, own_methods, own_hash, undocumented]
PAIRS = [(shape(frozen), shape(plain)) for shape in SHAPES]
# Few, so that equal ones meet; some can have no hash.
VALUES = st.sampled_from([0, 1, 1.0, True, "", "a", None, (), (1,), [], [1], {"k": [1]}])
NAMES = st.sampled_from(["a", "b", "c", "d", "e", "self", "kind", "x"])


@st.composite
def calls(draw: st.DrawFn) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a call: too few, enough, too many, unknown ones, one twice."""
    return draw(st.lists(VALUES, max_size=6)), draw(st.dictionaries(NAMES, VALUES, max_size=3))


def told(call: Callable[[], Any]) -> Any:
    """What a call returns, or the class of what it raises."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - whatever it is, both have to raise it
        return type(error)


def state(one: Any) -> Any:
    """All that can be seen of an object, without its class."""
    return one if isinstance(one, type) else (repr(one), astuple(one), asdict(one))


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda made: made.__name__)
@given(call=calls(), other=calls(), changes=st.dictionaries(NAMES, VALUES, max_size=2))
def test_its_objects_are_those_of_a_frozen_dataclass(
    ours: type, theirs: type, call: tuple[Any, Any], other: tuple[Any, Any], changes: dict[str, Any]
) -> None:
    mine, its = (told(lambda kind=kind: kind(*call[0], **call[1])) for kind in (ours, theirs))
    assert state(mine) == state(its)
    if isinstance(mine, type):
        return
    second, its_second = (told(lambda kind=kind: kind(*other[0], **other[1])) for kind in (ours, theirs))
    assert (mine == second, mine != second) == (its == its_second, its != its_second)
    assert state(told(lambda: replace(mine, **changes))) == state(told(lambda: replace(its, **changes)))
    assert told(lambda: hash(mine) == hash(second)) == told(lambda: hash(its) == hash(its_second))
    assert told(lambda: hash(mine) == hash(ours(*call[0], **call[1]))) in (True, TypeError)
    for again in (copy(mine), deepcopy(mine)):
        assert type(again) is ours
        assert state(again) == state(mine)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda made: made.__name__)
def test_the_class_is_that_of_a_frozen_dataclass(ours: Any, theirs: Any) -> None:
    def described(made: Any) -> Any:
        return [(one.name, one.type, one.default, one.default_factory, one.repr, one.compare) for one in fields(made)]

    assert is_dataclass(ours)
    assert described(ours) == described(theirs)
    assert ours.__match_args__ == theirs.__match_args__
    assert ours.__slots__ == theirs.__slots__
    assert (ours.__name__, ours.__qualname__, ours.__module__) == (theirs.__name__, theirs.__qualname__, __name__)
    assert ours.__doc__ == theirs.__doc__ or (ours.__doc__, ours.__name__) == ("Undocumented", "Undocumented")
    assert vars(ours).keys() >= {name for name in vars(theirs) if not name.startswith("__")}


@pytest.mark.parametrize("ours", [ours for ours, _ in PAIRS], ids=lambda made: made.__name__)
def test_nothing_of_an_object_can_be_set_or_deleted(ours: Any) -> None:
    made = ours(*["x" for one in fields(ours)][: len(fields(ours))])
    before = state(made)
    for name in ("a", "x", "__class__", "__dict__"):
        with pytest.raises(FrozenInstanceError, match=f"cannot assign to field '{name}'"):
            setattr(made, name, 1)
        with pytest.raises(FrozenInstanceError, match=f"cannot delete field '{name}'"):
            delattr(made, name)
    assert not hasattr(made, "__dict__")
    assert state(made) == before


def test_objects_of_two_classes_are_never_equal() -> None:
    made = [ours(*["x" for _ in fields(ours)]) for ours in (one(frozen), one(frozen), hidden(frozen), secret(frozen))]
    assert [[a == b for b in made] for a in made] == [[a is b for b in made] for a in made]
    child, parent = inherited(frozen)(1), defaults(frozen)(1)
    assert child.__eq__(parent) is parent.__eq__(child) is NotImplemented


def test_what_is_not_compared_makes_no_difference_and_what_is_not_shown_is_not_in_the_repr() -> None:
    kind = secret(frozen)
    made, other = kind(1, "password", 2), kind(1, "password", 3)
    assert made == other
    assert hash(made) == hash(other)
    assert made != kind(1, "another", 2)
    assert repr(made).endswith("Secret(a=1, c=2)")


def test_an_object_that_holds_itself_can_be_shown() -> None:
    held: list[Any] = []
    made = one(frozen)(held)
    held.append(made)
    assert repr(made).endswith("One(a=[...])")


def test_each_object_has_a_default_of_its_own() -> None:
    kind = defaults(frozen)
    assert kind(1).c is not kind(1).c


@pytest.mark.parametrize(
    ("values", "named", "said"),
    [
        ([], {}, "Defaults() is missing a"),
        (
            [1, 2, 3, 4, 5, 6],
            {},
            "Defaults() got an unknown, repeated or extra argument; its fields are a, b, c, d, self",
        ),
        ([1], {"a": 1}, "Defaults() got an unknown, repeated or extra argument; its fields are a, b, c, d, self"),
        (
            [1],
            {"x": "a value"},
            "Defaults() got an unknown, repeated or extra argument; its fields are a, b, c, d, self",
        ),
    ],
)
def test_a_wrong_call_is_told_by_names_and_without_values(values: list[Any], named: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError) as raised:
        defaults(frozen)(*values, **named)
    assert str(raised.value) == said


@frozen
class Pickled:
    """A class that pickle finds by its name."""

    a: int
    b: str = field(default="", repr=False)


def test_an_object_can_be_pickled() -> None:
    made = Pickled(1, "secret")
    assert pickle.loads(pickle.dumps(made)) == made


def test_an_object_can_be_matched() -> None:
    match Pickled(1, "b"):
        case Pickled(a, b):
            assert (a, b) == (1, "b")


@pytest.mark.parametrize(
    "unfit",
    [
        {"a": field(init=False, default=1), "__annotations__": {"a": "int"}},
        {"a": field(kw_only=True), "__annotations__": {"a": "int"}},
        {"__annotations__": {"a": InitVar[int]}},
    ],
)
def test_a_class_whose_fields_cannot_be_given_by_position_is_refused(unfit: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"Unfit has a field that cannot be passed both by position and by name"):
        frozen(type("Unfit", (), unfit))


class Checking:
    def __post_init__(self) -> None:
        """A check that must not be lost."""


@pytest.mark.parametrize(
    ("bases", "unfit", "why"),
    [
        ((), {"__post_init__": print}, "__post_init__"),
        ((Checking,), {}, "__post_init__"),
        ((), {"a": field(hash=False), "__annotations__": {"a": "int"}}, "hash="),
    ],
)
def test_what_would_be_ignored_is_refused(bases: tuple[type, ...], unfit: dict[str, Any], why: str) -> None:
    with pytest.raises(TypeError, match=f"Unfit has a .*{why}.*: use dataclass"):
        frozen(type("Unfit", bases, unfit))


def test_all_frozen_classes_of_the_function_are_made_by_it() -> None:
    """One made by `dataclass` would work as well, and cost a cold start more."""
    made = {
        f"{path.name}: {kind.name}"
        for path in Path(handler.__file__).parent.rglob("*.py")
        for kind in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(kind, ast.ClassDef)
        and any("dataclass" in ast.unparse(by) and "frozen" in ast.unparse(by) for by in kind.decorator_list)
    }
    assert made == set()
