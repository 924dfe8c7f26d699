"""`python -m lab.poll_soak`: run soak tests of polls by hand."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import SystemRandom

import click
from rich.console import Console
from rich.table import Table

from lab.databases import PRODUCTS, Pair, Product, replicated_pair
from lab.poll_soak.plan import KINDS, planned
from lab.poll_soak.run import Result, soak
from lab.tls import Authority


@click.command()
@click.option("--seeds", type=click.IntRange(1), default=20, show_default=True, help="How many soaks there are.")
@click.option("--rows", type=click.IntRange(1), default=5000, show_default=True, help="How many rows each commits.")
@click.option("--seed", type=int, help="The first seed; printed, and random if it is left out.")
@click.option(
    "--kind", type=click.Choice([*KINDS, "all"]), default="all", show_default=True, help="What the poll finds."
)
@click.option("--database", type=click.Choice([*PRODUCTS]), default="mariadb", show_default=True, help="Which server.")
def main(seeds: int, rows: int, seed: int | None, kind: str, database: str) -> None:
    """Soak test: poll a real table while it is written to, replication stops, and the function is killed at random.

    The poll finds new rows by id, changes of a watched column, or new rows by a time; with "all", the seeds take turns.
    Each row or change that the poll promises to find must end as one delivery, and may be posted again only after a
    post with an unknown outcome. Prints a line for each violation, and exits with 1 if there is any. A seed determines
    the plan and the faults, but not the timing of concurrent transactions.
    """
    first = SystemRandom().randrange(10**6) if seed is None else seed
    console = Console(stderr=True)
    last, product = first + seeds - 1, PRODUCTS[database]
    console.print(f"seeds {first} to {last}, {rows:,} rows each, {product.title}", highlight=False)
    results: list[Result] = []
    with _pair(product, console) as pair:
        for number in range(first, first + seeds):
            plan = planned(number, rows, KINDS[number % len(KINDS)] if kind == "all" else kind)
            with console.status(f"seed {number}") as status:
                result = soak(pair, plan, lambda text, number=number: status.update(f"seed {number}: {text}"))  # type: ignore[misc]
            results.append(result)
            mark = "[red]✗[/]" if result.verdict.violations else "[green]✓[/]"
            console.print(f"{mark} seed {number}: {result.line}", highlight=False, soft_wrap=True)
            for violation in result.verdict.violations:
                console.print(f"  [red]✗[/] {violation}", highlight=False, soft_wrap=True)
    Console(width=120).print(_table(results))
    click.echo(_points(results))
    sys.exit(any(result.verdict.violations for result in results))


@contextmanager
def _pair(product: Product, console: Console) -> Iterator[Pair]:
    with tempfile.TemporaryDirectory(prefix="notifier-soak-") as name, ExitStack() as parts:
        folder = Path(name)
        with console.status(f"Starting {product.title}, a primary and its read replica"):
            authority = Authority.create(folder / "tls")
            pair = parts.enter_context(replicated_pair(folder / "database", authority, product))
        yield pair


_COLUMNS = ("seed", "plan", "committed", "told", "lost", "again", "unknown", "kills", "overtaken", "stops", "holds")


def _table(results: Sequence[Result]) -> Table:
    table = Table(*_COLUMNS)
    for one in results:
        found = one.verdict
        counts = (found.lost, found.twice, one.unknown, one.killed, one.overtaken, one.stops, one.holds)
        told = str(found.single + found.digested)
        table.add_row(str(one.plan.seed), one.plan.line, str(one.written.committed), told, *map(str, counts))
    return table


def _points(results: Sequence[Result]) -> str:
    """Return where the function was killed or overtaken, with the number of times."""
    met: Counter[str] = Counter()
    for one in results:
        met.update(one.met)
    return "\n".join(f"{times:6} x {place}" for place, times in met.most_common())


if __name__ == "__main__":
    main()
