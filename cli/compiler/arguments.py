"""Checks the arguments of filters: missing, unknown, one too many, or of the wrong type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from inspect import Parameter
from typing import Any, Final, NamedTuple

from jinja2 import nodes

from cli import diagnoses
from cli.compiler import rewriting
from cli.compiler.unparse import unparse
from cli.language import say
from handler.templating import FILTERS
from handler.templating.filters.arguments import find_problem, parameters

_EXAMPLE: Final = r"\{\{ .* \| %s\((.*?)\) \}\}"  # in the docstring of a filter
_NUMBER: Final = re.compile(r"\s*-?\d{1,3}\s*")


class Wrong(NamedTuple):
    """What is wrong with a filter's arguments, and the whole corrected expression."""

    message: str
    right: str


def wrong(code: str) -> Iterator[Wrong]:
    """Yield what is wrong with the arguments of each filter in an expression, such as `money` without a currency."""
    for place, node in enumerate(rewriting.filters(code)):
        message = _problem(node) if node.name in FILTERS else ""
        if message:
            tree = rewriting.parsed(code)  # a separate tree, because it is changed
            mended = [*rewriting.filters_of(tree)][place] if tree else node
            _mend(mended)
            yield Wrong(message, unparse(tree) if tree else "")


def completed(code: str, name: str) -> str:
    """Return the expression with the missing arguments of a filter added."""
    return next((one.right for one in wrong(code) if f"`{name}`" in one.message), "") or code


def _problem(node: nodes.Filter) -> str:
    problem = find_problem(node.name, FILTERS[node.name], len(node.args), [str(one.key) for one in node.kwargs])
    if problem:
        message = diagnoses.words(problem).message
        if problem.kind == "argument_missing":
            return message
        return say("{message}: it takes {accepted}", message=message, accepted=_accepted(node.name))
    for parameter, value in _given(node):
        if found := _mistaken_type(parameter, value):
            return say("`{argument}` of `{filter}` is {form}", argument=parameter.name, filter=node.name, form=found)
    return ""


def _accepted(name: str) -> str:
    return say(" and ").join(parameters(FILTERS[name])) or say("none")


def _given(node: nodes.Filter) -> Iterator[tuple[Parameter, nodes.Expr]]:
    known = parameters(FILTERS[node.name])
    yield from zip(known.values(), node.args, strict=False)
    yield from ((known[str(one.key)], one.value) for one in node.kwargs)


def _mistaken_type(parameter: Parameter, value: nodes.Expr) -> str:
    """Say which type an argument should have, if its literal has another one; else ""."""
    wanted = str(parameter.annotation)
    match value:
        case nodes.Const(value=str()) if wanted.startswith("int"):
            return say("a number, without quotes")
        case nodes.Const(value=bool()):
            return "" if wanted in ("bool", "Any") else _wanted(wanted)
        case nodes.Const(value=int() | float()) if wanted.startswith("str"):
            return say("a text, in quotes")
        case nodes.Const(value=str()) if wanted == "bool":
            return say("`true` or `false`, without quotes")
        case _:
            return ""


def _wanted(annotation: str) -> str:
    return say("a number") if annotation.startswith("int") else say("a text, in quotes")


def _mend(node: Any) -> None:
    """Correct the arguments of a filter in place. Missing ones are taken from the filter's example."""
    known = [*parameters(FILTERS[node.name]).values()]
    node.args = node.args[: len(known)]
    _rename(node, known)
    taken = {one.name for one in known[: len(node.args)]}
    node.kwargs = [one for one in node.kwargs if one.key not in taken]
    examples = dict(zip((one.name for one in known), _example(node.name), strict=False))
    named = {one.key for one in node.kwargs}
    for parameter in known[len(node.args) :]:
        if parameter.default is Parameter.empty and parameter.name not in named:
            needed = examples.get(parameter.name, nodes.Const("…"))
            if len(node.args) == known.index(parameter):
                node.args.append(needed)
            else:
                node.kwargs.append(nodes.Keyword(parameter.name, needed))
    node.args = [_typed(one, parameter, examples) for one, parameter in zip(node.args, known, strict=False)]
    for keyword in node.kwargs:
        keyword.value = _typed(keyword.value, parameters(FILTERS[node.name])[keyword.key], examples)


def _rename(node: Any, known: list[Parameter]) -> None:
    """Rename unknown arguments to the nearest free name, or remove them."""
    free = [one.name for one in known[len(node.args) :] if one.name not in {key.key for key in node.kwargs}]
    kept = []
    for keyword in node.kwargs:
        if keyword.key not in {one.name for one in known}:
            close = get_close_matches(keyword.key, free, n=1) or free[:1]
            if not close:
                continue
            keyword.key = close[0]
            free.remove(close[0])
        kept.append(keyword)
    node.kwargs = kept


def _typed(value: nodes.Expr, parameter: Parameter, examples: dict[str, nodes.Expr]) -> nodes.Expr:
    if not _mistaken_type(parameter, value):
        return value
    text = getattr(value, "value", None)
    if isinstance(text, str) and _NUMBER.fullmatch(text) and str(parameter.annotation).startswith("int"):
        return nodes.Const(int(text))
    if isinstance(text, str) and parameter.annotation == "bool":
        return nodes.Const(text.lower() in ("true", "yes", "1", "on"))
    default = parameter.default if parameter.default is not Parameter.empty else None
    return examples.get(parameter.name) or nodes.Const(default)


def _example(name: str) -> list[nodes.Expr]:
    """Return the arguments that the filter has in the example of its docstring."""
    shown = re.search(_EXAMPLE % name, FILTERS[name].__doc__ or "")
    tree = rewriting.parsed(f"x | {name}({shown[1]})") if shown else None
    return tree.args if isinstance(tree, nodes.Filter) else []
