from flodl import FlowBuilder

model = FlowBuilder("linear", 2, 2).build()
model.record("loss", "low")

# it ends with
# TrainingError: record('loss') takes a float or a tensor, got str
