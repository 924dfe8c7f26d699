"""Where a test message may go: a channel or a person of one's own choice, and not a channel that people work with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from cli.language import say
from cli.preview.selection import USUAL

if TYPE_CHECKING:  # what a command needs that is not misused
    from handler.catalog import Stage

# Channels C and G, direct messages D, people U and W: https://docs.slack.dev/reference/objects/conversation-object
_ID: Final = re.compile(r"[CDGUW][A-Z0-9]{2,30}")
_NAME: Final = re.compile(r"#[^\s#@<>&,]{1,80}")


def read(text: str) -> str:
    """Return the id of a channel or a person, or a channel's #name. Raises click.UsageError."""
    to = text.strip()
    if _ID.fullmatch(to) or _NAME.fullmatch(to):
        return to
    raise click.UsageError(
        say(
            "`{text}` is neither a channel nor a person. Write an id, such as C0123ABCD (at the end of a channel's "
            "details) or U0123ABCD (in a person's profile: Copy member ID), or a channel's #name.",
            text=text,
        )
    )


def refuse_real(to: str, chosen: Stage, stages: Sequence[Stage]) -> None:
    """Raise click.UsageError for a channel of the stage `production`; where there is none, of the chosen stage."""
    stage = next((one for one in stages if one.name == USUAL), chosen)
    if to.startswith("#"):
        raise click.UsageError(
            say(
                "{to} may be a channel of {stage}: a name cannot be compared with the ids there. Write the channel's "
                "id, or add --yes.",
                to=to,
                stage=stage.name,
            )
        )
    if to in {*stage.channels.values(), stage.fallback, stage.redirect}:
        aliases = ", ".join(alias for alias, channel in stage.channels.items() if channel == to)
        raise click.UsageError(
            say(
                "{to} is a real channel of {stage} ({aliases}). Name a channel of your own, or add --yes.",
                to=to,
                stage=stage.name,
                aliases=aliases or "fallback",
            )
        )
