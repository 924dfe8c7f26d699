"""`notifier doctor --plan`: what can be known of a network before anything is deployed into it, by reading alone."""
