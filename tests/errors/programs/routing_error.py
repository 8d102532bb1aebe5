import torch
from flodl import FlowBuilder

model = FlowBuilder().switch("fixed_selector", ["gelu", "relu"], index=2).build()
model(torch.zeros(1, 2))

# it ends with
# RoutingError: switch() was told branch 2, and has branches 0 to 1
#   at: routing_error.py:4
