"""Slack over slack-sdk: senders, transport, the meaning of answers, and the search for a message."""
