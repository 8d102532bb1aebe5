"""The meters of the machine, one resource per file."""
