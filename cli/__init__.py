"""The `notifier` command, for people. Never ships with the function."""
