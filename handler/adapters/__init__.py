"""What reaches the outside: one module for each thing that is reached."""
