"""Turns the installed dependencies and the code into the function's package."""
