"""`notifier doctor`: whether a deployment is well, and what to do where it is not."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from cli.operations import screen, stack


@click.command(short_help="Check a deployment, and say what to do.")
@click.option("--no-egress", is_flag=True, help="Do not ask checkip.amazonaws.com for the address of the way out.")
@click.option("--bench-paths", is_flag=True, help="Time the paths to the APIs, in place of all checks.")
@click.option("--path", default="/", show_default=True, help="What --bench-paths asks each API for.")
@stack.option
@screen.as_json
def doctor(no_egress: bool, bench_paths: bool, path: str, stack_name: str | None, as_json: bool) -> None:
    """Check a deployed notifier from inside its function and from outside, and say what to do where it is not well.

    The function itself is asked, by invoking it: from where it runs, with what it may do. It looks at its settings, its
    templates, each secret, each name, the state table, the queue, each database (login, rights, replication), each API
    by its path, Slack (token, scopes, channels) and the way out. It posts nothing. From outside come its version, the
    mapping, the dead-letter queue, and the account's concurrency.

    It takes lambda:InvokeFunction on the function, and rights to read; docs/doctor.md lists them.

    Exit status: 0 nothing has failed, 1 something has, 2 the command was misused or could not look.
    """
    from cli.doctoring import finding, inside, outside, show

    deployed = stack.find(stack_name)
    with screen.working("Looking at the deployment") as say:
        qualifier, mapping = outside.invoked(deployed)
        checks = [] if bench_paths else list(outside.checks(deployed, qualifier, mapping))
        say("asking the function, which takes up to a minute")
        asked: dict[str, Any] = {"egress": ""} if no_egress else {}
        answer = inside.ask(deployed, qualifier, {**asked, **({"bench": path} if bench_paths else {})})
    checks += finding.read(answer)
    if as_json:
        screen.print_json({"checks": [asdict(check) for check in checks], "paths": answer.get("paths", [])})
    else:
        if checks:
            show.findings(screen.console(), checks)
        if answer.get("paths"):
            show.paths(screen.console(), answer["paths"])
    if not finding.is_well(checks):
        raise click.exceptions.Exit(1)
