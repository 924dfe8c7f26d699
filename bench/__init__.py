"""Each figure that the docs quote, as a script, with its last raw result beside it in results/."""
