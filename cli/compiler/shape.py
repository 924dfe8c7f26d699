"""Checks the shape of a node: mapping, list, text and so on. Each check reports, and returns None or less."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

from cli.compiler import yaml_mistakes
from cli.compiler.findings import Edit, Place, Report
from cli.compiler.nodes import Entry, Mapping, Node, Scalar, Sequence
from cli.compiler.yaml_mistakes import quoted
from cli.language import say

# A text that contains one of these is a template.
EXPRESSIONS = ("{{", "{%", "{#")
# `optionl` is taken for `optional`, but `maybe` is not taken for `many`.
_ALIKE: Final = 0.75


def keys(
    node: Node,
    report: Report,
    *,
    required: Collection[str] = (),
    optional: Collection[str] = (),
    meant: dict[str, str] | None = None,
    examples: dict[str, str] | None = None,
    instead: str = "",
) -> dict[str, Node]:
    """Return the values of known keys. Report unknown and missing ones.

    `meant` maps other names for a key to the right one. `examples` has values for required keys. `instead` says what to
    write if the node is not a mapping.
    """
    found: dict[str, Node] = {}
    misspelt = set()
    for entry in entries(node, report, instead):
        if entry.key.text in required or entry.key.text in optional:
            found[entry.key.text] = entry.value
        else:
            taken = [one.key.text for one in node.entries] if isinstance(node, Mapping) else []
            misspelt.add(_unknown(entry, (*required, *optional), taken, meant or {}, report))
    if isinstance(node, Mapping):
        for name in required:
            if name not in found and name not in misspelt:
                message = say("`{name}` is missing{within}", name=name, within=_within(node))
                fix = say("add {code}", code=f"{name}: {examples[name]}") if examples else ""
                report.add(node.place, "KEY_MISSING", message, fix)
    return found


def _unknown(entry: Entry, known: Iterable[str], taken: Collection[str], meant: dict[str, str], report: Report) -> str:
    """Report an unknown key. Return the known key that it seems to be; empty if none."""
    word = entry.key.text
    close: list[str] = []
    if slip := yaml_mistakes.in_key(word, known):
        message, fix = slip
    elif " " in word and isinstance(entry.value, Scalar) and not entry.value.text:
        message = say("`{word}` is read as a key: a comma ended the value before it", word=word)
        fix = say("put the value into quotes")
    else:
        close = [*filter(None, [closest_key(word, known, meant)])]
        message = say("there is no key `{word}`{within}", word=word, within=_within(entry.key))
        fix = say("the keys here are: {names}", names=", ".join(known))
        if close and close[0] in taken:
            fix, close = say("remove it: `{key}` stands here already", key=close[0]), []
        elif close:
            fix = say("write {code}", code=f"`{close[0]}`")
    edit = Edit(entry.key.source, close[0]) if close else None
    report.add(entry.key.place, "KEY_UNKNOWN", message, fix, edit)
    return close[0] if close else ""


def closest_key(word: str, known: Iterable[str], meant: dict[str, str]) -> str:
    """Return the known key that a word seems to be, ignoring upper case; empty if none."""
    lower = word.lower()
    return meant.get(lower) or next(iter(difflib.get_close_matches(lower, known, n=1)), "")


def _within(node: Mapping | Scalar) -> str:
    path = node.place.path
    if isinstance(node, Scalar):
        path = path.removesuffix(node.text).removesuffix(".")
    return say(" in `{path}`", path=path) if path else ""


def entries(node: Node, report: Report, instead: str = "") -> tuple[Entry, ...]:
    """Return the entries of a mapping whose keys have no expressions. Report anything else."""
    if not isinstance(node, Mapping):
        message = say("{name} takes `key: value` lines, not {kind}", name=_name(node), kind=_kind(node))
        report.add(node.place, "VALUE_INVALID", message, instead)
        return ()
    for entry in node.entries:
        _free_of_expressions(entry.key, report)
    return node.entries


def items(node: Node, report: Report) -> tuple[Node, ...]:
    """Return the items of a list. Report anything else."""
    if not isinstance(node, Sequence):
        if isinstance(at(node, _key(node)), Sequence):  # pasted with the braces and the key around it
            name, key = _name(node), _key(node)
            message = say("{name} takes a list (`- `), and its list stands under a second `{key}`", name=name, key=key)
            fix = say("remove the inner `{key}:`, and what closes it", key=key)
            report.add(node.place, "VALUE_INVALID", message, fix)
            return ()
        first = node.entries[0].key.text if isinstance(node, Mapping) and node.entries else ""
        message = say("{name} takes a list (`- `), not {kind}", name=_name(node), kind=_kind(node))
        fix = say("write `- {key}: ...`, with a blank after the -", key=first.lstrip("-")) if first else ""
        report.add(node.place, "VALUE_INVALID", message, fix)
        return ()
    return node.items


def filled(node: Node, report: Report) -> Node:
    """Return the node, and report a mapping or list that is empty."""
    if (isinstance(node, Mapping) and not node.entries) or (isinstance(node, Sequence) and not node.items):
        report.add(node.place, "VALUE_INVALID", _empty(node), say("write something, or remove it"))
    return node


def text(node: Node, report: Report, *, example: str = "", exact: bool = False) -> str | None:
    """Return a text without its trailing line breaks. A number or a word such as `true` is returned as written.

    `example` is suggested if the value is empty. With `exact`, all white space is kept, and a text of white space only
    is allowed.
    """
    if not isinstance(node, Scalar):
        message = say("{name} takes a text, not {kind}", name=_name(node), kind=_kind(node))
        report.add(node.place, "VALUE_INVALID", message, _without_object(node) or _example(node, example))
    elif node.comment:
        message = say("{name} is empty: YAML reads everything after # as a comment", name=_name(node))
        report.add(node.place, "VALUE_INVALID", message, quoted(f"{_key(node)}: {node.comment}"))
    elif node.style == "plain" and (inner := yaml_mistakes.between_curly_quotes(node.text)):
        message = say("the curly quotes around {name} are part of the text; YAML's are straight", name=_name(node))
        report.add(node.place, "VALUE_INVALID", message, say("write {code}", code=f'{_key(node)}: "{inner}"'))
    elif node.lost:
        name = _name(node)
        message = say("YAML reads `{lost}` as a comment, not as a part of {name}", lost=node.lost, name=name)
        report.add(node.place, "VALUE_INVALID", message, quoted(f"{_key(node)}: {node.text} {node.lost}"))
    elif node.value is None or not (exact or node.text.strip()):
        report.add(node.place, "VALUE_INVALID", _empty(node), _example(node, example) or say("write a text"))
    else:
        return node.text if exact else node.text.rstrip("\n")
    return None


def _without_object(node: Node) -> str:
    """Suggest what to write in place of a Slack text object, such as `{type: mrkdwn, text: Hello}`."""
    inner = at(node, "text")
    written = rewritten(replace(inner, place=node.place), inner.text) if isinstance(inner, Scalar) else ""
    within = next((key for key in ("for", "if") if at(node, key)), "")
    more = say("`{within}` stands beside `{key}`, not within it", within=within, key=_key(node)) if within else ""
    return written and say("; ").join(filter(None, (written, more)))


def _example(node: Node, value: str) -> str:
    return value and say("write {code}", code=f"{_key(node)}: {value}")


def literal(node: Node, report: Report, *, example: str = "", exact: bool = False) -> str | None:
    """Return a text without expressions; `example` and `exact` as in `text`."""
    found = text(node, report, example=example, exact=exact)
    return found if found is None or _free_of_expressions(node, report) else None


def _free_of_expressions(node: Node, report: Report) -> bool:
    if not isinstance(node, Scalar) or not any(mark in node.text for mark in EXPRESSIONS):
        return True
    message = say("{name} is taken as it stands: no {{{{ }}}} or {{% %}} here", name=_name(node))
    report.add(node.place, "TEMPLATE_FORBIDDEN", message, say("write it out; expressions belong in texts and URLs"))
    return False


def choice(node: Node, options: Collection[str], report: Report) -> str | None:
    """Return one of `options`. Report any other word, and return the option that it probably means, else None."""
    word = literal(node, report)
    if word is None or word in options:
        return word
    close = [one for one in options if one.startswith(word)] or difflib.get_close_matches(word, options, 1, _ALIKE)
    names = ", ".join(options)
    message = say("{name} is one of: {names}", name=_name(node), names=names)
    fix = say("write one of: {names}", names=names)
    if len(close) == 1:
        fix = say("write {code}", code=f"`{close[0]}`")
    edit = Edit(node.source, close[0]) if len(close) == 1 and isinstance(node, Scalar) else None
    report.add(node.place, "VALUE_INVALID", message, fix, edit)
    return close[0] if len(close) == 1 else None


def flag(node: Node, report: Report) -> bool:
    """Return `true` or `false`. Report anything else: words such as `yes` are texts."""
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    word = node.text.lower() if isinstance(node, Scalar) else ""
    right = "false" if word in ("no", "off", "0", "false") else "true"
    edit = Edit(node.source, right) if isinstance(node, Scalar) else None
    message = say("{name} is `true` or `false`", name=_name(node))
    report.add(node.place, "VALUE_INVALID", message, say("write {code}", code=f"{_key(node)}: {right}"), edit)
    return False


def rewritten(node: Scalar, line: str) -> str:
    """Return a fix with the corrected line of a text, in quotes if YAML needs them."""
    if node.style in ("literal", "folded") or len(node.text.splitlines()) > 1:
        return say("write {code}", code=line.strip())
    key = _key(node)
    return quoted(f"- {line}" if key.endswith("]") else f"{key}: {line}") or say("write {code}", code=line)


def at(node: Node | None, *keys: str) -> Node | None:
    """Return the value at nested keys; None if there is none. Reports nothing."""
    for key in keys:
        entries = node.entries if isinstance(node, Mapping) else ()
        node = next((entry.value for entry in entries if entry.key.text == key), None)
    return node


def in_quotes(text: str) -> str:
    """Return a text as a quoted YAML scalar."""
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


def key_place(node: Node, name: str) -> Place:
    """Return the position of a mapping's key; that of the mapping, if it has no such key."""
    entries = node.entries if isinstance(node, Mapping) else ()
    return next((entry.key.place for entry in entries if entry.key.text == name), node.place)


def _name(node: Node) -> str:
    return f"`{node.place.path}`" if node.place.path else say("the file")


def _empty(node: Node) -> str:
    return say("{name} is empty", name=_name(node))


def _key(node: Node) -> str:
    return node.place.path.rpartition(".")[2]


def _kind(node: Node) -> str:
    match node:
        case Mapping():
            return say("`key: value` lines")
        case Sequence():
            return say("a list")
        case Scalar(value=None):
            return say("nothing")
        case _:
            return say("a single value")
