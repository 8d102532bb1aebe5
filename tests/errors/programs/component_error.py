from flodl import FlowBuilder

model = FlowBuilder("dropout", p=1.5).build()

# it ends with
# ComponentError: dropout: dropout probability has to be between 0 and 1, but got 1.5
#   at: component_error.py:3
