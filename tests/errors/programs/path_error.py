from flodl import FlowBuilder

model = FlowBuilder("linear", 2, 16).tag("encoder").build()
model.freeze("encodr")

# it ends with
# PathError: 'encodr' names no parameter
#   try: did you mean 'encoder' or 'encoder.bias' or 'encoder.weight'?
