"""Blocks and texts as Slack takes them."""
