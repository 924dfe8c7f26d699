"""Reports what Slack would refuse in a rendered sample, at its position in the template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cli import slack_rules
from cli.compiler import loops
from cli.compiler.nodes import Mapping, Node, Sequence
from cli.compiler.problems import Problem
from cli.compiler.template import Template
from cli.language import say
from cli.slack_rules import MODAL_ONLY, Method, block_problems, message_problems
from cli.slack_rules.schema import UNMATCHED
from handler.block_kit.expand import Block
from handler.catalog import Stage
from handler.model import Leaf
from handler.stages.render import render
from handler.templating import Context, Templates

CODE: Final = "SLACK_REFUSES"
# Characters of an edited text that are kept free for footers: three lines as long as that about a broken template.
FOOTER_ROOM: Final = 500
_OF_BLOCK: Final = 3  # a pointer starts with /blocks/0/; the rest is inside the block
_NO_TEXT: Final = Leaf("plain", "-", "")


def problems(template: Template, context: Context, templates: Templates, stage: Stage) -> Iterator[Problem]:
    """Yield what Slack would refuse in a message that renders without errors. Raises TemplateError."""
    found = [*_of_blocks(template, context, templates), *_of_text(template, context, templates, stage)]
    yield from found or _of_message(template, context, templates, stage)


def rendered(template: Template, context: Context, templates: Templates) -> Iterator[tuple[Node, list[Block]]]:
    """Yield each block of a template with the blocks that it renders to, so that a refused one is known.

    Raises TemplateError.
    """
    bare = replace(template.notification, text=_NO_TEXT, blocks=())
    for node, block in zip(template.layout, template.notification.blocks, strict=True):
        yield node, render(replace(bare, blocks=(block,)), context, templates).blocks


def _of_blocks(template: Template, context: Context, templates: Templates) -> Iterator[Problem]:
    for node, blocks in rendered(template, context, templates):
        for problem in block_problems(blocks):
            if problem.message != UNMATCHED:
                yield located(problem, node)


def _of_text(template: Template, context: Context, templates: Templates, stage: Stage) -> Iterator[Problem]:
    """Check the text, with footers, of a message that may be edited later: an edit has a lower limit than a post."""
    if not _may_be_edited(template):
        return
    most = Method.UPDATE.text_characters
    alone = replace(template.notification, blocks=())
    text = render(alone, context, templates, ["x" * FOOTER_ROOM], stage.prefix).text
    if len(text) > most:
        message = say(
            "Slack would refuse to edit the message: its text has more than {limit} characters",
            limit=most - FOOTER_ROOM,
        )
        yield Problem(CODE, message, say("shorten the text; what is long can stand in `blocks`"), template.text)


def _of_message(template: Template, context: Context, templates: Templates, stage: Stage) -> Iterator[Problem]:
    """Yield what is wrong with the message as a whole, where the exact position is unknown."""
    content = render(template.notification, context, templates, prefix=stage.prefix)
    for problem in message_problems(content.text, content.blocks, Method.POST):
        yield Problem(CODE, _words(problem.message), problem.fix, (*template.blocks, template.text)[0])


def _may_be_edited(template: Template) -> bool:
    one = template.notification
    return one.update or any(lookup.missing == "render" for lookup in one.lookups)


def located(refused: slack_rules.Problem, block: Node) -> Problem:
    """Return the problem at the part of a raw block that its pointer names; for a short form, at the form."""
    node: Node = block
    inner: Node | None = block
    part = ""
    for key in refused.pointer.split("/")[_OF_BLOCK:]:
        # Items that come from one `for` or `if` have the same problem.
        part += "[]" if inner and _is_grouped(inner) else f"[{key}]" if key.isdecimal() else f".{key}"
        inner = _child(inner, key) if inner else None
        node = inner or node
    return Problem(CODE, _words(refused.message, part.removeprefix(".")), refused.fix, node.place)


def _child(node: Node, key: str) -> Node | None:
    match node:
        case Mapping(entries=entries):
            return next((entry.value for entry in entries if entry.key.text == key), None)
        case Sequence(items=items) if _is_grouped(node):
            return items[0] if len(items) == 1 else None
        case Sequence(items=items) if key.isdecimal() and int(key) < len(items):
            return items[int(key)]
        case _:
            return None


def _is_grouped(node: Node) -> bool:
    """Return whether items of a list have `for` or `if`."""
    mappings = (item for item in node.items if isinstance(item, Mapping)) if isinstance(node, Sequence) else ()
    return any(entry.key.text in loops.GROUPING for item in mappings for entry in item.entries)


def _words(message: str, part: str = "") -> str:
    if message.removeprefix("unsupported type: ") in MODAL_ONLY:
        message = say("{message}, which modals can hold and messages cannot", message=message)
    if part:
        return say("Slack would refuse `{part}`: {message}", part=part, message=message)
    return say("Slack would refuse this: {message}", message=message)
