"""The op table: functions of tensors by name, as data. Importing it imports no torch.

`components.create("op", ref("softmax", dim=-1))` is a function of tensors; in a flow an op stands where a
module is due, `through("op:softmax", dim=-1)`. Each row of the table says how torch's own function is
called; there is no function of our own around it.
"""
