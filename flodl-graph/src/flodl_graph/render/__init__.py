"""From frozen IR to what people look at. Imports `ir` only."""
