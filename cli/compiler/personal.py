"""What looks personal in the samples, by the rules of `_privacy.yaml`: a value that is masked there, and is no mask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Final

from cli.compiler import files, samples, shape
from cli.compiler.findings import Report
from cli.compiler.folder import Compilation
from cli.compiler.nodes import Mapping, Node, Scalar, Sequence
from cli.language import say
from cli.privacy import masking
from cli.privacy.decision import decide
from cli.privacy.masking import Masking
from cli.privacy.rules import Path as Names
from cli.privacy.rules import Rules
from cli.privacy.said import Said, said
from handler.catalog import Stage
from handler.model import Notification

_CODE: Final = "SAMPLE_PERSONAL"
_SHORT: Final = 40  # characters of an example in a fix


def with_findings(compilation: Compilation, folder: Path) -> Compilation:
    """Return the compilation with a warning for each value that looks personal; rules that cannot be read find none."""
    report = Report()
    for one in compilation.templates if compilation.privacy is not None else ():
        file = f"{one.notification.name}.yaml"
        node = files.read(folder, PurePath(file), Report())
        if node:
            check(node, compilation.privacy or Rules(), constants(one.notification, compilation.stages), report)
    return replace(compilation, findings=tuple(sorted((*compilation.findings, *report.findings()))))


def constants(notification: Notification, stages: tuple[Stage, ...]) -> Said:
    """Return the values that a template says itself; the labels are the same in all stages."""
    return said(notification, stages[0].locale.labels if stages else {})


def check(node: Node, rules: Rules, constants: Said, report: Report) -> None:
    """Report the values in the samples of a template."""
    for sample in shape.entries(shape.at(node, "samples") or node, Report()):
        masks = Masking(rules, constants)
        for path, one in _values(shape.at(sample.value, "lookups"), ()):
            _check(sample.key.text, path, one, masks, report)
        for path, one in _values(shape.at(sample.value, "data"), ("data",)):
            _check(sample.key.text, path, one, masks, report)


def _check(sample: str, path: Names, node: Scalar, masks: Masking, report: Report) -> None:
    value = samples.value(node, Report())
    found = decide(path, value, masks.rules, masks.said)
    if not found.masks or masking.is_made(value) or str(value) in masks.rules.invented:
        return
    why = say("no rule names it")
    if found.entry:
        why = say("`{entry}` is under `{kind}`", entry=found.entry, kind=found.kind)
    message = say(
        "`{name}` of the sample `{sample}` looks personal: {why} in {file}",
        name=".".join(path),
        sample=sample,
        why=why,
        file=files.PRIVACY,
    )
    made = masks.mask(found.kind, value)
    is_short = len(str(made)) < _SHORT and "\n" not in str(made)
    fix = say(
        "write a value {shown}; or add `{name}` to `keep`, or this text to `invented`, in {file}",
        shown=say("such as {example}", example=made) if is_short else say("that is nobody's"),
        name=path[-1],
        file=files.PRIVACY,
    )
    report.add(node.place, _CODE, message, fix)


def _values(node: Node | None, path: Names) -> Iterator[tuple[Names, Scalar]]:
    match node:
        case Mapping():
            for entry in node.entries:
                yield from _values(entry.value, (*path, entry.key.text))
        case Sequence():
            for item in node.items:
                yield from _values(item, path)
        case Scalar():
            yield path, node
