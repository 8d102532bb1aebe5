"""Parts of a graph by dotted path: which there are, frozen or not, in which groups. Imports `ir` only."""
