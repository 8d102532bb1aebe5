"""Adapters in files: small, self-describing, refused where they do not belong."""

from __future__ import annotations

import json

import pytest
import torch
from flodl_core import CheckpointError, PathError
from flodl_core.checkpoint import read_metadata, save_checkpoint
from flodl_lora import adapt, adapters, load_adapters, merge, save_adapters
from flodl_lora.label import fingerprint
from safetensors.torch import load_file, save_file
from torch import nn


def base(device, seed=0, width=8):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, width), nn.ReLU(), nn.Linear(width, 3)).to(device)


def tuned(device, **options):
    model = base(device)
    adapt(model, "*", **{"rank": 2, "alpha": 4.0, **options})
    for adapter in adapters(model).values():
        nn.init.normal_(adapter.up)
    return model


@pytest.fixture
def file(tmp_path):
    return tmp_path / "adapters.safetensors"


@pytest.mark.parametrize("merged", [False, True])
def test_a_fresh_base_becomes_the_tuned_model(merged, file, device):
    """From the file alone: where, which rank, which alpha; the base is frozen and the adapters train."""
    model, x = tuned(device), torch.randn(5, 6, device=device)
    expected = model(x)
    if merged:
        merge(model)
    save_adapters(file, model)
    other = base(device)
    report = load_adapters(file, other)
    assert report.loaded == ("0.lora.down", "0.lora.up", "2.lora.down", "2.lora.up")
    assert expected.equal(other(x))
    assert [n for n, p in other.named_parameters() if p.requires_grad] == list(report.loaded)
    assert adapters(other)["0"].alpha == 4.0


def test_a_file_holds_the_adapters_alone(file, device):
    """As any tool for safetensors sees; what it says of them is to be read by people, too."""
    save_adapters(file, tuned(device))
    assert set(load_file(file)) == {"0.lora.down", "0.lora.up", "2.lora.down", "2.lora.up"}
    expected = "0: Linear[8,6] + rank 2, alpha 4\n2: Linear[3,8] + rank 2, alpha 4\n"
    assert read_metadata(file).structure == expected


def test_a_new_head_travels_with_its_adapters(file, device):
    """What `also` names is in the file and is loaded."""
    model = base(device)
    adapt(model, "0", rank=2)
    nn.init.normal_(model[2].weight)
    save_adapters(file, model, also=["2"])
    other = base(device)
    assert load_adapters(file, other).loaded == ("0.lora.down", "0.lora.up", "2.weight", "2.bias")
    assert other[2].weight.equal(model[2].weight)
    with pytest.raises(PathError, match="'3' names no module"):
        save_adapters(file, model, also=["3"])
    with pytest.raises(PathError, match="'1' holds nothing that a file could keep"):
        save_adapters(file, model, also=["1"])


def test_adapters_that_are_there_are_filled(file, device):
    """Merged ones are unmerged; whether they train stays as it is."""
    save_adapters(file, tuned(device))
    other = base(device)
    adapt(other, "*", rank=2, alpha=4.0)
    adapters(other)["0"].up.requires_grad_(False)
    merge(other)
    load_adapters(file, other)
    x = torch.randn(5, 6, device=device)
    assert tuned(device)[0].base.equal(other[0].base)
    assert not adapters(other)["0"].merged
    assert not adapters(other)["0"].up.requires_grad
    assert other(x).shape == (5, 3)


def wrong_kind(device):
    return nn.Sequential(nn.Conv1d(6, 8, 1), nn.ReLU(), nn.Linear(8, 3)).to(device)


def other_rank(device):
    model = base(device)
    adapt(model, {"0": 2, "2": 1}, alpha=4.0)
    return model


def other_alpha(device):
    model = base(device)
    adapt(model, "*", rank=2, alpha=5.0)
    return model


def one_more(device):
    model = nn.Sequential(*base(device), nn.Linear(3, 3).to(device))
    adapt(model, "3", rank=2)
    return model


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda d: base(d, seed=1),
            "2 of its 2 adapters were trained on other weights: '0', '2'\n  at: .*\n  try: load",
        ),
        (lambda d: base(d, width=9), r"2 errors\nits adapter for '0' is for a weight of 8 x 6, the model's is 9 x 6\n"),
        (lambda d: nn.Sequential(nn.Linear(6, 8).to(d)), "it has an adapter for '2', which the model has not"),
        (wrong_kind, "its adapter for '0' is for a Linear, the model has a Conv1d there"),
        (other_rank, "its adapter for '2' is for rank 2, the model's has rank 1"),
        (other_alpha, "its adapter for '0' is for alpha 4, the model's has alpha 5"),
        (one_more, "the model has an adapter at '3', and the file has not"),
    ],
)
def test_a_model_that_it_is_not_for_is_told_why(make, message, file, device):
    """And stays as it was."""
    save_adapters(file, tuned(device))
    model = make(device)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    flags = [p.requires_grad for p in model.parameters()]
    with pytest.raises(CheckpointError, match=message):
        load_adapters(file, model)
    assert state.keys() == model.state_dict().keys()
    assert all(value.equal(state[name]) for name, value in model.state_dict().items())
    assert flags == [p.requires_grad for p in model.parameters()]


def test_a_path_that_moved_is_guessed(file, device):
    """The nearest layer that could have it."""
    model = nn.ModuleDict({"encoder": nn.Linear(4, 4).to(device)})
    adapt(model, "encoder", rank=2)
    save_adapters(file, model)
    with pytest.raises(CheckpointError, match=r"'encoder', which the model has not\n.*\n  try: did you mean 'encodr'"):
        load_adapters(file, nn.ModuleDict({"encodr": nn.Linear(4, 4).to(device)}))


def test_another_base_can_be_asked_for(file, device):
    """By name only."""
    save_adapters(file, tuned(device))
    other = base(device, seed=1)
    load_adapters(file, other, any_base=True)
    assert set(adapters(other)) == {"0", "2"}


def test_other_files_are_refused(file, device):
    """A checkpoint of a model, another tool's file, a damaged one: each told apart, and nothing is adapted."""
    model = base(device)
    save_checkpoint(file, model)
    with pytest.raises(CheckpointError, match=r"it holds no adapters\n  at: .*\n  try: save_adapters\(\)"):
        load_adapters(file, model)
    save_file({"0.lora.up": torch.zeros(2)}, file)
    with pytest.raises(CheckpointError, match="it holds no adapters"):
        load_adapters(file, model)
    save_adapters(file, tuned(device))
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(CheckpointError):
        load_adapters(file, model)
    assert [type(layer) for layer in model] == [nn.Linear, nn.ReLU, nn.Linear]
    assert all(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.update(form="flodl-lora 2"),
        lambda said: said.pop("adapters"),
        lambda said: said.update(adapters=[]),
        lambda said: said["adapters"]["0"].update(rank="2"),
        lambda said: said["adapters"]["0"].update(rank=2_000_000_000),
        lambda said: said["adapters"]["0"].update(rank=True),
        lambda said: said["adapters"]["0"].update(shape=[-1]),
        lambda said: said["adapters"]["0"].update(layer=3),
        lambda said: said["adapters"]["0"].pop("base"),
        lambda said: said.update(also=[1]),
        lambda said: said.update(also=["nothing"]),
        lambda said: said.update(also=["2.weight"]),
    ],
)
def test_a_label_that_lies_is_refused(change, file, device):
    """Whatever it says, the model is as it was."""
    save_adapters(file, tuned(device))
    said = json.loads(read_metadata(file).words)
    change(said)
    save_checkpoint(
        file, nn.ParameterDict({k.replace(".", "/"): v for k, v in load_file(file).items()}), words=json.dumps(said)
    )
    model = base(device)
    with pytest.raises(CheckpointError):
        load_adapters(file, model)
    assert [type(layer) for layer in model] == [nn.Linear, nn.ReLU, nn.Linear]


def test_a_model_without_adapters_writes_no_file(file, device):
    """But says so."""
    with pytest.raises(PathError, match="the model has no adapters"):
        save_adapters(file, base(device))
    assert not file.exists()


def test_a_fingerprint_is_of_type_and_shape_too():
    """The same bytes, read otherwise, are another weight; the same weight elsewhere in memory is the same."""
    weight = torch.zeros(2, 3, dtype=torch.float16)
    others = [weight.bfloat16(), torch.zeros(3, 2, dtype=torch.float16), weight + 1e-7]
    assert len({fingerprint(each) for each in (weight, *others)}) == 4
    drawn = torch.randn(4, 6)
    assert fingerprint(drawn) == fingerprint(drawn.clone()) == fingerprint(drawn.T.contiguous().T)
