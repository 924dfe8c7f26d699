"""What becomes of the installed dependencies and the code on their way into the function's package."""
