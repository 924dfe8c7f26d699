"""A Slack of our own on loopback: Web API and incoming webhooks, with the limits and the errors of Slack.

    content                              what a message says; its limits are those of cli/slack_rules
    config, rules                        the tokens, channels and webhooks that it knows, and who may post where
    workspace                            the messages that it accepted
    clock, rate                          time that can be moved on, and one message a second of it
    faults, misbehave                    what it was told to do wrong, and how that is done to a connection
    standin                              all of this in one place
    web_api, chat, conversations         the Web API
    webhooks                             incoming webhooks
    answer, wording, views               what it says
    control, kept, client                the control API, and its other end
    server, running, __main__            HTTP in front of it

It answers as Slack documents it; where Slack publishes nothing (words, numbers), the place says so. It keeps each
message that it accepted, and accepts nothing that Slack would refuse. `python -m lab.slack --help` runs it by hand.
"""

from lab.slack.client import Control
from lab.slack.config import Channel, Config, Rate, Token, Webhook
from lab.slack.running import running_slack

__all__ = ["Channel", "Config", "Control", "Rate", "Token", "Webhook", "running_slack"]
