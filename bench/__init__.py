"""One script for each figure that the docs quote, with its last raw result in results/."""
