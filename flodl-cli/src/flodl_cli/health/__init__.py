"""What `flodl doctor` looks at. Nothing that may be broken is imported in this process: child processes do that."""
