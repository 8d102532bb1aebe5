from flodl import FlowBuilder

model = FlowBuilder("linear", 2, 16).gate("softmax_router", ["gelu"], dim=16).build()

# it ends with
# BuildError: gate() blends at least 2 experts, got 1
#   at: build_error.py:3
#   try: use through() for one module
