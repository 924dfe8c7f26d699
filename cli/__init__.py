"""The `notifier` command line. Not part of the deployed function."""
