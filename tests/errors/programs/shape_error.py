from flodl import FlowBuilder

model = FlowBuilder("linear", 2, 16).tag("wide").through("linear", 8, 2).tag("head").build("f32[B,2]")

# it ends with
# ShapeError: head, Linear(in_features=8, out_features=2, bias=True), does not fit [B,16]: a and b must have same reduction dim, but got [B, 16] X [8, 2].
#   at: shape_error.py:3
#   try: in_features=16 takes it; it was made for 8
