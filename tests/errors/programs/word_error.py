from flodl import FlowBuilder

model = (
    FlowBuilder("linear", 2, 16)
    .split("gelu", "tanh")
    .build()
)

# it ends with
# WordError: split() opened branches, and has no 'build' yet
#   at: word_error.py:6
#   try: merge() them first
