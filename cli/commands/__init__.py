"""The commands: one verb per file, each imported only when it is used (cli/main.py)."""
