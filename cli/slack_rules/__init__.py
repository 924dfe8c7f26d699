"""What Slack takes, as its documentation says: for lint and for the Slack stand-in.

The function does not use it: handler/block_kit has its own table, and a test compares the two.
"""

from cli.slack_rules.blocks import block_problems
from cli.slack_rules.message import Method, message_problems
from cli.slack_rules.schema import Problem

__all__ = ["Method", "Problem", "block_problems", "message_problems"]
