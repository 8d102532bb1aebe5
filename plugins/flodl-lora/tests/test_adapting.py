"""Which layers get adapters, what that does to the model, and what is refused."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from flodl_core import ComponentError, PathError
from flodl_core.freezing import is_frozen, thaw
from flodl_lora import Adapter, adapt, adapters, merge, strip
from torch import nn


def network(device):
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 8))
    return nn.ModuleDict({"encoder": encoder, "head": nn.Linear(8, 3)}).to(device)


def run(model, x):
    return model["head"](model["encoder"](x))


def trained(model):
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def test_only_the_adapters_train(device):
    """All else is frozen, running statistics too, and moves by nothing."""
    model = network(device)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    adapt(model, "encoder", rank=2)
    assert trained(model) == {f"encoder.{i}.lora.{part}" for i in (0, 3) for part in ("down", "up")}
    assert model["encoder"][1].held
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=0.1, weight_decay=0.1)
    for _ in range(3):
        run(model, torch.randn(5, 6, device=device)).square().sum().backward()
        optimizer.step()
    assert all(value.equal(before[name]) for name, value in model.state_dict().items() if name in before)
    assert adapters(model)["encoder.0"].up.any()


def test_what_is_said_of_it(device):
    """A sentence with the share of what trains."""
    done = adapt(network(device), "encoder", rank=2)
    assert ("encoder.0", "encoder.3") == done.paths
    assert done.trained == 2 * (6 + 8) + 2 * (8 + 8)
    assert str(done) == "2 layers adapted, 60 of 231 parameters train (26.0 %)"


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ("*", {"encoder.0": 3, "encoder.3": 3, "head": 3}),
        (["encoder.0", "head"], {"encoder.0": 3, "head": 3}),
        ({"encoder": {}, "encoder.3": 2}, {"encoder.0": 3, "encoder.3": 2}),
        ({"*": 1, "*.3": None}, {"encoder.0": 1, "head": 1}),
        ({"*": None, "*.0": {"rank": 5}}, {"encoder.0": 5}),
        ({"encoder.*": {"rank": 2}, "head": {"alpha": 1.0}}, {"encoder.0": 2, "encoder.3": 2, "head": 3}),
    ],
)
def test_paths_and_globs_name_layers(targets, expected, device):
    """Later ones win, None takes away; what is not said is as for all."""
    model = network(device)
    adapt(model, targets, rank=3)
    assert expected == {path: adapter.rank for path, adapter in adapters(model).items()}


@pytest.mark.parametrize(
    ("targets", "options", "error", "message"),
    [
        ("encodr.0", {}, PathError, r"'encodr.0' names no module\n  try: did you mean 'encoder.0'"),
        (
            "encoder.1",
            {},
            PathError,
            r"nothing at 'encoder.1' can be adapted: it holds BatchNorm1d\n  try: layers that",
        ),
        ("encoder.2", {}, PathError, "it holds no layer with parameters"),
        ({"*": None}, {}, PathError, "nothing is left to adapt"),
        (
            "head",
            {"rank": 4},
            ComponentError,
            r"head: rank 4 is more than a weight of 3 x 8 has\n  try: rank=3 at most",
        ),
        ("head", {"rank": 0}, ComponentError, "head: rank is a whole number >= 1, got 0"),
        ("head", {"rank": 2, "alpha": 0.0}, ComponentError, "head: alpha is a number > 0, got 0.0"),
        ("head", {"rank": 2, "dropout": 1.0}, ComponentError, r"head: dropout is a number in \[0, 1\), got 1.0"),
        (
            {"head": {"rnak": 2}},
            {},
            ComponentError,
            "'head': an adapter has no option 'rnak'\n  try: did you mean 'rank'",
        ),
        ({"head": "2"}, {}, ComponentError, "the options of 'head' are a rank, a table or None, got '2'"),
        (3, {}, ComponentError, "targets are paths, or a table of paths to options, got a int"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(targets, options, error, message, device):
    """The nearest paths, the largest rank; the model is as it was."""
    model = network(device)
    with pytest.raises(error, match=message):
        adapt(model, targets, **options)
    assert trained(model) == set(model.state_dict()) - {n for n, _ in model.named_buffers()}
    assert not any(isinstance(module, Adapter) for module in model.modules())


def test_several_mistakes_are_told_together(device):
    """Each with its path."""
    model = network(device)
    with pytest.raises(PathError, match=r"2 errors\n'encodr' names no module(.|\n)*'haed' names no module"):
        adapt(model, ["encodr", "haed"])
    with pytest.raises(ComponentError, match=r"3 errors\nencoder.0: rank 9(.|\n)*head: rank 9"):
        adapt(model, "*", rank=9)


def test_a_layer_is_adapted_once(device):
    """And says so the second time; other layers may follow, and the first go on training."""
    model = network(device)
    adapt(model, "encoder", rank=2)
    with pytest.raises(ComponentError, match=r"'encoder' has adapters already\n  try: strip\(model, 'encoder'\)"):
        adapt(model, "encoder", rank=2)
    with pytest.raises(ComponentError, match=r"2 errors\n'encoder.0' has an adapter already"):
        adapt(model, "*", rank=2)
    adapt(model, "head", rank=2)
    assert set(adapters(model)) == {"encoder.0", "encoder.3", "head"}
    assert len(trained(model)) == 6


@pytest.mark.parametrize(
    ("layer", "options", "message"),
    [
        (nn.Embedding(9, 8, max_norm=1.0), {}, "max_norm changes its frozen rows"),
        (nn.Embedding(9, 8), {"dropout": 0.1}, "Embedding has no input that dropout could reach"),
        (nn.MultiheadAttention(8, 2, kdim=6), {}, "its projections are three matrices apart"),
    ],
)
def test_layers_that_have_no_adapter_say_why(layer, options, message):
    """What is particular about them."""
    with pytest.raises(ComponentError, match=message):
        adapt(nn.ModuleDict({"it": layer}), "it", rank=2, **options)


def test_a_subclass_is_not_taken_for_the_layer():
    """It may compute something else."""

    class Doubled(nn.Linear):
        def forward(self, input):
            return 2 * super().forward(input)

    with pytest.raises(PathError, match="it holds Doubled"):
        adapt(nn.Sequential(Doubled(4, 4)), "*", rank=2)


@pytest.mark.parametrize("targets", ["b", "*", ["a", "b"]])
def test_a_shared_layer_has_one_adapter(targets, device):
    """At its first path, whatever path named it; the other place uses it too."""
    layer = nn.Linear(4, 4).to(device)
    model = nn.ModuleDict({"a": layer, "b": layer})
    assert adapt(model, targets, rank=2).paths == ("a",)
    assert list(adapters(model)) == ["a"]
    assert model["a"] is model["b"] is layer
    assert trained(model) == {"a.lora.down", "a.lora.up"}


def test_layers_stay_the_objects_they_are(device):
    """Names, parameters and hooks are there as before; the model alone, without a parent, can be adapted too."""
    layer, seen = nn.Linear(4, 3).to(device), []
    weight = layer.weight
    layer.register_forward_hook(lambda *_: seen.append(1))
    adapt(layer, "", rank=2)
    assert isinstance(layer, nn.Linear)
    assert list(layer.state_dict()) == ["weight", "bias", "lora.down", "lora.up"]
    assert layer.base is weight
    layer(torch.ones(1, 4, device=device))
    assert seen == [1]


@pytest.mark.parametrize("merged", [False, True])
def test_stripping_gives_the_model_back(merged, device):
    """Same classes, same bits, same names, as if nothing had been."""
    model = network(device)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    text = repr(model)
    adapt(model, "*", rank=2)
    for adapter in adapters(model).values():
        nn.init.normal_(adapter.up)
    if merged:
        merge(model)
    strip(model, "encoder")
    assert list(adapters(model)) == ["head"]
    strip(model)
    assert repr(model) == text
    assert before.keys() == model.state_dict().keys()
    assert all(value.equal(before[name]) for name, value in model.state_dict().items())
    assert is_frozen(model)
    with pytest.raises(PathError, match="the model has no adapters"):
        strip(model)


def test_stripping_can_keep_what_was_learned(device):
    """The sum becomes the weight, in place; the model is a plain one that computes the same."""
    model = network(device).eval()
    weight = model["head"].weight
    adapt(model, "*", rank=2)
    for adapter in adapters(model).values():
        nn.init.normal_(adapter.up)
    x = torch.randn(5, 6, device=device)
    expected = run(model, x)
    strip(model, keep=True)
    assert type(model["head"]) is nn.Linear
    assert model["head"].weight is weight
    torch.testing.assert_close(run(model, x), expected)


def test_an_update_is_not_written_into_a_shared_weight(device):
    """It is for one of the two layers; merging touches no weight, so it may."""
    table, head = nn.Embedding(9, 4).to(device), nn.Linear(4, 9, bias=False).to(device)
    head.weight = table.weight
    model = nn.ModuleDict({"table": table, "head": head})
    adapt(model, "head", rank=2)
    nn.init.normal_(adapters(model)["head"].up)
    merge(model)
    assert model["table"].weight.equal(head.base)
    with pytest.raises(ComponentError, match=r"the weight of 'head' is also 'table.weight'"):
        strip(model, keep=True)
    assert list(adapters(model)) == ["head"]


def test_a_path_without_adapters_says_so(device):
    """As does one that names nothing."""
    model = network(device)
    adapt(model, "head", rank=2)
    with pytest.raises(PathError, match="'encoder' has no adapters"):
        strip(model, "encoder")
    with pytest.raises(PathError, match=r"'haed' names no module\n  try: did you mean 'head'"):
        strip(model, "haed")


@pytest.mark.parametrize("travel", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_are_whole_and_apart(travel, device):
    """Adapted, merged, and with nothing shared."""
    model = network(device).eval()
    adapt(model, "*", rank=2)
    nn.init.normal_(adapters(model)["head"].up)
    merge(model, "head")
    x = torch.randn(5, 6, device=device)
    other = travel(model)
    assert run(model, x).equal(run(other, x))
    strip(other, keep=True)
    assert list(adapters(model)) == ["encoder.0", "encoder.3", "head"]


def test_state_goes_from_one_to_the_other(device):
    """`state_dict` holds base and adapters, and `to` moves all of it."""
    model, other = network(device).eval(), network(device).eval()
    for each in (model, other):
        adapt(each, "*", rank=2)
    nn.init.normal_(adapters(model)["head"].up)
    other.load_state_dict(model.state_dict())
    x = torch.randn(5, 6, device=device)
    assert run(model, x).equal(run(other, x))
    merge(other)
    other.to(torch.float64)
    assert {value.dtype for value in (*other.parameters(), adapters(other)["head"].instead)} == {torch.float64}
    torch.testing.assert_close(run(other, x.double()), run(model, x).double(), rtol=1e-5, atol=1e-5)


def test_it_compiles_whole(device):
    """No break in the graph, adapted and merged; gradients are eager's."""
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)).to(device)
    adapt(model, "*", rank=2)
    nn.init.normal_(adapters(model)["0"].up)
    torch.compiler.reset()
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    x = torch.randn(5, 6, device=device)
    torch.testing.assert_close(compiled(x), model(x))
    ends = [p for p in model.parameters() if p.requires_grad]
    eager, ours = (torch.autograd.grad(f(x).square().sum(), ends) for f in (model, compiled))
    torch.testing.assert_close(ours, eager)
    assert list(adapters(compiled)) == ["0", "2"]
    merge(compiled)
    torch.testing.assert_close(compiled(x), model(x))
    torch.compiler.reset()


def test_a_part_of_the_base_may_train_too(device):
    """Thawed like any frozen part."""
    model = network(device)
    adapt(model, "encoder", rank=2)
    thaw(model, "head")
    assert {"head.weight", "head.bias"} < trained(model)


def test_parts_by_other_names_that_they_have(device):
    """What a module calls `aliases` of its parts, as a graph does, is where adapters go, are found and come off."""
    model = network(device)
    model.aliases = {"inside": "head"}
    assert ("head",) == adapt(model, {"inside": {"rank": 2}}).paths
    assert adapters(model)["head"] is adapters(model, "inside")["head"]
    strip(model, "inside")
    with pytest.raises(PathError, match="the model has no adapters"):
        adapters(model)
