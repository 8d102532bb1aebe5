from flodl import FlowBuilder

model = FlowBuilder("linear", 2, 2).build()
model.load_checkpoint("nowhere.safetensors")

# it ends with
# CheckpointError: cannot read the checkpoint: No such file or directory
#   at: nowhere.safetensors
#   try: check the path and its folder
