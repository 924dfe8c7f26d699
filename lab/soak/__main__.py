"""`python -m lab.soak`: run a soak test by hand."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import SystemRandom

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from lab.soak import run
from lab.soak.plan import planned
from lab.soak.rig import Mode, running_rig
from lab.soak.schedule import scheduled


@click.command()
@click.option("--events", type=click.IntRange(1), default=2000, show_default=True, help="How many are published.")
@click.option("--seed", type=int, help="What decides over events and faults; printed, and random if it is left out.")
@click.option("--workers", type=click.IntRange(1), default=4, show_default=True, help="Execution environments.")
@click.option("--read-back/--no-read-back", default=True, help="Whether a bot looks for a post before it repeats it.")
@click.option("--webhook", is_flag=True, help="Post to incoming webhooks, which can read nothing back.")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="An empty folder for logs and data.")
def main(events: int, seed: int | None, workers: int, read_back: bool, webhook: bool, keep: Path | None) -> None:
    """Run the real function under random faults, and check the outcome of every delivery.

    Every delivery must end as delivered, suppressed or parked, or still be in the queue; and nothing may be posted
    twice without a reason. Prints a line for each violation, then a summary; exits with 1 if there is any.
    """
    seed = SystemRandom().randrange(10**6) if seed is None else seed
    console, mode = Console(stderr=True), Mode(webhook=webhook, read_back=read_back and not webhook)
    console.print(f"seed {seed}: {events} events, {workers} environments, {_words(mode)}")
    plan = planned(seed, events)
    with ExitStack() as parts:
        folder = parts.enter_context(_folder(keep))
        with console.status("Starting the database pair, the local AWS and Slack"):
            rig = parts.enter_context(running_rig(folder, mode, workers=workers, seed=seed))
        show = parts.enter_context(_progress(console, events))
        result = run.Soak(rig, plan, scheduled(seed, plan), show, seed).run()
    befell = ", ".join(f"{times} x {kind}" for kind, times in sorted(result.troubles.items()))
    console.print(
        f"What befell it: {befell}; and {result.mishaps} posts, each in its own way", highlight=False, soft_wrap=True
    )
    for violation in result.violations:
        console.print(f"[red]✗[/] {violation}", highlight=False, soft_wrap=True)
    console.print(f"After replaying what was parked, twice: {result.replayed.line}", highlight=False, soft_wrap=True)
    click.echo(result.verdict.line)
    sys.exit(1 if result.violations else 0)


def _words(mode: Mode) -> str:
    if mode.webhook:
        return "webhooks"
    return "a bot that reads back" if mode.read_back else "a bot that does not read back"


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="notifier-soak-") as folder:
        yield Path(folder)


@contextmanager
def _progress(console: Console, events: int) -> Iterator[Callable[[run.Progress], None]]:
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=events)

        def show(progress: run.Progress) -> None:
            hours, rest = divmod(max(int(progress.seconds), 0), 3600)
            words = f"{hours}:{rest // 60:02}:{rest % 60:02} of its time, {progress.published} published"
            words += f", {progress.queued} in the queue, {progress.dead} parked [yellow]{progress.now}[/]"
            bar.update(task, completed=progress.published, description=words)

        yield show


if __name__ == "__main__":
    main()
