"""The views of a run, one output per file."""
