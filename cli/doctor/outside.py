"""Checks what the function cannot see itself: its deployment, the event source mapping, the dead-letter queue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cli import concurrency_plan
from cli.language import say
from cli.operations.aws_errors import asking, code
from cli.operations.stack import LIVE, Stack
from handler.health.model import Check

LATEST: Final = "$LATEST"
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
_TIMES: Final = 6
_CONCURRENCY_RIGHTS: Final = (
    "lambda:GetAccountSettings, lambda:GetFunctionConcurrency, lambda:ListProvisionedConcurrencyConfigs"
)
# The parts of a function's configuration that change how it handles events.
_COMPARED: Final = ("CodeSha256", "Environment", "MemorySize", "Timeout", "VpcConfig", "Layers", "Role")


def invoked(deployed: Stack) -> tuple[str, Mapping[str, Any] | None]:
    """Return what the events invoke ($LATEST or the alias), and the queue's event source mapping, if there is one.

    Without a mapping, the parameter `Intake` says which.
    """
    mapping = _own_mapping(deployed) if deployed.queue else None
    if mapping is None:
        return deployed.alias or LATEST, None
    return (LIVE if mapping["FunctionArn"].endswith(f":{LIVE}") else LATEST), mapping


def _own_mapping(deployed: Stack) -> Mapping[str, Any] | None:
    """Return the mapping from the queue to the function or its alias. It is found by the queue, which lists both."""
    with asking(say("read the event source mapping"), "lambda:ListEventSourceMappings"):
        answer = deployed.client("lambda").list_event_source_mappings(EventSourceArn=deployed.queue_arn)
    own = (one for one in answer["EventSourceMappings"] if deployed.function in one["FunctionArn"].split(":"))
    return next(own, None)


def checks(deployed: Stack, qualifier: str, mapping: Mapping[str, Any] | None) -> Iterator[Check]:
    """Check the function, its version, its mapping, the dead-letter queue, and the account's concurrency."""
    with asking(say("read the function's configuration"), "lambda:GetFunctionConfiguration"):
        client = deployed.client("lambda")
        latest = invoked = client.get_function_configuration(FunctionName=deployed.function)
        yield _state(latest)
        if qualifier == LIVE:
            invoked = client.get_function_configuration(FunctionName=deployed.function, Qualifier=LIVE)
            yield _alias(latest, invoked)
    if deployed.queue:
        yield _mapping(mapping)
        yield _visibility(deployed, int(invoked["Timeout"]))
    yield _dead_letters(deployed)
    if mapping:
        variables = invoked.get("Environment", {}).get("Variables", {})
        yield _concurrency(deployed, mapping, polls=variables.get("NOTIFIER_POLLS") == "on")


def _state(function: Mapping[str, Any]) -> Check:
    state, update = function.get("State", "Active"), function.get("LastUpdateStatus", "Successful")
    if state == "Failed" or update == "Failed":
        why = function.get("StateReason") or function.get("LastUpdateStatusReason") or say("AWS does not say why")
        cause = say("{state}, last update {update}: {why}", state=state, update=update, why=why)
        return Check("function", "failed", cause=cause, remedy=say("deploy it again"))
    if state != "Active" or update != "Successful":
        is_pending = state == "Pending"
        remedy = say("wait: network interfaces take minutes") if is_pending else say("the next event wakes it, slowly")
        cause = say("{state}, last update {update}", state=state, update=update)
        return Check("function", "warning", cause=cause, remedy=remedy)
    return Check("function", "ok", f"{function.get('Runtime') or say('an image')}, {function['MemorySize']} MB")


def _alias(latest: Mapping[str, Any], published: Mapping[str, Any]) -> Check:
    differing = [name for name in _COMPARED if latest.get(name) != published.get(name)]
    version = published.get("Version", "?")
    if differing:
        cause = say(
            "version {version}, which `{alias}` names, is older than the deployment: {names} differ",
            version=version,
            alias=LIVE,
            names=", ".join(differing),
        )
        remedy = say("publish a version and move the alias: docs/deploy.md, How much at a time")
        return Check("alias", "warning", cause=cause, remedy=remedy)
    return Check("alias", "ok", say("`{alias}` is version {version}, and as deployed", alias=LIVE, version=version))


def _mapping(mapping: Mapping[str, Any] | None) -> Check:
    if mapping is None:
        cause = say("nothing hands the queue's events to the function")
        return Check("mapping", "failed", cause=cause, remedy=say("deploy the stack again"))
    state = mapping.get("State", "Enabled")
    if state not in ("Enabled", "Creating", "Enabling", "Updating"):
        remedy = f"aws lambda update-event-source-mapping --uuid {mapping['UUID']} --enabled"
        cause = say("it is {state}: events wait in the queue", state=state.lower())
        return Check("mapping", "failed", cause=cause, remedy=remedy)
    if "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", []):
        cause = say("it does not hear which events of a batch have failed, so that those are lost")
        remedy = say("deploy the stack again; nobody should change its mapping")
        return Check("mapping", "failed", cause=cause, remedy=remedy)
    seen = say("{state}, batches of {size}", state=state.lower(), size=mapping.get("BatchSize"))
    return Check("mapping", "ok", seen)


def _visibility(deployed: Stack, timeout: int) -> Check:
    name = "VisibilityTimeout"
    with asking(say("read the queue's attributes"), "sqs:GetQueueAttributes"):
        answer = deployed.client("sqs").get_queue_attributes(QueueUrl=deployed.queue, AttributeNames=[name])
    seconds = int(answer["Attributes"][name])
    seen = say(
        "an event stays invisible for {seconds} s, and the function may take {timeout} s",
        seconds=seconds,
        timeout=timeout,
    )
    remedy = say("deploy the stack again; nobody should change its queue or the function's timeout")
    if seconds < timeout:
        cause = say("an event comes again while it is still being handled")
        return Check("visibility", "failed", seen, cause, remedy)
    if seconds < _TIMES * timeout:
        cause = say("AWS asks for {count} times the timeout, so that a throttled batch can wait", count=_TIMES)
        return Check("visibility", "warning", seen, cause, remedy)
    return Check("visibility", "ok", seen)


def _dead_letters(deployed: Stack) -> Check:
    name = "ApproximateNumberOfMessages"
    with asking(say("look into the dead-letter queue"), "sqs:GetQueueAttributes"):
        answer = deployed.client("sqs").get_queue_attributes(QueueUrl=deployed.dead_letters, AttributeNames=[name])
    number = int(answer["Attributes"][name])
    if number:
        cause = say("{count} events are parked", count=number)
        return Check("dead-letter queue", "warning", cause=cause, remedy="notifier replay --all")
    return Check("dead-letter queue", "ok", say("empty"))


def _concurrency(deployed: Stack, mapping: Mapping[str, Any], *, polls: bool) -> Check:
    from botocore.exceptions import BotoCoreError, ClientError

    client = deployed.client("lambda")
    try:
        unreserved = client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
        found = client.get_function_concurrency(FunctionName=deployed.function)
        warm = client.list_provisioned_concurrency_configs(FunctionName=deployed.function)
    except ClientError as error:
        return Check(
            "concurrency",
            "skipped",
            cause=say("AWS does not say: {code}", code=code(error)),
            remedy=_CONCURRENCY_RIGHTS,
        )
    except (BotoCoreError, KeyError):
        return Check("concurrency", "skipped", cause=say("AWS does not say what the account has"))
    maximum = int(mapping.get("ScalingConfig", {}).get("MaximumConcurrency", 0))
    reserved = int(found.get("ReservedConcurrentExecutions", 0))
    configs = warm["ProvisionedConcurrencyConfigs"]
    provisioned = sum(int(one["RequestedProvisionedConcurrentExecutions"]) for one in configs)
    if problems := concurrency_plan.problems(maximum, reserved, provisioned, unreserved, polls=polls):
        return Check("concurrency", "failed", cause="; ".join(problems), remedy=say("change the parameter, and deploy"))
    return Check(
        "concurrency",
        "ok",
        say(
            "{maximum} at a time, {reserved} reserved, {provisioned} kept warm, {unreserved} left",
            maximum=maximum,
            reserved=reserved or say("none"),
            provisioned=provisioned or say("none"),
            unreserved=unreserved,
        ),
    )
