"""What flodl-nn's components compute, computed once more: numpy, float64, from the definitions, without torch.

`flodl exercise` compares with these pages; nothing else imports them. They are written to be read beside the paper,
not to be fast.
"""
