"""From frozen IR to the Python that runs. Imports `ir` only."""
