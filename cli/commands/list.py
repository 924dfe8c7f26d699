"""`notifier list`: list the notifications, where each goes, and where its data comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.language import plural, say
from cli.operations import screen
from cli.preview import selection

if TYPE_CHECKING:
    from cli.preview.catalogue import Entry
    from cli.preview.selection import Selection


@click.command(short_help="List the notifications: channels, mentions, data, owner.")
@click.argument("what", required=False, default="")
@selection.options
@click.option("--channel", metavar="NAME", help="Only those that post to this channel: an alias, or its id in Slack.")
@click.option(
    "--owner",
    metavar="NAME",
    help='Only those of this owner; a part of the name is enough. "" finds those without one.',
)
@click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page with every message as Slack shows it: one file, for a browser without a network.",
)
@screen.as_json
def list(  # noqa: A001 - the verb
    what: str,
    folder: Path,
    stage_names: Sequence[str],
    channel: str | None,
    owner: str | None,
    page: Path | None,
    as_json: bool,
) -> None:
    """List the notifications with their channels, whom they mention, where their data comes from, and who owns them.

    With WHAT, a notification, an event type or the file of a template, print everything about it: conditions, queries,
    destinations in each --stage, samples.

    Templates with errors are marked; `notifier lint` says where the errors are. `notifier types` prints the event types
    alone, for scripts.
    """
    from cli.preview import catalogue

    chosen = selection.select(what, folder, stage_names)
    entries = catalogue.entries(chosen)
    if channel is not None or owner is not None:
        entries = _that_can_be_read(entries)
    if channel is not None:
        entries = _in_channel(entries, channel.lstrip("#"), chosen)
    if owner is not None:
        entries = _of_owner(entries, owner, chosen)
    if page:
        _write(page, entries, chosen, has_every_stage=not stage_names)
    elif as_json:
        screen.print_json(catalogue.document(chosen, entries))
    else:
        _show(entries, chosen, is_whole=not what)


def _that_can_be_read(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return the entries without errors. Only they have channels and owners; the names of the others go to stderr."""
    if unread := [one.file for one in entries if not one.is_read]:
        click.echo(say("Left out because of errors: {files}", files=", ".join(unread)), err=True)
    return tuple(one for one in entries if one.is_read)


def _in_channel(entries: Sequence[Entry], name: str, chosen: Selection) -> tuple[Entry, ...]:
    stages = chosen.stages
    listed = {one for stage in stages for one in (*stage.channels, *stage.channels.values(), stage.fallback)}
    places = {one.name: {*_places(one)} for one in entries}
    known = listed.union(*places.values()) - {""}
    if name not in known:
        raise click.UsageError(
            say("There is no channel {name}. {known}", name=name, known=selection.nearest(name, known))
        )
    return tuple(one for one in entries if name in places[one.name])


def _places(entry: Entry) -> Iterator[str]:
    for staged in entry.stages:
        for one in staged.channels:
            yield from (one.alias, one.destination)


def _of_owner(entries: Sequence[Entry], name: str, chosen: Selection) -> tuple[Entry, ...]:
    wanted = name.casefold()
    owners = {one.owner for one in chosen.compilation.templates} - {""}
    if wanted and not any(wanted in owner.casefold() for owner in owners):
        raise click.UsageError(
            say("There is no owner {name}. {known}", name=name, known=selection.nearest(name, owners))
        )
    return tuple(one for one in entries if (wanted in one.owner.casefold() if wanted else not one.owner))


def _write(page: Path, entries: Sequence[Entry], chosen: Selection, *, has_every_stage: bool) -> None:
    """Write an HTML page of these notifications."""
    from cli.page import document, static
    from cli.preview import gallery

    if not document.bundled():
        raise click.ClickException(say(document.MISSING))
    names = {one.name for one in entries}
    every = gallery.selected(chosen.compilation, chosen.folder)
    shown = replace(
        every if has_every_stage else chosen,
        templates=tuple(one for one in chosen.templates if one.notification.name in names),
        unread=tuple(one for one in chosen.unread if one in names),
    )
    html = static.page(gallery.items(shown, gallery.made(shown), None, {}))
    try:
        page.write_text(html, "utf-8")
    except OSError as error:
        raise click.ClickException(say("Cannot write {file}: {reason}", file=page, reason=error.strerror)) from None
    counted = plural("{count} notification", "{count} notifications", len(names))
    click.echo(say("Wrote {counted} into {file}. Open it in a browser.", counted=counted, file=page))


def _show(entries: Sequence[Entry], chosen: Selection, *, is_whole: bool) -> None:
    from rich.text import Text

    from cli.preview import details, listing

    terminal = screen.console()
    width = terminal.width if terminal.is_terminal else None
    show = terminal.print if width else screen.print_whole
    if not entries:
        click.echo(_nothing(chosen))
        return
    if is_whole:
        show(listing.draw(entries, width))
        if width:
            show(Text(_summary(entries, chosen), "dim"))
        return
    for number, entry in enumerate(entries):
        if number:
            show("")
        show(details.draw(entry, chosen.folder))


def _nothing(chosen: Selection) -> str:
    from cli.compiler.files import shown

    if any("/" not in file for file in chosen.compilation.files):
        return say("No notification matches.")
    return say(
        "There is no template in {folder}. Write {folder}/order.created.yaml: docs/templates.md has the smallest "
        "one. `notifier lint {folder}` checks it.",
        folder=shown(chosen.folder),
    )


def _summary(entries: Sequence[Entry], chosen: Selection) -> str:
    from cli.compiler.files import shown

    counted = plural("{count} notification", "{count} notifications", len(entries))
    stages = ", ".join(one.name for one in chosen.stages)
    told = say("{counted}, as posted in {stages}.", counted=counted, stages=stages)
    if not chosen.compilation.errors:
        return told
    return f"{told} {say('There are errors: `notifier lint {folder}` says where.', folder=shown(chosen.folder))}"
