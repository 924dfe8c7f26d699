"""A preview in the terminal: each message, or why there is none, and what the preview is of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from cli.compiler import stages
from cli.language import say
from cli.operations.line_breaks import Words
from cli.preview import reasons
from cli.preview.characters import safe
from cli.preview.compose import Preview
from cli.preview.mrkdwn import View
from cli.preview.terminal import Framed, Indented, content
from handler.model import Message


def shown(preview: Preview, view: View, fix: str = "") -> Iterator[RenderableType]:
    """Yield what to print of a preview: one panel for all channels that get the same.

    `fix` says what to do about its error, if more is known than the code.
    """
    for same in alike(preview.messages):
        yield Framed(title(same), content(same[0].text, same[0].blocks, view))
        yield from (_below(safe(one), "yellow") for one in same[0].warnings if one not in same[0].text)
    if preview.error:
        yield _below(safe(reasons.error(preview.error)), "bold red")
        yield _below(say("fix: {remedy}", remedy=fix or reasons.remedy_said(preview.error)))
    elif not preview.messages:
        yield _below(reasons.rule(preview), "yellow")
    yield _below(purpose(preview), "dim")


def _below(words: str, style: str = "") -> RenderableType:
    return Indented(Words(words, style))


def alike(messages: Sequence[Message]) -> list[list[Message]]:
    """Group the messages that have the same content."""
    groups: list[list[Message]] = []
    for message in messages:
        group = next((one for one in groups if _content(one[0]) == _content(message)), None)
        groups.append([message]) if group is None else group.append(message)
    return groups


def _content(message: Message) -> tuple[object, ...]:
    return message.text, message.blocks, message.thread, message.update, message.stub, message.warnings


def title(messages: Sequence[Message]) -> str:
    """Return a heading, with where and how a message is posted: `#orders (C0123ORDERS), in thread order-7`."""
    first = messages[0]
    notes = [_channel(one) for one in messages]
    if first.thread and first.destination and not stages.is_channel(first.destination):
        notes.append(say("without its thread, because a webhook has none"))
    elif first.thread and first.update:
        notes.append(say("edits the first message of thread {key}", key=first.thread))
    elif first.thread:
        notes.append(say("in thread {key}", key=first.thread))
    if first.stub:
        notes.append(say("edited once the row is there"))
    return safe(say(", ").join(notes)).replace("\n", " ")


def _channel(message: Message) -> str:
    named = f"#{message.channel}"
    return named if message.destination in ("", message.channel) else f"{named} ({message.destination})"


def purpose(preview: Preview) -> str:
    """Return what a preview is of: the notification, the sample or row, and the stage."""
    return safe(f"{preview.notification} · {preview.name} · {preview.stage}").replace("\n", " ")
