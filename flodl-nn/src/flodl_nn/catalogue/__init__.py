"""What flodl-nn brings, as data: one file per kind, targets as strings, nothing heavy imported."""
