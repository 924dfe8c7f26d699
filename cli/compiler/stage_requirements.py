"""Collects the variables, mentions and labels that a template needs from its stage, even if no sample shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from jinja2 import nodes

from cli.compiler import syntax
from cli.compiler.findings import Place, Report
from cli.diagnoses import suggestion
from cli.language import say
from handler.catalog import Stage
from handler.model import Leaf

Kind = Literal["vars", "mentions", "labels"]

_MENTION: Final = "U0123456789"
_ADDRESS: Final = "https://example.org"


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a stage must define under the key `kind`."""

    kind: Kind
    name: str
    place: Place


def of(leaf: Leaf) -> Iterator[tuple[Kind, str]]:
    """Yield the kind and the name of each need of a valid leaf. Names that come from a row are unknown."""
    for node in syntax.parsed(leaf).find_all((nodes.Getattr, nodes.Filter)):
        match node:
            case nodes.Getattr(node=nodes.Name(name="vars"), attr=name):
                yield "vars", name
            case nodes.Filter(name="mention", node=nodes.Const(value=str() as name)):
                yield "mentions", name
            case nodes.Filter(name="label", args=[nodes.Const(value=str() as name)]):
                yield "labels", name


def check(needs: Iterable[Need], stages: Iterable[Stage], report: Report) -> None:
    """Report what each stage lacks."""
    known = tuple(stages)
    for need in needs:
        unmet = [stage for stage in known if need.name not in _having(stage, need.kind)]
        if need.kind == "labels" and unmet:
            _no_labels(need, unmet[0], report)
            continue
        for stage in unmet:
            close = suggestion(need.name, _having(stage, need.kind))
            message = say(
                "stage {stage} has no `{name}` under `{kind}`; {close}",
                stage=stage.name,
                name=need.name,
                kind=need.kind,
                close=close,
            )
            fix = say("add `{name}:` in {file}", name=need.name, file=f"_stages/{stage.name}.yaml")
            if need.kind == "mentions" and need.name.startswith("@"):
                fix = say("write {code}", code=f"{{{{ '{need.name.lstrip('@')}' | mention }}}}")
            report.add(need.place, "STAGE_INCOMPLETE", message, fix)


def lacking(stage: Stage, needs: Iterable[Need]) -> list[Need]:
    """Return the needs that a stage does not meet."""
    return [need for need in needs if need.name not in _having(stage, need.kind)]


def completed(stage: Stage, needs: Iterable[Need]) -> Stage:
    """Return the stage with a placeholder for each need that it does not meet, so that samples can be rendered."""
    unmet = lacking(stage, needs)
    if not unmet:
        return stage
    named = {kind: [need.name for need in unmet if need.kind == kind] for kind in ("vars", "mentions", "labels")}
    locale = replace(
        stage.locale,
        mentions={**stage.locale.mentions, **dict.fromkeys(named["mentions"], _MENTION)},
        labels={**stage.locale.labels, **{name: {} for name in named["labels"]}},
    )
    return replace(stage, vars={**stage.vars, **dict.fromkeys(named["vars"], _ADDRESS)}, locale=locale)


def _no_labels(need: Need, stage: Stage, report: Report) -> None:
    close = suggestion(need.name, stage.locale.labels)
    message = say("_labels.yaml has no `{name}`; {close}", name=need.name, close=close)
    report.add(need.place, "STAGE_INCOMPLETE", message, say("add `{name}:` to it", name=need.name))


def _having(stage: Stage, kind: Kind) -> Iterable[str]:
    return {"vars": stage.vars, "mentions": stage.locale.mentions, "labels": stage.locale.labels}[kind]
