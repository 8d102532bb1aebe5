"""From words to a graph: the words are folded into drafts, names and references linked, all faults told together."""
