"""`notifier doctor --plan`: checks a network before anything is deployed into it. It only reads."""
