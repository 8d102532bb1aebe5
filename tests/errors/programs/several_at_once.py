from flodl import FlowBuilder

flow = FlowBuilder("biliner", 2, 16)
flow = flow.through("linear", 16, 2, bais=False)
model = flow.through("state_add").using("encoded").build()

# it ends with
# UnknownComponent: 3 errors
# no module is called 'biliner'
#   at: several_at_once.py:3
#   try: did you mean 'bilinear' or 'linear'?
# linear takes no argument 'bais'
#   at: several_at_once.py:4
#   try: did you mean 'bias'?
# using('encoded') names no tag and no input
#   at: several_at_once.py:5
#   try: tags so far: none
