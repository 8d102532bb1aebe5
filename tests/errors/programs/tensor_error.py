from flodl_core.tensor import pick_device

device = pick_device("gpu")

# it ends with
# TensorError: 'gpu' is no device
#   try: did you mean 'cpu'?
