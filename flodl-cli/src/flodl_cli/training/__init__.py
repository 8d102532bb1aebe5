"""One training run, from an `Experiment` to a report. Imports torch: only `flodl run` imports this."""
