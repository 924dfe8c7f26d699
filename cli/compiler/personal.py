"""Reports values in samples that look personal by the rules of `_privacy.yaml` and are not masked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Final

from cli.compiler import files, samples, shape
from cli.compiler.findings import Report
from cli.compiler.folder import Compilation
from cli.compiler.nodes import Mapping, Node, Scalar, Sequence
from cli.language import say
from cli.privacy import masking
from cli.privacy.decision import Decision, decide
from cli.privacy.masking import Masking
from cli.privacy.rules import Path as Names
from cli.privacy.rules import Rules
from cli.privacy.usage import Usage, said
from handler.catalog import Stage
from handler.model import Locale, Notification

_CODE: Final = "SAMPLE_PERSONAL"
_SHORT: Final = 40  # the most characters of an example in a fix


def with_findings(compilation: Compilation, folder: Path) -> Compilation:
    """Return the compilation with a warning for each personal column; rules that cannot be read find none."""
    report = Report()
    for one in compilation.templates if compilation.privacy is not None else ():
        file = f"{one.notification.name}.yaml"
        node = files.read(folder, PurePath(file), Report())
        if node:
            check(node, compilation.privacy or Rules(), constants(one.notification, compilation.stages), report)
    return replace(compilation, findings=tuple(sorted((*compilation.findings, *report.findings()))))


def constants(notification: Notification, stages: tuple[Stage, ...]) -> Usage:
    """Return the literal values of a template. Labels are the same in all stages."""
    return said(notification, stages[0].locale if stages else Locale())


@dataclass(frozen=True, slots=True)
class _Found:
    """A value that looks personal: the sample that it stands in, what it is, and a mask of it."""

    sample: str
    node: Scalar
    decision: Decision
    mask: str


def check(node: Node, rules: Rules, constants: Usage, report: Report) -> None:
    """Report each column in the samples of a template whose values look personal, once."""
    found: dict[Names, list[_Found]] = {}
    for sample in shape.entries(shape.at(node, "samples") or node, Report()):
        masks = Masking(rules, constants)
        parts = (((), "lookups"), (("data",), "data"))
        for path, one in (value for start, key in parts for value in _values(shape.at(sample.value, key), start)):
            value = samples.value(one, Report())
            decision = decide(path, value, rules, constants)
            if decision.masks and not masking.is_made(value) and str(value) not in rules.invented:
                made = str(masks.mask(decision.kind, value))
                found.setdefault(path, []).append(_Found(sample.key.text, one, decision, made))
    for path, values in found.items():
        _report(path, values, report)


def _report(path: Names, found: list[_Found], report: Report) -> None:
    first, name = found[0], ".".join(path)
    why = _why(first.decision)
    if (count := len({one.sample for one in found})) > 1:
        message = say(
            "`{name}` looks personal in {count} samples: {why} in {file}",
            name=name, count=count, why=why, file=files.PRIVACY,
        )  # fmt: skip
    else:
        message = say(
            "`{name}` of the sample `{sample}` looks personal: {why} in {file}",
            name=name, sample=first.sample, why=why, file=files.PRIVACY,
        )  # fmt: skip
    is_short = len(first.mask) < _SHORT and "\n" not in first.mask
    shown = say("such as {example}", example=first.mask) if is_short else say("that is nobody's")
    fix = say(
        "write a value {shown}; or add `{name}` to `keep`, or this text to `invented`, in {file}",
        shown=shown, name=path[-1] if first.decision.why == "no rule" else name, file=files.PRIVACY,
    )  # fmt: skip
    report.add(first.node.place, _CODE, message, fix)


def _why(decision: Decision) -> str:
    match decision.why:
        case "address":
            return say("`{entry}` is under `keep`, but there is an address in it", entry=decision.entry)
        case "rule":
            return say("`{entry}` is under `{kind}`", entry=decision.entry, kind=decision.kind)
        case _:
            return say("no rule names it")


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
