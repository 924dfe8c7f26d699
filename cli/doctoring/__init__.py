"""What `notifier doctor` looks at from outside the function, and how it shows what was found."""
