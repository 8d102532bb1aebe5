"""What a graph *is*: frozen data. Knows nothing of running, drawing, torch or plugins."""
