"""`notifier send`: send one message as a test, to any channel or person."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.language import plural, say
from cli.operations import screen, stack
from cli.preview import connections, selection

if TYPE_CHECKING:  # imported when the command runs: usage errors stay fast
    from cli.compiler.samples import Sample
    from cli.compiler.template import Template
    from cli.preview.compose import Preview
    from cli.preview.selection import Selection
    from cli.preview.trial import Trial
    from handler.catalog import Stage
    from handler.model import Receipt


@click.command(short_help="Send one message as a test, to yourself or to a channel.")
@click.argument("what", metavar="TYPE")
@click.option(
    "--to",
    metavar="CHANNEL|PERSON",
    required=True,
    envvar="NOTIFIER_SEND_TO",
    help="The id of a channel (C...) or of a person (U...), or a channel's #name [NOTIFIER_SEND_TO].",
)
@click.option("--sample", "sample_name", metavar="NAME", help="The sample. Not needed if there is only one.")
@click.option("--id", "row_id", metavar="ID", help="The id of a real row instead of a sample.")
@click.option("--data", default="", metavar="JSON", help="With --id: the `data` of the event, a JSON object.")
@selection.options
@connections.options
@stack.option
@click.option("--wake", is_flag=True, help="Keep the mentions, so that they wake people. Without it, they are text.")
@click.option("--yes", is_flag=True, help="Send it to a real channel of production too.")
@screen.as_json
def send(
    what: str,
    to: str,
    sample_name: str | None,
    row_id: str | None,
    data: str,
    stage_names: tuple[str, ...],
    folder: Path,
    databases: tuple[str, ...],
    apis: tuple[str, ...],
    stack_name: str | None,
    wake: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Send what a notification would post as one message, with a footer that says that it is a test.

    TYPE is an event type, a notification or its file. With a person's id the message arrives from the app itself, which
    needs no more than the scope chat:write:

    \b
      notifier send order.created --to U0123ABCD
      notifier send order.created --to C0123ABCD --sample gift --stage staging
      notifier send order.created --to U0123ABCD --id 1042 --db mysql://reader@replica.example.org/shop

    The bot's token comes from SLACK_BOT_TOKEN, or with --stack from the secret store of that stack. Without both, the
    message goes to the Slack of the demo that runs here.

    Exit status: 0 it was sent, 1 there is no message, or Slack refused it, 2 the command was misused.
    """  # noqa: D301 - \b is what keeps these lines apart
    from cli.preview import destination, events, slack
    from cli.preview.trial import trial

    if sample_name and row_id:
        raise click.UsageError(say("Give --sample or --id, not both."))
    if data and row_id is None:
        raise click.UsageError(say("--data is of a real row. Name the row with --id"))
    extras = events.extras(data)
    to = destination.read(to)
    workspace = slack.find(stack_name)
    selected = selection.select(what, folder, stage_names or workspace.stages(folder))
    template, stage = _template(selected), _stage(selected)
    if not (yes or workspace.demo):
        deployed = workspace.settings.stage if workspace.settings else ""
        destination.refuse_real(to, selected.compilation, deployed)
    if row_id is None:
        preview = _of_sample(template, stage, to, sample_name)
    else:
        preview = _of_row(selected, stage, to, row_id, extras, databases, apis)
    if not preview.messages:
        raise click.ClickException(_why(preview))
    made = trial(preview, stage, template.notification, wake=wake)
    receipt = workspace.post(made.message, stage)
    sent = _sent(preview, made, receipt, workspace.link(receipt))
    if as_json:
        screen.print_json(sent)
    else:
        click.echo("\n".join(_told(preview, made, receipt, workspace.place)))
        click.echo(workspace.link(receipt))


def _template(selected: Selection) -> Template:
    from dataclasses import replace

    from cli.commands.lint import show

    if len(selected.templates) > 1:
        names = ", ".join(one.notification.name for one in selected.templates)
        raise click.UsageError(say("Several notifications are for this event. Name one: {names}.", names=names))
    found = selected.compilation
    files = {f"{name}.yaml" for name in (*selected.unread, *(one.notification.name for one in selected.templates))}
    errors = tuple(one for one in found.findings if one.file in files and one.severity == "error")
    if errors or not selected.templates:
        show(replace(found, findings=errors or found.findings), selected.folder)
        raise click.exceptions.Exit(1)
    return selected.templates[0]


def _stage(selected: Selection) -> Stage:
    if len(selected.stages) > 1:
        raise click.UsageError(say("A test is for one stage. Give --stage once."))
    return selected.stages[0]


def _of_sample(template: Template, stage: Stage, to: str, name: str | None) -> Preview:
    from cli.preview.trial import previews

    sample = _sample(template, name)
    return previews(stage, template.notification, sample.name, to).of_sample(template.notification, sample)


def _of_row(
    selected: Selection,
    stage: Stage,
    to: str,
    row_id: str,
    data: Mapping[str, Any],
    databases: tuple[str, ...],
    apis: tuple[str, ...],
) -> Preview:
    from cli import diagnoses
    from cli.preview import events, runs
    from cli.preview.trial import previews

    [template] = selected.templates
    one = template.notification
    with connections.connect(databases, apis) as connected:
        made = previews(stage, one, f"id {row_id}", to)
        polls, found = selected.compilation.polls, events.row_id(row_id, one.id)
        of_row = runs.of_event(made, one, template.samples, polls, found, data, connected)
    if of_row.wanted and (error := of_row.preview.error):
        raise click.ClickException(diagnoses.with_remedy(error, events.advice(of_row.wanted)))
    return of_row.preview


def _sample(template: Template, name: str | None) -> Sample:
    import sys

    known = {one.name: one for one in template.samples}
    if not name and len(known) > 1 and sys.stdin.isatty():
        name = click.prompt(say("Sample"), type=click.Choice([*known]), err=True)
    if not name and len(known) == 1:
        return next(iter(known.values()))
    if name in known:
        return known[name]
    names = ", ".join(known)
    if name:
        raise click.UsageError(say("There is no sample {name}. Known: {names}.", name=name, names=names))
    raise click.UsageError(say("There are several samples. Name one with --sample: {names}.", names=names))


def _why(preview: Preview) -> str:
    from cli import diagnoses
    from cli.operations import log_steps

    if error := preview.error:
        return diagnoses.with_remedy(error)
    why = log_steps.rule(preview.rule.value) if preview.rule else ""
    return say("Nothing would be posted: {why} ({where})", why=why, where=preview.where)


def _sent(preview: Preview, made: Trial, receipt: Receipt, link: str) -> dict[str, Any]:
    return {
        "notification": preview.notification,
        "stage": preview.stage,
        "name": preview.name,
        "channel": receipt.channel,
        "ts": receipt.ts,
        "link": link,
        "meant_for": [{"alias": alias, "channel": channel} for alias, channel in made.channels],
        "mentions_as_text": list(made.silenced),
        "plain_text_because": receipt.fallback,
    }


def _told(preview: Preview, made: Trial, receipt: Receipt, place: str) -> list[str]:
    """Return lines that say what was sent where, and how it differs from the real message."""
    meant = ", ".join(f"{alias} ({channel})" for alias, channel in made.channels)
    lines = [
        say(
            "Sent {notification} ({name}, stage {stage}) to {channel} in {place}; its ts is {ts}.",
            notification=preview.notification,
            name=preview.name,
            stage=preview.stage,
            channel=receipt.channel,
            place=place,
            ts=receipt.ts,
        ),
        plural("Meant for: {meant}", "Meant for {count} channels, sent once: {meant}", len(made.channels), meant=meant),
    ]
    if made.silenced:
        lines.append(say("Mentions are text here: {names}. --wake keeps them.", names=", ".join(made.silenced)))
    if receipt.fallback:
        lines.append(say("Slack refused the blocks ({reason}), so it has the plain text.", reason=receipt.fallback))
    return lines
