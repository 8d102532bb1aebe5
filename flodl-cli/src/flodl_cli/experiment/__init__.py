"""Experiment files: read, checked, and turned into frozen data. Nothing here imports torch."""
