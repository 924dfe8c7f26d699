"""What Slack accepts in a message, according to its documentation: for lint and for the Slack stand-in.

The function does not import it: handler/block_kit has its own table, and a test compares the two.
"""

from cli.slack_rules import blocks, elements
from cli.slack_rules.blocks import block_problems
from cli.slack_rules.message import Method, message_problems
from cli.slack_rules.schema import Problem

__all__ = ["MODAL_ONLY", "Method", "Problem", "block_problems", "message_problems"]

# The types of blocks and elements that modals can have, but messages cannot.
MODAL_ONLY = blocks.MODAL_ONLY | elements.MODAL_ONLY
