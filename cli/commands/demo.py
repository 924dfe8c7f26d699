"""`notifier demo`: run the whole notifier on the local cloud."""

from __future__ import annotations

import json
import os
import shlex
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.markup import escape

from cli import compiler, running
from cli.commands.bundle import ROOT
from cli.commands.emit import publish
from cli.commands.lint import show
from cli.compiler import Compilation, files
from cli.demo_slack import DemoSlack
from cli.edits import Edits
from cli.language import later, say
from cli.operations import stack
from cli.page_requests import Answers
from cli.preview import connections, poll_trial, selection
from cli.session import Session
from cli.snapshot import Snapshot, snapshot
from cli.tick import Tick
from cli.watch import Watch
from handler.model import Value
from lab.cloud import LocalCloud, local_cloud
from lab.databases import MARIADB, PRODUCTS, DatabaseMissingError, Product
from lab.databases.dump import DumpError, product_of
from lab.processes import ChildError, wait_until
from lab.sam import SamError
from lab.shop.application import request_refund
from lab.tables import Source, Step, of_databases, of_dump, sample_shop

TEMPLATES: Final = ROOT / selection.FOLDER  # the templates of the sample shop
STAGE: Final = "demo"
WAIT_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.2
LOG_LINES: Final = 40
FUNCTION: Final = "NotifierFunction"  # the folder that SAM builds the function's package in, beside the built template
# A row as the shop's application inserts it.
INSERT: Final = "INSERT INTO refunds VALUES (NULL, 1042, 0, 25, 'EUR', 'arrived broken', UTC_TIMESTAMP(6))"
POLLED: Final = "refund.requested"  # the template of the sample shop that has a poll
# Commands to try with tables other than those of the sample shop.
OWN_TABLES: Final = {
    "sql": later("your tables, and `notifier sql TABLE` for the columns of one"),
    "new TYPE": later("begins a notification from one of them"),
    "preview TYPE --id ID": later("what a notification would post for a row"),
    "emit TYPE ID": later("posts it"),
    "poll status": later("when each poll runs, and what it has found"),
}
PACE_SECONDS: Final = 0.4  # Slack accepts one message per second in a channel; a refused one is retried after minutes


@dataclass(frozen=True, slots=True)
class Edited:
    """The templates at the start of the demo: `checked` is the compilation, `seen` the files that it was made from."""

    folder: Path
    checked: Compilation
    seen: Snapshot

    @property
    def example(self) -> str:
        """Return the type and the id of an event that a template accepts, as they are typed in a command."""
        if self.folder.samefile(TEMPLATES):
            return "order.created 1045"  # a row that is in no sample
        first = self.checked.samples[0]
        return f"{first.event} {shlex.quote(str(first.id))}"


@click.command(short_help="Run everything on this machine, and watch the posts.")
@click.option(
    "--once", is_flag=True, help="Publish, print the posts, tear down, and exit: 0 only if every post arrived."
)
@click.option(
    "--database",
    type=click.Choice([*PRODUCTS]),
    help="The database and its read replica. One that is not installed is unpacked from the system's packages. "
    "Default: mariadb, but mysql for a dump with MySQL's own collations.",
)
@click.option(
    "--sql",
    "dump",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A dump of your own tables, as mysqldump writes it, instead of the sample shop.",
)
@click.option(
    "--db",
    "databases",
    multiple=True,
    metavar="[NAME=]URL",
    help="A database of your own that runs already, such as mysql://reader@localhost/shop;tls=off. It is only "
    f"read. The password comes from {connections.PASSWORD}, or is asked for.",
)
@selection.templates(default=TEMPLATES)
def demo(once: bool, database: str | None, dump: Path | None, databases: tuple[str, ...], folder: Path) -> None:
    """Run everything on this machine: AWS, a database with its replica, an API, Slack, and the notifier between them.

    The command checks the templates first, and starts nothing if one has an error. It builds the application with
    `sam build`, deploys the unchanged template.yaml with `sam deploy`, publishes an event for each sample of the
    templates, and prints the posts. Without --once it runs until Ctrl-C, and `notifier emit` in another terminal
    publishes further events.

    With tables of your own (--sql or --db) it publishes nothing by itself, because they have no rows for the samples:

    \b
      mysqldump --single-transaction shop > shop.sql
      notifier demo --sql shop.sql
      notifier demo --db 'mysql://reader@localhost/shop;tls=off'

    A checkout has one demo at a time. If a demo was killed, the next start removes what it left behind.

    Exit status: 0 all is well, 1 a post is missing or a part has ended, 2 a demo of this checkout runs already, or
    the command was misused.
    """  # noqa: D301 - \b is what keeps these lines apart
    console, folder = Console(), Path(os.path.relpath(folder))
    source = _source(dump, databases)
    try:
        with _interruptible():
            seen = snapshot(folder)  # a file that is saved while the demo starts counts as an edit
            checked = _checked(folder)
            product = PRODUCTS[database] if database else product_of(dump) if dump else MARIADB
            with running.claimed() as state:
                edited = Edited(folder, checked, seen)
                complete = _run(state, edited, console, product, source, once=once)
    except KeyboardInterrupt:
        console.print(say("Stopped; everything that ran is gone."))
        raise click.exceptions.Exit(130 if once else 0) from None
    except (ChildError, TimeoutError, SamError, DatabaseMissingError, DumpError) as error:
        raise click.ClickException(f"{error}\n{say('Everything else was stopped too.')}") from None
    if not complete:
        raise click.exceptions.Exit(1)


def _checked(folder: Path) -> Compilation:
    """Compile the templates of the folder, and check that it has the demo's stage. Raises Exit, ClickException."""
    checked = compiler.compile_templates(folder)
    if checked.errors:
        show(checked, folder)
        raise click.exceptions.Exit(1)
    if STAGE not in {stage.name for stage in checked.stages}:
        raise click.ClickException(
            say(
                "{folder} has no stage for the demo. Copy {example} into its folder _stages, with your aliases in it.",
                folder=files.shown(folder),
                example=TEMPLATES / "_stages" / f"{STAGE}.yaml",
            )
        )
    return checked


def _source(dump: Path | None, databases: Sequence[str]) -> Source:
    """Return where the tables come from. Connects to a running database first, because the rest takes a minute."""
    if dump and databases:
        raise click.UsageError(say("Give --sql or --db, not both."))
    if not databases:
        return of_dump(dump) if dump else sample_shop
    given = connections.read_databases(databases)
    given.try_each()
    return of_databases(given.parameter, given.logins)


def _run(
    folder: Path,
    edited: Edited,
    console: Console,
    product: Product,
    source: Source,
    *,
    once: bool,
) -> bool:
    step = _steps(console)
    with local_cloud(folder, step, product, source) as cloud, _whole(cloud):
        with step(say("Building the application with sam build")):
            template = cloud.build(edited.folder)
        with step(say("Deploying it with sam deploy")):
            outputs = cloud.deploy(template, Polls="on")
        slack = DemoSlack(cloud.slack, STAGE)
        slack.follow(edited.checked)
        watch = Watch(cloud, outputs, console, slack)
        edits = Edits(cloud.aws, outputs["FunctionName"], template.with_name(FUNCTION), edited.folder, edited.seen)
        with running.announced(watch.topic, cloud.aws.env, page=cloud.page, login=str(cloud.tables.login or "")):
            tick = Tick(cloud, outputs, edited.checked.polls)
            if cloud.tables.is_shop:
                complete = _publish_samples(cloud, watch, console, tick, sample_events(edited.folder))
            else:
                complete = True
                nothing = say("Published nothing: the rows of the samples are not in your tables.")
                console.print(nothing, style="dim")
            if not once:
                answers = Answers(stack.of_outputs(running.STACK, cloud.aws, outputs), edited.folder)
                session = Session(cloud, slack, watch, edits, answers)
                session.exhibit(edited.checked)
                _follow(cloud, watch, session, console, edited)
    return complete


@contextmanager
def _whole(cloud: LocalCloud) -> Iterator[None]:
    """If a process of the cloud has ended, raise ChildError, which names it, in place of any other error."""
    try:
        yield
    except Exception:
        if ended := cloud.ended():
            raise ChildError(ended) from None
        raise


def _publish_samples(
    cloud: LocalCloud,
    watch: Watch,
    console: Console,
    tick: Tick,
    events: list[dict[str, Any]],
) -> bool:
    """Publish an event for each sample, insert a row that a poll finds, and return whether every post arrived."""
    tick()
    for event in events:
        publish(cloud.aws.client("sns"), watch.topic, event)
        console.print(say("Published {event}", event=f"{event['type']} {event['id']}"), style="dim")
        time.sleep(PACE_SECONDS)
    rows = _insert(cloud, tick, console)
    awaited = len(events) + rows
    deadline = time.monotonic() + WAIT_SECONDS
    while watch.look() < awaited and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        tick.now_and_then()
    lost = max(0, awaited - watch.posted - len(watch.parked) - watch.queued)
    if lost:
        console.print(say("The function's log:"), style="red")
        console.print("\n".join(watch.log()[-LOG_LINES:]), markup=False, highlight=False)
    counted = [say("{count} published", count=len(events))]
    counted += [say("{count} found by a poll", count=rows)] if rows else []
    counted += [say("{count} delivered", count=watch.posted), say("{count} lost", count=lost)]
    counted += [say("{count} parked", count=len(watch.parked))] if watch.parked else []
    counted += [say("{count} in the queue", count=watch.queued)] if watch.queued and watch.posted < awaited else []
    console.print(say(", ").join(counted), highlight=False)
    return watch.posted == awaited


def _insert(cloud: LocalCloud, tick: Tick, console: Console) -> int:
    """Insert a row without publishing an event, if a template polls its table. Return how many rows were inserted."""
    if POLLED not in tick.polls or not cloud.tables.login:
        return 0
    wait_until(lambda: tick.has_run(POLLED), f"the first run of the poll {POLLED}", WAIT_SECONDS)
    row = request_refund(cloud.tables.login)
    inserted = say("Inserted row {row} into refunds and published nothing; its poll finds it", row=row)
    console.print(inserted, style="dim")
    return 1


def sample_events(templates: Path) -> list[dict[str, Any]]:
    """Return the event of each sample of each template. The sample shop has a row for each of them."""
    samples = compiler.compile_templates(templates).samples
    return [{"type": one.event, "id": one.id, **({"data": _plain(one.data)} if one.data else {})} for one in samples]


def _plain(data: Mapping[str, Value]) -> Any:
    """Return a sample's data as an application would publish it: in JSON, times and decimals are strings."""
    return json.loads(json.dumps(data, default=str))


def _follow(cloud: LocalCloud, watch: Watch, session: Session, console: Console, edited: Edited) -> None:
    """Show the results of further events and of edited templates, until Ctrl-C."""
    begin = say(
        "[bold]Open {page}[/] and edit a file in {folder}/: the next message has the new words.",
        page=cloud.page,
        folder=escape(files.shown(edited.folder)),
    )
    ending = say("Ctrl-C ends everything. From another terminal:")
    console.print(f"\n{begin}\n{ending}\n", highlight=False, soft_wrap=True)
    login, is_shop = cloud.tables.login, cloud.tables.is_shop
    console.print(
        _about_the_shop(cloud, watch, login, edited.example) if login and is_shop else _about_own_tables(login, edited),
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    while True:
        session.look()
        if ended := cloud.ended():
            raise ChildError(ended)
        time.sleep(POLL_SECONDS)


def _about_own_tables(login: Path | None, edited: Edited) -> str:
    folder = edited.folder
    is_ours = folder.samefile(TEMPLATES)
    named = [] if is_ours else [f"  export {selection.VARIABLE}={shlex.quote(str(folder.resolve()))}"]
    commands = [f"  {f'.venv/bin/notifier {command}':<42}# {say(words)}" for command, words in OWN_TABLES.items()]
    change = say("Change a row in your own database, which the demo only reads. A poll finds it within two minutes.")
    if login:
        example = poll_trial.example(edited.checked.templates)
        how = say("Change a row as your application would; a poll finds it within two minutes:")
        change = f'{how}\n\n  {poll_trial.command(login)} "{example}"'
    return "\n".join([*named, *commands, "", change, "", ""])


def _about_the_shop(cloud: LocalCloud, watch: Watch, login: Path, example: str) -> str:
    tables = say("what the sample shop's database has")
    insert = say("Insert a row without publishing an event; its poll finds it within two minutes:")
    return (
        f"  .venv/bin/notifier emit {example}\n"
        f"  .venv/bin/notifier sql      # {tables}\n"
        "  .venv/bin/notifier poll status\n\n"
        f"{insert}\n\n"
        f'  {poll_trial.command(login)} "{INSERT}"\n\n'
        "  AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test .tools/aws/bin/aws sns publish \\\n"
        f"    --endpoint-url {cloud.aws.endpoint} --region us-east-1 --topic-arn {watch.topic} \\\n"
        """    --message '{"type": "order.created", "id": 1046}'\n"""
    )


def _steps(console: Console) -> Step:
    @contextmanager
    def step(what: str) -> Iterator[Callable[[str], object]]:
        began = time.monotonic()
        with console.status(what) as status:
            yield lambda far: status.update(f"{what}: {far}")
        console.print(f"[green]✓[/] {what} [dim]({time.monotonic() - began:.1f} s)[/]", highlight=False)

    return step


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM clean up as Ctrl-C does. Once the cleanup has begun, ignore both.

    SIGINT is set too, because a shell starts a command with `&` with SIGINT ignored.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)

    def stop(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
