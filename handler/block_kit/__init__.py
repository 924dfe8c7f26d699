"""Blocks and texts in the form and size that Slack accepts."""
