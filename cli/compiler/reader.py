"""Parses text to nodes: YAML 1.2 without its traps.

Only plain scalars that nobody misreads become something other than text: `NO`, `on`, `010`, `12:30` and `1_000` stay
text. Anchors, aliases, tags, merge keys, directives and further documents are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from cli.compiler.findings import Place, Report
from cli.compiler.nodes import Entry, Mapping, Node, Scalar, ScalarStyle, Sequence
from cli.compiler.yaml_mistakes import explain, quoted
from cli.language import say

# Far more than a Block Kit message needs, far below Python's recursion limit.
MAX_DEPTH: Final = 32

_STYLES: Final[dict[str | None, ScalarStyle]] = {"'": "quoted", '"': "quoted", "|": "literal", ">": "folded"}
# Numbers no longer than a message can show; more digits are text.
_VALUES: Final[tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...]] = (
    (re.compile(r"|~|null|Null|NULL"), lambda _: None),
    (re.compile(r"true|True|TRUE"), lambda _: True),
    (re.compile(r"false|False|FALSE"), lambda _: False),
    (re.compile(r"[-+]?(0|[1-9][0-9]{0,29})"), int),
    (re.compile(r"[-+]?(\.[0-9]{1,30}|(0|[1-9][0-9]{0,29})(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,2})?"), Decimal),
)


class _RefusedError(Exception):
    """A feature of YAML that templates do not allow. What follows it is not read."""

    def __init__(self, event: Any, message: str, fix: str = "", code: str = "YAML_FORBIDDEN") -> None:
        super().__init__(message)
        self.code = code
        self.line = event.start_mark.line + 1
        self.column = event.start_mark.column + 1
        self.message = message
        self.fix = fix


def read_yaml(file: str, source: str, report: Report) -> Node | None:
    """Return the tree of `source`, or None after a finding that says what cannot be read."""
    yaml: Any = YAML(typ="safe", pure=True)
    try:
        return _Builder(file, source, report, yaml.parse(source)).document()
    except _RefusedError as refused:
        place = Place(file, refused.line, refused.column)
        report.add(place, refused.code, refused.message, refused.fix)
    except ReaderError as error:
        line = source.count("\n", 0, error.position) + 1
        report.add(Place(file, line), "YAML_SYNTAX", say("there is a control character here"), say("remove it"))
    except MarkedYAMLError as error:
        slip = explain(error, source.splitlines())
        report.add(Place(file, slip.line, slip.column), "YAML_SYNTAX", slip.message, slip.fix)
    return None


class _Builder:
    """Builds the tree from ruamel's events, which also show anchors, tags and documents."""

    def __init__(self, file: str, source: str, report: Report, events: Iterator[Any]) -> None:
        self._file = file
        self._source = source
        self._lines = source.splitlines()
        self._report = report
        self._events = events

    def document(self) -> Node:
        """Return the only document."""
        start = next((event for event in self._events if isinstance(event, DocumentStartEvent)), None)
        if start is None:
            return Scalar(Place(self._file), "", None)
        if start.version or start.tags:
            raise _RefusedError(start, say("a %YAML or %TAG line is not read"), say("remove it"))
        root = self._node(next(self._events), "", 0)
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                message, fix = say("`---` starts a second document"), say("put it into a file of its own")
                raise _RefusedError(event, message, fix)
        return root

    def _node(self, event: Any, path: str, depth: int) -> Node:
        self._refuse_surprises(event, depth)
        place = self._place(event, path)
        match event:
            case MappingStartEvent():
                return self._mapping(place, depth)
            case SequenceStartEvent():
                return self._sequence(place, depth)
            case _:
                return self._scalar(event, place)

    def _refuse_surprises(self, event: Any, depth: int) -> None:
        if isinstance(event, AliasEvent):
            raise _RefusedError(event, say("`*` starts an alias, which templates do not have"), self._quoted(event))
        if event.anchor:
            raise _RefusedError(event, say("`&` starts an anchor, which templates do not have"), self._quoted(event))
        if event.ctag:
            raise _RefusedError(event, say("`!` starts a tag, which templates do not have"), self._quoted(event))
        if depth > MAX_DEPTH:
            message = say("values are nested more than {limit} deep", limit=MAX_DEPTH)
            raise _RefusedError(event, message, say("write it flatter"))

    def _place(self, event: Any, path: str) -> Place:
        return Place(self._file, event.start_mark.line + 1, event.start_mark.column + 1, path)

    def _quoted(self, event: Any) -> str:
        return quoted(self._lines[event.start_mark.line])

    def _scalar(self, event: ScalarEvent, place: Place) -> Scalar:
        style = _STYLES.get(event.style, "plain")
        source = self._source[event.start_mark.index : event.end_mark.index]
        if style != "plain":
            return Scalar(place, event.value, event.value, style, source=source)
        return Scalar(place, event.value, _value(event.value), lost=self._lost(event), source=source)

    def _lost(self, event: ScalarEvent) -> str:
        """Return the comment right after a plain value, if it was probably meant as part of it: `Order #5`."""
        after = self._lines[event.end_mark.line][event.end_mark.column :] if event.value else ""
        match = re.fullmatch(r" (#[^\s#].*)", after)
        return match[1] if match else ""

    def _sequence(self, place: Place, depth: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            items.append(self._node(event, f"{place.path}[{len(items)}]", depth + 1))
        return Sequence(place, tuple(items))

    def _mapping(self, place: Place, depth: int) -> Mapping:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._key(event, place)
            value = self._node(next(self._events), key.place.path, depth + 1)
            if first := entries.get(key.text):
                line = first.key.place.line
                message = say("`{key}` stands in line {line} already", key=key.text, line=line)
                self._report.add(key.place, "KEY_DUPLICATE", message)
                continue
            entries[key.text] = Entry(key, self._commented(key, value))
        return Mapping(place, tuple(entries.values()))

    def _key(self, event: Any, parent: Place) -> Scalar:
        if not isinstance(event, ScalarEvent):
            message = say("a key has to be a word; `{` at the start of a value opens a mapping")
            raise _RefusedError(event, message, self._quoted(event), "YAML_SYNTAX")
        if event.value == "<<":
            raise _RefusedError(event, say("`<<` merges keys, which templates do not do"))
        self._refuse_surprises(event, 0)
        return self._scalar(event, self._place(event, f"{parent.path}.{event.value}".removeprefix(".")))

    def _commented(self, key: Scalar, value: Node) -> Node:
        """Keep the comment in `key: #value`, where YAML sees no value."""
        if not isinstance(value, Scalar) or value.text or value.style != "plain":
            return value
        line = self._lines[key.place.line - 1][key.place.column - 1 :]
        comment = re.search(r":\s+(#.*)", line)
        place = Place(self._file, key.place.line, key.place.column, value.place.path)
        return Scalar(place, "", None, comment=comment[1] if comment else "")


def _value(text: str) -> Any:
    return next((convert(text) for pattern, convert in _VALUES if pattern.fullmatch(text)), text)
