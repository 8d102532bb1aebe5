"""A flow as text and back: tables of plain data, and the TOML they are written in. Imports `ir` only."""
