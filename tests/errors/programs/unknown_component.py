from flodl import FlowBuilder

model = FlowBuilder("linear", 2, 16).through("geul").build()

# it ends with
# UnknownComponent: no module is called 'geul'
#   at: unknown_component.py:3
#   try: did you mean 'gelu' or 'geglu'?
