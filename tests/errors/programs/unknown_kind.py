from flodl import components

components.list("layer")

# it ends with
# UnknownKind: no kind of component is called 'layer'
#   try: kinds: modules, losses, optimizers, schedulers, merge_ops, sinks, initializers, ops, words, datasets, probes, commands
