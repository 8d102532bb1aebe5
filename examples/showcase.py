"""Every word in one graph: what each does, and that it does so. floDl's showcase, with the words that flodl adds.

Run: python examples/showcase.py [FOLDER]      (into runs/showcase; needs flodl; a few seconds on a CPU)
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from flodl import FlowBuilder, Graph, TrainStep, ref
from torch import Tensor

BATCH, WIDTH = 2, 8


def block() -> FlowBuilder:
    """A recipe: each place that it is used in gets layers of its own."""
    return FlowBuilder("linear", WIDTH, WIDTH).through("gelu").through("layer_norm", WIDTH)


def network() -> Graph:
    """All words, each with one line of why."""
    encoder = block().tag("features").label("encoder")
    flow = (
        FlowBuilder("linear", 2, WIDTH).tag("stem")  # a module by name; the stream, by name
        .input("context")  # a second parameter of forward
        .through(encoder).tag("encoded", features="spectral")  # a graph inside, and a tag brought out of it
        .also(block())  # a residual
        .also("linear", WIDTH, WIDTH, skip=ref("linear", WIDTH, WIDTH))  # with a way round of its own
        .fork("linear", WIDTH, 3).tag("side")  # a side branch; the stream goes on
        .split(block(), "identity").tag_group("half").merge("mean")  # branches, by name, and joined
        .map("linear", WIDTH // 4, WIDTH // 4).slices(4)  # each quarter of the features
        .map(block()).batched().each()  # each row, all at once
        .loop_body(block()).for_n(2).tag("refined", states="every_turn")  # a number of turns, and all of them
        .gate("softmax_router", [block(), block()], dim=WIDTH).using("stem").tag("mixed", weights="routing")
        .switch("argmax_selector", [block(), "identity"], dim=WIDTH).using("refined").tag(index="choice")
        .loop_body("tanh").while_cond("threshold_halt", 3, threshold=5.0)  # asked before each turn
        .loop_body(block()).until_cond("learned_halt", 3, dim=WIDTH).tag(steps="turns")  # asked after each
        .through("state_add").using("memory").tag("memory")  # what the call before left
        .merge("add").using("context", "encoded")  # the stream, with what comes from elsewhere
        .through("layer_norm", WIDTH).tag("joined")
        .map("tanh").over("half_0").tag("mapped")  # the stream is now what a tag was mapped to
        .at("joined").merge("add").using("mapped")  # and goes on from where it was
        .internal("half")  # for this graph alone
        .through("linear", WIDTH, 2).tag("output")
        .label("showcase")
    )  # fmt: skip
    return flow.build("f32[B,2]", context=f"f32[B,{WIDTH}]")  # shapes are checked before any data are there


def what_runs(model: Graph, x: Tensor, context: Tensor) -> None:
    """The code is the forward; every tag is a value of the last call."""
    output = model(x, context)
    assert output.shape == (BATCH, 2)
    assert "memory_before = self.carried.get('memory')" in model.code
    assert torch.equal(model.tagged("output"), output)
    assert torch.equal(model.tagged("spectral"), model.tagged("encoder.features"))
    assert model.tagged("every_turn").shape == (2, BATCH, WIDTH)
    torch.testing.assert_close(model.tagged("routing").sum(1), torch.ones(BATCH))
    assert int(model.tagged("choice")) in (0, 1)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters in {len(model.ir.nodes)} nodes")
    print(f"output {tuple(output.shape)}, routing {model.tagged('routing')[0].tolist()}")


def what_is_remembered(model: Graph, x: Tensor, context: Tensor) -> None:
    """State goes from call to call, until it is reset; an evaluation has its own."""
    model.reset_state()
    first, second = model(x, context), model(x, context)
    drift = float((second - first).detach().abs().max())
    with model.evaluating():
        assert torch.equal(model(x, context), first.detach())
    assert not torch.equal(model(x, context), second)
    model.reset_state()
    assert torch.equal(model(x, context), first)
    assert drift > 0
    print(f"state drift {drift:.4f}, after reset 0.0")


def what_is_a_part(model: Graph) -> None:
    """Parts have paths; a frozen one stands still."""
    assert "encoder.features.weight" in model.state_dict()
    model.freeze("encoder")
    before = [p.clone() for p in model.parameters_at("encoder")]
    step = TrainStep(model, objective=lambda m, *batch: m(*batch).square().mean(), optimizer=ref("adam", lr=1e-2))
    losses: list[float] = []
    for _ in range(5):
        for _ in range(4):
            model.reset_state()
            loss = step(torch.randn(BATCH, 2), torch.randn(BATCH, WIDTH))
            model.record("loss", loss)
        losses.append(step.end_epoch()["loss"])
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters_at("encoder"), strict=True))
    assert losses[-1] < losses[0]
    print("loss by epoch", " ".join(f"{loss:.3f}" for loss in losses))


def what_is_written(model: Graph, x: Tensor, context: Tensor, folder: Path) -> None:
    """The words as text, the weights as a file, the whole as a picture."""
    read = FlowBuilder.from_toml(model.to_toml()).build()
    assert read.hash == model.hash
    model.save_checkpoint(folder / "showcase.safetensors")
    read.load_checkpoint(folder / "showcase.safetensors")
    model.reset_state()
    with torch.no_grad():
        output = model(x, context)
        assert torch.equal(read(x, context), output)
    assert bool(output.isfinite().all())
    model.svg(folder / "showcase.svg")
    (folder / "showcase.toml").write_text(model.to_toml())
    print(f"written: {', '.join(sorted(file.name for file in folder.iterdir()))}")


def main(folder: Path) -> Graph:
    """Build it, call it, train it, write it; every claim is asserted."""
    torch.manual_seed(0)
    model = network()
    x, context = torch.randn(BATCH, 2), torch.randn(BATCH, WIDTH)
    what_runs(model, x, context)
    what_is_remembered(model, x, context)
    what_is_a_part(model)
    what_is_written(model, x, context, folder)
    return model


if __name__ == "__main__":
    place = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/showcase")
    place.mkdir(parents=True, exist_ok=True)
    main(place)
