"""The approved messages of a notification: a file beside the templates, with what each sample posts.

    stage: production

    sample: in yen
      channel: orders
      text: :tea: New order *T-001044* from 山田 花子: ¥12,400

A sample's lines are indented, so that no value in it looks like a sample, and git shows the sample's name in diffs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from cli.language import later
from cli.preview.compose import Preview
from cli.preview.message_lines import lines, named

FOLDER: Final = "_approved"
MAX_BYTES: Final = 1024 * 1024
_NOTE: Final = "# What `notifier test --approve` has accepted. It is compared with what the template makes now."
_INDENT: Final = "  "
_STAGE: Final = "stage: "
_SAMPLE: Final = "sample: "
_CONFLICT: Final = re.compile(r"<{7}( .*)?|\|{7}( .*)?|={7}|>{7}( .*)?")

Lines = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Approved:
    """What was approved: the lines of each sample by its name in the file, in one stage (empty: the default)."""

    stage: str = ""
    samples: Mapping[str, Lines] = field(default_factory=dict)

    def with_sample(self, name: str, content: Lines) -> Approved:
        """Return a copy with this content for a sample."""
        return replace(self, samples={**self.samples, name: content})

    def without(self, name: str) -> Approved:
        """Return a copy without a sample."""
        return replace(self, samples={one: self.samples[one] for one in self.samples if one != name})

    def in_order(self, names: Iterator[str]) -> Approved:
        """Return a copy with its samples in this order, and the other samples after them."""
        order = [name for name in names if name in self.samples]
        return replace(self, samples={name: self.samples[name] for name in (*order, *self.samples)})


class UnreadableError(Exception):
    """An approved file cannot be read. `message` is a sentence of cli.language; `line` 0 means the whole file."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def content(preview: Preview) -> Lines:
    """Return the lines to approve of a preview without an error: its messages, or the rule by which there are none."""
    if preview.rule:
        return (f"nothing is posted: {preview.rule.value}",)
    found: list[str] = []
    for message in preview.messages:
        found += [*([""] if found else []), *lines(message)]
    return tuple(found)


def path(folder: Path, notification: str) -> Path:
    """Return the approved file of a notification, in a folder of templates."""
    return folder / FOLDER / f"{notification}.txt"


def names(folder: Path) -> list[str]:
    """Return the names of the notifications that have an approved file."""
    return sorted(one.stem for one in (folder / FOLDER).glob("[!.]*.txt"))


def read(file: Path) -> Approved:
    """Return what is approved; empty if there is no file. Raises UnreadableError, and OSError."""
    if not os.path.lexists(file):
        return Approved()
    if not file.is_file():
        raise UnreadableError(later("it is not a file"))
    if file.stat().st_size > MAX_BYTES:
        raise UnreadableError(later("it is larger than 1 MiB"))
    try:
        return parse(file.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnreadableError(later("it is not UTF-8 text")) from None


def parse(text: str) -> Approved:
    """Parse the text of an approved file. Windows line ends are fine. Raises UnreadableError."""
    stage, samples, name = "", dict[str, list[str]](), ""
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if _CONFLICT.fullmatch(line):
            raise UnreadableError(later("it has the marks of a merge conflict"), number)
        if line.startswith(_SAMPLE):
            name = line.removeprefix(_SAMPLE)
            if name in samples:
                raise UnreadableError(later("this sample is there twice"), number)
            samples[name] = []
        elif name and (not line or line.startswith(_INDENT)):
            samples[name].append(line.removeprefix(_INDENT))
        elif line.startswith(_STAGE) and not samples and not stage:
            stage = line.removeprefix(_STAGE)
        elif line and (samples or not line.startswith("#")):
            raise UnreadableError(later("this line belongs to no sample"), number)
    return Approved(stage, {one: _without_blank_end(samples[one]) for one in samples})


def _without_blank_end(found: list[str]) -> Lines:
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def text(approved: Approved) -> str:
    """Return the text of an approved file."""
    parts = [f"{_NOTE}\n{_STAGE}{approved.stage}\n"]
    for name, content_lines in approved.samples.items():
        indented = (f"{_INDENT}{line}" if line else "" for line in content_lines)
        parts.append("\n".join(["", f"{_SAMPLE}{name}", *indented, ""]))
    return "".join(parts)


def write(file: Path, approved: Approved) -> None:
    """Write a file atomically, or delete it if nothing is approved any more. Raises OSError."""
    if not approved.samples:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(exist_ok=True)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_bytes(text(approved).encode())
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def name_of(sample: str) -> str:
    """Return a sample's name as it is in the file: one line, unique for each name."""
    return named(sample)
