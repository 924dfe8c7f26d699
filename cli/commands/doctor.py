"""`notifier doctor`: check a deployment, and say how to fix what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cli import language, running
from cli.language import say
from cli.operations import screen, stack
from handler.health.model import Check


@click.command(short_help="Check a deployment, and say how to fix it.")
@click.option("--no-egress", is_flag=True, help="Do not ask checkip.amazonaws.com for the function's public address.")
@click.option("--bench-paths", is_flag=True, help="Measure the paths to the APIs instead of running the checks.")
@click.option("--path", default="/", show_default=True, help="The path that --bench-paths requests from each API.")
@click.option("--plan", is_flag=True, help="Check the network before the deployment, only from outside.")
@click.option("--config-env", default="default", show_default=True, help="The environment of samconfig.toml to use.")
@click.option("--subnets", default="", help="With --plan: use these SubnetIds instead of those in samconfig.toml.")
@click.option("--security-groups", default="", help="With --plan: use these SecurityGroupIds instead.")
@stack.option
@screen.as_json
def doctor(
    no_egress: bool,
    bench_paths: bool,
    path: str,
    plan: bool,
    config_env: str,
    subnets: str,
    security_groups: str,
    stack_name: str | None,
    as_json: bool,
) -> None:
    """Check a deployed notifier from inside its function and from outside, and say how to fix what is wrong.

    The command invokes the function, which checks with its own rights and network: its settings, its templates, each
    secret, each host name, the state table, the queue, each database (login, rights, replication, clock), each API,
    Slack (token, scopes, channels), its public address, and each poll (how it reads its table). It posts nothing. From
    outside, the command checks the version, the event source mapping, the dead-letter queue and the concurrency.

    With --plan nothing needs to be deployed: the command reads the parameters in samconfig.toml, and the subnets,
    routes, NAT gateways, network ACLs, security groups, endpoints and DNS settings of the network. It reports what will
    not work, and parameters that `sam deploy` would drop without a message.

    It needs lambda:InvokeFunction on the function, and rights to read; docs/doctor.md lists them.

    Exit status: 0 no check failed, 1 a check failed, 2 the command was misused or could not check.
    """
    from cli.doctor import finding, inside, outside, show

    if plan:
        _show(_planned(config_env, {"SubnetIds": subnets, "SecurityGroupIds": security_groups}), as_json)
        return
    deployed = stack.find(stack_name)
    with screen.working(say("Looking at the deployment")) as report, language.speaking(_spoken(as_json)):
        qualifier, mapping = outside.invoked(deployed)
        checks = [] if bench_paths else list(outside.checks(deployed, qualifier, mapping))
        report(say("asking the function, which takes up to a minute"))
        asked: dict[str, Any] = {"egress": ""} if no_egress else {}
        answer = inside.ask(deployed, qualifier, {**asked, **({"bench": path} if bench_paths else {})})
    checks += finding.read(answer)
    if answer.get("paths") and not as_json:
        show.paths(screen.console(), answer["paths"])
        return
    _show(checks, as_json, answer.get("paths", []))


def _spoken(as_json: bool) -> str:
    """Return the language of the findings. JSON is always English."""
    return language.ENGLISH if as_json else language.language()


def _planned(config_env: str, given: Mapping[str, str]) -> list[Check]:
    from cli.planning import network, overrides, problems, quota, request

    checks: list[Check] = []
    try:
        written = overrides.read(Path("samconfig.toml"), config_env)
        checks += overrides.check(written, overrides.declared(Path()))
        wanted = request.read({**written.values, **{name: value for name, value in given.items() if value}})
    except ValueError as error:
        dropped = [check.cause for check in checks if check.state == "failed"]
        raise click.UsageError("\n".join([str(error), *dropped])) from None
    demo = running.chosen()
    running.tell()
    account = stack.Account(demo.environment if demo else {})
    with screen.working(say("Reading the network")):
        found = network.read(account.client("ec2"), wanted.subnets, wanted.groups)
        checks += quota.check(account.client("lambda"), wanted)
    return [*checks, *problems.judge(found, wanted)]


def _show(checks: list[Check], as_json: bool, paths: Sequence[Mapping[str, Any]] = ()) -> None:
    from cli.doctor import finding, show

    if as_json:
        screen.print_json({"checks": [asdict(check) for check in checks], "paths": paths})
    else:
        show.findings(screen.console(), checks)
    if not finding.is_well(checks):
        raise click.exceptions.Exit(1)
