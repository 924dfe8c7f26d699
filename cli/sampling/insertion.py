"""Inserts a sample into the text of a template. All other characters stay the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from cli.sampling import yaml_values

KEY: Final = "samples"
_STEP: Final = 2


@dataclass(frozen=True, slots=True)
class _Span:
    """The position of a value: indices into the text. `entries` has the keys and values of a mapping, by key."""

    start: int
    end: int
    column: int
    is_flow: bool = False
    is_mapping: bool = False
    keeps_blanks: bool = False
    entries: Mapping[str, tuple[_Span, _Span]] = field(default_factory=dict)


def inserted(source: str, name: str, sample: Mapping[str, Any]) -> str:
    """Return the text with the sample added after the others, or in place of the sample with its name.

    `sample` has `id`, `lookups`, and `data` if there is any. The text must be one that the compiler reads. Raises
    written.UnwritableError.
    """
    root = _root(source)
    key, samples = root.entries.get(KEY, (None, None))
    if samples and name in samples.entries:
        edit = _replaced(source, samples, name, sample)
    elif samples and samples.is_flow:
        edit = _into_flow(samples, name, sample)
    elif samples and samples.entries:
        edit = _after(source, samples.end, [*_block(name, sample, _column(samples))])
    elif key and samples:
        edit = _after(source, max(key.end, samples.end), [*_block(name, sample, key.column + _STEP)])
    elif root.is_flow:
        edit = _into_flow(root, KEY, {name: sample})
    else:
        lines = [f"{' ' * root.column}{KEY}:", *_block(name, sample, root.column + _STEP)]
        edit = _at_the_end(source, root, lines)
    start, end, new = edit
    return source[:start] + new + source[end:]


def _block(name: str, sample: Mapping[str, Any], indent: int) -> Iterator[str]:
    """Yield the lines of a sample. Each lookup has its own line, even if it is short."""
    yield f"{' ' * indent}{yaml_values.text(name)}:"
    inside = indent + _STEP
    for key, value in sample.items():
        if key == "lookups" and value:
            yield f"{' ' * inside}{key}:"
            for lookup, answer in value.items():
                yield from yaml_values.block(lookup, answer, inside + _STEP)
        else:
            yield from yaml_values.block(key, value, inside)


_Edit = tuple[int, int, str]


def _replaced(source: str, samples: _Span, name: str, sample: Mapping[str, Any]) -> _Edit:
    key, value = samples.entries[name]
    if samples.is_flow:
        return key.start, value.end, f"{yaml_values.text(name)}: {yaml_values.flow(sample)}"
    newline = _newline(source)
    start = source.rfind("\n", 0, key.start) + 1
    end = _next_line(source, value.end)
    lines = newline.join(_block(name, sample, key.column))
    return start, end, lines + (newline if source[:end].endswith("\n") else "")


def _into_flow(mapping: _Span, name: str, value: Mapping[str, Any]) -> _Edit:
    """Return the edit that adds an entry to a flow mapping, directly after the last value."""
    last = [span.end for _, span in mapping.entries.values()]
    at = last[-1] if last else mapping.start + 1
    return at, at, f"{', ' if last else ''}{yaml_values.text(name)}: {yaml_values.flow(value)}"


def _after(source: str, end: int, lines: Sequence[str]) -> _Edit:
    """Return the edit that adds lines after the line at `end`, and after indented comments, which belong to it."""
    newline = _newline(source)
    at = _next_line(source, end)
    while at < len(source):
        line = source[at : _after_line(source, at)]
        if not (line[:1] in (" ", "\t") and line.strip().startswith("#")):
            break
        at += len(line)
    before = "" if at == 0 or source[:at].endswith("\n") else newline
    return at, at, before + "".join(f"{line}{newline}" for line in lines)


def _at_the_end(source: str, root: _Span, lines: Sequence[str]) -> _Edit:
    newline = _newline(source)
    at = max(_next_line(source, root.end), len(source))
    last = [*root.entries.values()][-1][1] if root.entries else None
    begun = "" if source.endswith("\n") or not source else newline
    is_closed = bool(source) and not (last and last.keeps_blanks)
    return at, at, begun + (newline if is_closed else "") + "".join(f"{line}{newline}" for line in lines)


def _next_line(source: str, at: int) -> int:
    """Return the start of the next line. A block scalar already ends there."""
    return at if at > 0 and source[at - 1] == "\n" else _after_line(source, at)


def _after_line(source: str, at: int) -> int:
    found = source.find("\n", at)
    return len(source) if found < 0 else found + 1


def _newline(source: str) -> str:
    first = source.find("\n")
    return "\r\n" if first > 0 and source[first - 1] == "\r" else "\n"


def _column(samples: _Span) -> int:
    return next(iter(samples.entries.values()))[0].column


def _root(source: str) -> _Span:
    yaml: Any = YAML(typ="safe", pure=True)
    events = iter(yaml.parse(source))
    if not any(isinstance(event, DocumentStartEvent) for event in events):
        return _Span(0, 0, 0)
    return _span(source, next(events), events)


def _span(source: str, event: Any, events: Iterator[Any]) -> _Span:
    start, column = event.start_mark.index, event.start_mark.column
    match event:
        case MappingStartEvent():
            entries = {}
            while not isinstance(one := next(events), MappingEndEvent):
                key = _span(source, one, events)
                entries[getattr(one, "value", "")] = (key, _span(source, next(events), events))
            ends = [value.end for _, value in entries.values()]
            end = one.end_mark.index if event.flow_style or not ends else ends[-1]
            last = [value for _, value in entries.values()][-1:]
            is_text = bool(last) and not event.flow_style and last[0].keeps_blanks
            return _Span(start, end, column, bool(event.flow_style), True, is_text, entries)
        case SequenceStartEvent():
            items = []
            while not isinstance(one := next(events), SequenceEndEvent):
                items.append(_span(source, one, events))
            is_text = bool(items) and not event.flow_style and items[-1].keeps_blanks
            end = one.end_mark.index if event.flow_style or not items else items[-1].end
            return _Span(start, end, column, bool(event.flow_style), keeps_blanks=is_text)
        case ScalarEvent():
            header = source[start : source.find("\n", start)] if event.style in ("|", ">") else ""
            return _Span(start, event.end_mark.index, column, keeps_blanks="+" in header.partition("#")[0])
        case _:
            return _Span(start, event.end_mark.index, column)
