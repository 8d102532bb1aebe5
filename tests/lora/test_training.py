"""Adapters in training steps: recorded or not, resumed or not, on a graph's own paths."""

from __future__ import annotations

import pytest
import torch
from flodl import FlowBuilder, Monitor, Sampler, TrainingState, TrainStep, ref, trend, when
from flodl import thaw as thaw_at
from flodl_core import CheckpointError, PathError
from flodl_core.freezing import thaw
from flodl_lora import adapt, adapters, disabled, load_adapters, merge, save_adapters, strip, unmerge
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def graph(device, **options):
    torch.manual_seed(0)
    encoder = FlowBuilder("linear", 6, 16).through("batch_norm1d", 16).through("gelu").label("encoder")
    model = FlowBuilder(encoder).also("linear", 16, 16).tag("wide").through("linear", 16, 3).tag("head").build()
    model.to(device)
    if options:
        adapt(model, options.pop("targets", "*"), **options)
    return model


def batch(index, device):
    x = torch.randn(12, 6, generator=torch.Generator().manual_seed(index))
    return x.to(device), x[:, :3].roll(1, 1).to(device)


def train(step, device, steps, first=0):
    return [step(*batch(index, device)) for index in range(first, first + steps)]


def base_of(model):
    return {name: value.clone() for name, value in model.state_dict().items() if ".lora." not in name}


def replays(step):
    return sum(row.replays for row in step.report().rows)


def same(one, two):
    return all(a.equal(b) for a, b in zip(one, two, strict=True))


def test_paths_are_the_graphs_own(device):
    """Labels and tags; and the graph lists the adapters among its parts."""
    model = graph(device)
    print(adapt(model, "encoder", rank=2))
    assert list(adapters(model)) == ["encoder.linear_1"]
    assert "encoder.linear_1.lora" in model.paths()
    assert set(model.named_parameters_at("encoder.linear_1.lora")) == {
        "encoder.linear_1.lora.down",
        "encoder.linear_1.lora.up",
    }
    assert model.is_frozen("encoder.linear_1.weight")
    assert model.is_frozen("head")
    adapt(model, {"wide": 2, "head": {"rank": 1}})
    assert list(adapters(model)) == ["encoder.linear_1", "wide", "head"]
    with pytest.raises(PathError, match=r"'encodr' names no module\n  try: did you mean 'encoder'"):
        adapt(model, "encodr")


def test_the_hash_tells_an_adapted_graph(device):
    """Stripped it is the graph of before; words stay the base's, so a file of the whole is told from the base's."""
    model = graph(device)
    before, text = model.hash, model.to_toml()
    adapt(model, "*", rank=2)
    assert model.hash != before
    assert model.to_toml() == text
    strip(model)
    assert model.hash == before


def test_a_whole_adapted_graph_goes_to_a_file_and_back(device, tmp_path):
    """Into a graph that is adapted likewise; into the bare base it does not, and says what differs."""
    model = graph(device, rank=2)
    train(TrainStep(model, loss="mse", optimizer="adam"), device, 3)
    model.save_checkpoint(tmp_path / "whole.safetensors")
    other = graph(device, rank=2)
    other.load_checkpoint(tmp_path / "whole.safetensors")
    assert same(model.state_dict().values(), other.state_dict().values())
    with pytest.raises(CheckpointError, match="saved from another structure"):
        graph(device).load_checkpoint(tmp_path / "whole.safetensors")


@pytest.mark.parametrize("merged", ["the file's model", "the other"])
def test_a_merged_graph_is_the_same_graph(merged, device, tmp_path):
    """To its hash and its files: whichever of the two is merged, the values arrive, and are worked with."""
    model, other = graph(device, rank=2).eval(), graph(device, rank=2).eval()
    for adapter in adapters(model).values():
        nn.init.normal_(adapter.up)
    expected, before = model(batch(0, device)[0]), model.hash
    merge(model if merged == "the file's model" else other)
    assert before == model.hash == other.hash
    model.save_checkpoint(tmp_path / "model.safetensors")
    other.load_checkpoint(tmp_path / "model.safetensors")
    assert expected.equal(other(batch(0, device)[0]))


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "lion"])
def test_the_base_does_not_drift(optimizer, device):
    """By nothing, whatever the optimizer, weight decay, running statistics and accumulation do."""
    model = graph(device, rank=2)
    before = base_of(model)
    options = {} if optimizer == "sgd" else {"weight_decay": 0.1}
    step = TrainStep(model, loss="mse", optimizer=ref(optimizer, lr=0.05, **options), accumulate=2)
    train(step, device, 9)
    step.end_epoch()
    assert same(before.values(), base_of(model).values())
    assert all(adapter.up.any() for adapter in adapters(model).values())


def test_a_step_that_is_there_takes_adapters_in(device):
    """Adapted between two steps: what was trained goes out, the adapters come in."""
    model = graph(device)
    step = TrainStep(model, loss="mse", optimizer=ref("adam", lr=0.01))
    train(step, device, 3)
    adapt(model, "*", rank=2)
    before = base_of(model)
    train(step, device, 3)
    assert same(before.values(), base_of(model).values())
    assert all(adapter.up.any() for adapter in adapters(model).values())


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.usefixtures("deterministic")
def test_recorded_training_is_eager_training(dropout, recording):
    """Losses and adapters, bit for bit, with judgements between; merged and disabled on the way."""
    runs = {}
    for capture in ("never", "auto"):
        model = graph(recording, rank=2, dropout=dropout)
        step = TrainStep(model, loss="mse", optimizer=ref("adam", lr=0.01), capture=capture)
        torch.manual_seed(1)
        seen, replayed = train(step, recording, 12), [replays(step)]
        seen.append(step.evaluate(*batch(99, recording)))
        with disabled(model):
            seen.append(step.evaluate(*batch(99, recording)))
        merge(model)
        model.thaw("head.bias")
        seen += train(step, recording, 8, first=12)
        replayed.append(replays(step))
        seen += [step.evaluate(*batch(99, recording)) for _ in range(3)]
        unmerge(model)
        seen += train(step, recording, 12, first=20)
        runs[capture] = torch.stack(seen), list(model.state_dict().values()), [*replayed, replays(step)]
    eager, captured = runs["never"], runs["auto"]
    assert [0, 0, 0] == eager[2]
    assert [11, 7, 11] == captured[2]  # of 12, 8 and 12: each change is recorded anew
    assert eager[0].equal(captured[0])
    assert same(eager[1], captured[1])
    assert eager[0][12] != eager[0][13]


@pytest.mark.usefixtures("deterministic")
def test_the_model_without_adapters_judges_inside_an_objective(recording):
    """As the reference of a distillation: recorded with the step, and bitwise the base."""
    base = graph(recording).eval()

    def objective(model, x, y):
        with torch.no_grad(), disabled(model):
            before = model(x)
        now = model(x)
        return nn.functional.mse_loss(now, y) + 0.1 * nn.functional.mse_loss(now, before), {"before": before}

    runs = {}
    for capture in ("never", "auto"):
        model = graph(recording, rank=2)
        step = TrainStep(model, objective=objective, optimizer=ref("adam", lr=0.01), capture=capture)
        results = train(step, recording, 20)
        runs[capture] = step, torch.stack([loss for loss, _ in results]), results[-1][1]["before"]
    assert replays(runs["auto"][0]) > 15
    assert runs["never"][1].equal(runs["auto"][1])
    torch.testing.assert_close(runs["auto"][2], base(batch(19, recording)[0]))


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_it_trains_in_half_precision(precision, device):
    """The step's autocast and loss scale know nothing of adapters, and need not."""
    model = graph(device, rank=2)
    step = TrainStep(model, loss="mse", optimizer=ref("adam", lr=0.01), precision=precision)
    losses = [train(step, device, 1)[0] for _ in range(25)]
    assert losses[-1] < losses[0]


def test_groups_and_freezing_know_adapters_by_path(device):
    """A rate of their own by glob; a frozen one stays; thawed, it goes on."""
    model = graph(device, rank=2)
    step = TrainStep(model, loss="mse", optimizer=ref("sgd", lr=0.1), groups={"*.lora.up": 0.5, "head.lora": 0.0})
    model.freeze("wide.lora")
    held = [[p.detach().clone() for p in model.parameters_at(path)] for path in ("wide.lora", "head.lora")]
    train(step, device, 3)
    assert same(held[0], model.parameters_at("wide.lora"))
    assert same(held[1], model.parameters_at("head.lora"))
    assert adapters(model)["encoder.linear_1"].up.any()
    model.thaw("wide.lora")
    train(step, device, 1)
    assert not same(held[0], model.parameters_at("wide.lora"))


def test_rules_thaw_parts_of_the_base(device):
    """A rule's `thaw` is the same contract: the head joins after the first epoch."""
    model = graph(device, targets="encoder", rank=2)
    rule = when(trend("loss").latest() > 0.0).do(thaw_at("head"))
    step = TrainStep(model, loss="mse", optimizer="adam", rules=[rule])
    before = base_of(model)
    for _ in range(3):
        for loss in train(step, device, 2):
            model.record({"loss": loss})
        step.end_epoch()
    moved = {name for name, value in base_of(model).items() if not value.equal(before[name])}
    assert moved == {"head.weight", "head.bias"}


def run(folder, device, stop=None):
    """Two passes of three batches over a data set, from where the folder's state is; cut after so many steps."""
    model = graph(device, rank=2, dropout=0.2)
    thaw(model, "head")
    torch.manual_seed(5)
    step = TrainStep(model, loss="mse", optimizer=ref("adamw", lr=0.01))
    data = TensorDataset(*batch(0, device))
    sampler, monitor = Sampler(data, 4, seed=1), Monitor(2, sinks=[], probes=[])
    state, seen = TrainingState(folder, step=step, sampler=sampler, monitor=monitor), []
    state.resume()
    for _ in monitor.epochs(step):
        for x, y in sampler.follow(DataLoader(data, batch_sampler=sampler)):
            seen.append(step(x, y))
            if step.steps == stop:
                state.save()
                break
        if step.steps == stop:
            break
    state.close()
    return seen, list(model.state_dict().values())


@pytest.mark.parametrize("stop", [2, 4, 5])
def test_a_resumed_run_is_the_run(stop, device, tmp_path):
    """Bit for bit: base, adapters, what was thawed, optimizer, dropout."""
    expected, values = run(tmp_path / "whole", device)
    first, _ = run(tmp_path / "cut", device, stop)
    second, again = run(tmp_path / "cut", device)
    assert same(expected, first + second)
    assert same(values, again)


def test_adapters_of_a_graph_travel_alone(device, tmp_path):
    """Trained here, loaded onto a fresh graph of the same words and weights."""
    model = graph(device, rank=2)
    train(TrainStep(model, loss="mse", optimizer=ref("adam", lr=0.05)), device, 5)
    save_adapters(tmp_path / "task.safetensors", model)
    other = graph(device)
    load_adapters(tmp_path / "task.safetensors", other)
    x = batch(1, device)[0]
    assert model.eval()(x).equal(other.eval()(x))
    assert (tmp_path / "task.safetensors").stat().st_size < 4000


def test_the_layer_is_a_word_of_flows(device):
    """By name, in TOML, in a graph whose base is then loaded by the same names."""
    model = FlowBuilder("lora_linear", 6, 16, rank=2).through("gelu").through("linear", 16, 3).build().to(device)
    assert model.to_toml().startswith('[[flow]]\nthrough = "lora_linear"\nargs = [6, 16]\nrank = 2\n')
    assert FlowBuilder.from_toml(model.to_toml()).build().ir == model.ir
    assert model.is_frozen("lora_linear_1.weight")
    train(TrainStep(model, loss="mse", optimizer="adam"), device, 2)
    merge(model)
    strip(model, keep=True)
    assert type(model.lora_linear_1) is nn.Linear
