"""Builds the function's package from the installed dependencies and the code."""
