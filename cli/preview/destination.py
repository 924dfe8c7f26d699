"""Checks where a test message may go: to any channel or person, except for channels that people work with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import click

from cli.compiler.folder import STAGES
from cli.compiler.stages import is_channel
from cli.language import say
from cli.preview.selection import USUAL

if TYPE_CHECKING:  # imported when the command runs: usage errors stay fast
    from cli.compiler import Compilation
    from handler.catalog import Stage

# Channels C and G, direct messages D, people U and W: https://docs.slack.dev/reference/objects/conversation-object
_ID: Final = re.compile(r"[CDGUW][A-Z0-9]{2,30}")
_PERSONS: Final = ("D", "U", "W")
_NAME: Final = re.compile(r"#[^\s#@<>&,]{1,80}")


def read(text: str) -> str:
    """Return the id of a channel or person, or a channel's #name. Raises click.UsageError."""
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


def refuse_real(to: str, compilation: Compilation, deployed: str = "") -> None:
    """Raise click.UsageError for a channel that people work with, and for one that may be.

    They work with those of the stage `production` and of the `deployed` one; without both, with those of every stage.
    """
    if to.startswith(_PERSONS):
        return
    for finding in compilation.findings:
        if finding.severity == "error" and finding.file.startswith(STAGES):
            raise click.UsageError(
                say(
                    "{to} may be a real channel: {finding}. Correct that, name a person, or add --yes.",
                    to=to,
                    finding=finding,
                )
            )
    stages = compilation.stages
    for stage in [one for one in stages if one.name in (USUAL, deployed)] or stages:
        _refuse(to, stage)


def _refuse(to: str, stage: Stage) -> None:
    if to.startswith("#"):
        raise click.UsageError(
            say(
                "{to} may be a channel of {stage}: a name cannot be compared with the ids there. Write the channel's "
                "id, or add --yes.",
                to=to,
                stage=stage.name,
            )
        )
    known = [*stage.channels.items(), ("fallback", stage.fallback), ("redirect", stage.redirect)]
    if aliases := ", ".join(alias for alias, channel in known if channel == to):
        raise click.UsageError(
            say(
                "{to} is a real channel of {stage} ({aliases}). Name a channel of your own, or add --yes.",
                to=to,
                stage=stage.name,
                aliases=aliases,
            )
        )
    if any(channel and not is_channel(channel) for _, channel in known):
        raise click.UsageError(
            say(
                "{to} may be a channel of {stage}: an id cannot be compared with the webhooks there. Name a person, or "
                "add --yes.",
                to=to,
                stage=stage.name,
            )
        )
