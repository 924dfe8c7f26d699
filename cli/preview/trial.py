"""Makes a test message: what a notification would post, as one message to another place, marked as a test."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cli import language
from cli.language import say
from cli.preview.compose import Preview, Previews
from cli.preview.silence import EVERYBODY, Silencer
from handler.catalog import Stage
from handler.model import Message, Notification


@dataclass(frozen=True, slots=True)
class Trial:
    """The message, the `channels` that it would go to (alias and destination), and the mentions that became text."""

    message: Message
    channels: Sequence[tuple[str, str]]
    silenced: Sequence[str]


def previews(stage: Stage, notification: Notification, name: str, to: str) -> Previews:
    """Return the Previews for a test: all messages go to `to`, with a footer that says so.

    `name` names the preview, as in Preview.
    """
    with language.speaking(notification.locale(stage.locale).language):
        footer = say(
            "Test by {person}: {notification}, {name}", person=_person(), notification=notification.name, name=name
        )
    return Previews(replace(stage, redirect=to), [footer])


def trial(preview: Preview, stage: Stage, notification: Notification, *, wake: bool) -> Trial:
    """Return the test of a preview that has messages: its first message, not in a thread."""
    channels = [(one.channel, stage.destination(one.channel)[0]) for one in preview.messages]
    message = replace(preview.messages[0], thread="", update=False)
    mentions = notification.locale(stage.locale).mentions
    silencer = Silencer({whom: name for name, whom in mentions.items() if whom not in EVERYBODY})
    return Trial(message if wake else silencer(message), channels, tuple(silencer.found))


def _person() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # the user of a container may have no name
        return "?"
