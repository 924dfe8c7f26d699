"""`notifier balance`: check that every received event is accounted for."""

from __future__ import annotations

import time

import click

from cli.language import say
from cli.operations import audit, balance_view, metrics, screen, stack, times


@click.command(short_help="Check that nothing is lost.")
@click.option("--since", type=times.Moment(), default="24h", show_default=True, help="The earliest change that counts.")
@click.option(
    "--tolerance",
    type=times.Share(),
    default="1%",
    show_default=True,
    help="The share of published events that may be missing.",
)
@click.option("--metric", is_flag=True, help="Also write the metric Notifier/Unbalanced, for an alarm.")
@stack.option
@screen.as_json
def balance(since: float, tolerance: float, metric: bool, stack_name: str | None, as_json: bool) -> None:
    """Check that nothing is lost: received = delivered + suppressed + parked + queued + lost.

    A delivery is one event, by one template, to one channel. The command reads the whole state table, and the number of
    messages in the queues: ready, in flight, or delayed. A message in flight was received and not deleted: the function
    is working on it, or it waits for its next attempt. A message that the state table does not know yet counts as one
    queued delivery. A delivery is lost if it has not ended, should have been tried again long ago, and its message is
    in no queue.

    The messages in the queue cannot be listed. So while there are any, a delivery is lost only if CloudWatch shows that
    the function works on the queue, and that each message that has waited or was tried again in the last hour was sent
    after the delivery was last seen.

    The command also compares the number of messages that the topic accepted, by the topic's own metric, with the number
    of events that were seen. Events that the stack ignores (EventTypes=known) do not count. A difference beyond
    --tolerance is a finding, but not a proof: an event_id that is published twice also causes a difference. If the
    subscription has a filter, or the metric is missing, nothing is compared.

    It needs cloudformation:DescribeStacks, dynamodb:Scan, sqs:GetQueueAttributes, sqs:ReceiveMessage,
    sqs:ChangeMessageVisibility, lambda:GetFunctionConfiguration, lambda:ListEventSourceMappings,
    sns:ListSubscriptionsByTopic, sns:GetSubscriptionAttributes, cloudwatch:GetMetricStatistics and
    cloudwatch:GetMetricData; with --metric also cloudwatch:PutMetricData.

    Exit status: 0 everything is accounted for, 1 something is not, 2 the command was misused or could not look.
    """
    deployed = stack.find(stack_name)
    with screen.working(say("Reading the state table")) as report:
        result = audit.run(deployed, since, time.time(), tolerance, report)
        if metric:
            metrics.report_unbalanced(deployed, result.unbalanced)
    if as_json:
        screen.print_json(balance_view.document(result))
    else:
        screen.console().print(balance_view.draw(result))
    if result.unbalanced:
        raise click.exceptions.Exit(1)
