"""The commands: one verb per file, each imported when somebody uses it (cli/main.py)."""
