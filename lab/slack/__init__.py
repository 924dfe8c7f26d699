"""A stand-in for Slack on loopback: Web API and incoming webhooks, with the limits and the errors of Slack.

    content                              the content of a message; its limits are those of cli/slack_rules
    config, rules                        the known tokens, channels and webhooks, and who may post where
    workspace                            the messages that it accepted
    clock, rate                          a clock that can be advanced, and the rate limit of one message per second
    faults, misbehave                    the injected faults, and how they are applied to a connection
    standin                              all of this in one place
    web_api, chat, conversations         the Web API
    webhooks                             incoming webhooks
    answer, wording, views               its responses
    control, kept, client                the control API, and its client
    server, running, __main__            HTTP in front of it

It responds as Slack documents; where Slack publishes no error word or number, a comment says so. It keeps each accepted
message, and accepts nothing that Slack would refuse. `python -m lab.slack --help` says how to run it by hand.
"""

from lab.slack.client import Control
from lab.slack.config import Channel, Config, Rate, Token, Webhook
from lab.slack.running import running_slack

__all__ = ["Channel", "Config", "Control", "Rate", "Token", "Webhook", "running_slack"]
