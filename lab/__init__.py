"""The local cloud: every part that the notifier talks to, on this machine. Never ships with the function."""
