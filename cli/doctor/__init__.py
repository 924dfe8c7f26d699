"""The checks of `notifier doctor` from outside the function, and how findings are shown."""
