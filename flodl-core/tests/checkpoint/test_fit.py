"""A file that does not fit is refused whole; partial=True takes what fits and tells the rest."""

import pytest
import torch
from flodl_core import CheckpointError
from flodl_core.checkpoint import LoadReport, Mismatch, load_checkpoint, read_metadata, save_checkpoint
from safetensors.torch import save_file
from torch import nn


def net(**layers):
    return nn.ModuleDict(layers)


def values(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def unchanged(before, module):
    return all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


@pytest.fixture
def saved(tmp_path):
    """a: linear 2->3, b: linear 3->4, gone: linear 1->1."""
    module = net(a=nn.Linear(2, 3), b=nn.Linear(3, 4), gone=nn.Linear(1, 1, bias=False))
    save_checkpoint(tmp_path / "m.safetensors", module)
    return tmp_path / "m.safetensors", module


def test_strict_tells_every_fault_at_once(saved):
    """Missing, unexpected and mismatched entries stand in one error, with shapes; nothing is changed."""
    path, _ = saved
    other = net(a=nn.Linear(2, 3), b=nn.Linear(3, 5), new=nn.Linear(1, 2, bias=False))
    before = values(other)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path, other)
    assert str(caught.value) == (
        "it does not fit ModuleDict: 1 missing, 1 unexpected, 2 mismatched\n"
        "  missing     new.weight  f32[2,1]\n"
        "  unexpected  gone.weight  f32[1,1]\n"
        "  mismatched  b.weight  f32[4,3] in the file, f32[5,3] in the module\n"
        "  mismatched  b.bias  f32[4] in the file, f32[5] in the module\n"
        f"  at: {path}\n"
        "  try: partial=True loads what matches"
    )
    assert unchanged(before, other)


def test_partial_loads_what_matches(saved):
    """The report lists what went where, and prints it."""
    path, source = saved
    other = net(a=nn.Linear(2, 3), b=nn.Linear(3, 5), new=nn.Linear(1, 2, bias=False))
    before = values(other)
    report = load_checkpoint(path, other, partial=True)
    assert report == LoadReport(
        path,
        loaded=("a.weight", "a.bias"),
        skipped=("gone.weight",),
        missing=("new.weight",),
        mismatched=(Mismatch("b.weight", "f32[4,3]", "f32[5,3]"), Mismatch("b.bias", "f32[4]", "f32[5]")),
        verified=True,
    )
    assert not report.complete
    assert torch.equal(source["a"].weight, other["a"].weight)
    assert torch.equal(before["b.weight"], other["b"].weight)
    assert str(report) == (
        f"{path}: 2 loaded, 1 missing, 1 skipped, 2 mismatched\n"
        "  missing     new.weight  f32[2,1]\n"
        "  skipped     gone.weight  f32[1,1]\n"
        "  mismatched  b.weight  f32[4,3] in the file, f32[5,3] in the module\n"
        "  mismatched  b.bias  f32[4] in the file, f32[5] in the module"
    )


def test_partial_with_nothing_in_common_is_an_error(saved):
    """Loading nothing at all is not what anybody asked for."""
    with pytest.raises(CheckpointError, match="no entry of it fits Linear"):
        load_checkpoint(saved[0], nn.Linear(9, 9), partial=True)


def test_another_type_is_refused(saved):
    """Values are never converted in silence."""
    path, source = saved
    with pytest.raises(CheckpointError, match=r"a\.weight  f32\[3,2\] in the file, bf16\[3,2\] in the module"):
        load_checkpoint(path, net(**dict(source.items())).to(torch.bfloat16))


def test_long_lists_are_cut(tmp_path):
    """A message stays readable when everything is missing."""
    save_checkpoint(tmp_path / "m", net(z=nn.Linear(1, 1)))
    with pytest.raises(CheckpointError, match=r"\n  missing     \.\.\. and 31 more\n"):
        load_checkpoint(
            tmp_path / "m",
            nn.Sequential(nn.Linear(1, 1), *[nn.Linear(1, 1) for _ in range(20)][1:], nn.Linear(1, 1, bias=False)),
        )


def test_a_shared_tensor_needs_one_value(tmp_path):
    """A file with two different values for what the module shares is a mismatch."""
    apart, tied = net(a=nn.Linear(2, 2), b=nn.Linear(2, 2)), net(a=nn.Linear(2, 2), b=nn.Linear(2, 2))
    tied["b"].weight = tied["a"].weight
    save_checkpoint(tmp_path / "m", apart)
    before = values(tied)
    with pytest.raises(CheckpointError, match=r"b\.weight  shared with a\.weight in the module, two different"):
        load_checkpoint(tmp_path / "m", tied)
    assert unchanged(before, tied)
    apart["b"].weight.data.copy_(apart["a"].weight.data)
    save_checkpoint(tmp_path / "m", apart)
    assert load_checkpoint(tmp_path / "m", tied).complete
    assert torch.equal(apart["a"].weight, tied["b"].weight)


def test_a_shared_tensor_needs_one_value_without_digests_too(tmp_path):
    """In a file of another tool the bytes themselves are compared."""
    tied = net(a=nn.Linear(2, 2, bias=False), b=nn.Linear(2, 2, bias=False))
    tied["b"].weight = tied["a"].weight
    save_file({"a.weight": torch.zeros(2, 2), "b.weight": torch.ones(2, 2)}, tmp_path / "m")
    before = values(tied)
    with pytest.raises(CheckpointError, match="one tensor in the module, two different ones in the file"):
        load_checkpoint(tmp_path / "m", tied)
    assert unchanged(before, tied)
    save_file({"a.weight": torch.ones(2, 2), "b.weight": torch.ones(2, 2)}, tmp_path / "m")
    assert load_checkpoint(tmp_path / "m", tied).complete


def test_one_name_of_a_shared_tensor_is_enough(tmp_path):
    """A file of another tool that holds a tied weight under its second name fills both."""
    tied = net(a=nn.Linear(2, 2, bias=False), b=nn.Linear(2, 2, bias=False))
    tied["b"].weight = tied["a"].weight
    save_file({"b.weight": torch.ones(2, 2)}, tmp_path / "m")
    report = load_checkpoint(tmp_path / "m", tied)
    assert (("a.weight", "b.weight"), True) == (report.loaded, report.complete)
    assert torch.equal(torch.ones(2, 2), tied["a"].weight)


def test_a_file_of_another_tool_is_unverified(tmp_path):
    """Plain safetensors load, and the report says that nothing vouches for their bytes."""
    module = nn.Linear(2, 3)
    save_file(module.state_dict(), tmp_path / "m", metadata={"format": "pt"})
    report = load_checkpoint(tmp_path / "m", nn.Linear(2, 3))
    assert not report.verified
    assert str(report) == f"{tmp_path / 'm'}: 2 loaded (unverified: it has no digests)"
    assert (0, False) == (read_metadata(tmp_path / "m").version, read_metadata(tmp_path / "m").digested)


def test_either_name_will_do(tmp_path):
    """An entry is found by the other name that file or module gives it; the report says so."""
    one, two = net(encoded=nn.Linear(2, 2, bias=False)), net(linear_1=nn.Linear(2, 2, bias=False))
    save_checkpoint(tmp_path / "one", one, other_names={"encoded.weight": "linear_1.weight"})
    assert (("encoded.weight", "linear_1.weight"),) == load_checkpoint(tmp_path / "one", two).renamed
    assert torch.equal(one["encoded"].weight, two["linear_1"].weight)
    save_checkpoint(tmp_path / "two", two)
    report = load_checkpoint(tmp_path / "two", one, other_names={"encoded.weight": "linear_1.weight"})
    assert (("linear_1.weight", "encoded.weight"),) == report.renamed
    assert "\n  renamed     linear_1.weight -> encoded.weight" in str(report)
    three = net(tagged=nn.Linear(2, 2, bias=False))
    load_checkpoint(tmp_path / "one", three, other_names={"tagged.weight": "linear_1.weight"})
    assert torch.equal(one["encoded"].weight, three["tagged"].weight)


def test_an_exact_name_outranks_an_other_name(tmp_path):
    """What another entry is also called never takes a name away from the one that has it."""
    module = net(a=nn.Linear(1, 1, bias=False), b=nn.Linear(1, 1, bias=False))
    save_checkpoint(tmp_path / "m", module, other_names={"a.weight": "b.weight"})
    other = net(a=nn.Linear(1, 1, bias=False), b=nn.Linear(1, 1, bias=False))
    assert () == load_checkpoint(tmp_path / "m", other, other_names={"b.weight": "a.weight"}).renamed
    assert torch.equal(module["b"].weight, other["b"].weight)


def test_another_structure_is_shown(tmp_path):
    """A hash that differs is an error that shows where the structures part; partial=True loads all the same."""
    module = nn.Linear(2, 2)
    save_checkpoint(tmp_path / "m", module, structure="linear\ngelu\nlinear", hashes={"flodl": "aa", "floDl": "bb"})
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(tmp_path / "m", module, structure="linear\nrelu\nlinear", hashes={"flodl": "cc"})
    assert "its 'flodl' hash is 'aa', the module's is 'cc'" in caught.value.what
    assert "\n  -gelu\n  +relu" in caught.value.what
    assert load_checkpoint(tmp_path / "m", module, hashes={"flodl": "cc"}, partial=True).complete
    assert load_checkpoint(tmp_path / "m", module, hashes={"floDl": "bb", "third": "x"}).complete


def test_what_was_said_can_be_read(tmp_path):
    """Words, structure and hashes stand in the file, and read_metadata gives them back."""
    words = '[[flow]]\nthrough = "linear"  # größe\n'
    save_checkpoint(tmp_path / "m", nn.Linear(2, 3), words=words, structure="s", hashes={"flodl": "1f"})
    info = read_metadata(tmp_path / "m")
    assert (words, "s", {"flodl": "1f"}) == (info.words, info.structure, info.hashes)
    assert ["f32[3,2]", "f32[3]"] == [entry.form for entry in info.entries]
    assert (info.version, info.format, info.size, info.digested) == (1, "safetensors", 36, True)


class Hooked(nn.Module):
    def __init__(self, extra):
        super().__init__()
        self.extra = extra
        self.weight = nn.Parameter(torch.zeros(2))

    def get_extra_state(self):
        return self.extra

    def set_extra_state(self, state):
        self.extra = state


def test_extra_state_is_kept_when_it_is_a_tensor(tmp_path):
    """A module's own get_extra_state and set_extra_state are called."""
    save_checkpoint(tmp_path / "m", Hooked(torch.tensor(7)))
    other = Hooked(torch.tensor(0))
    load_checkpoint(tmp_path / "m", other)
    assert other.extra == 7


def expanded():
    module = nn.Module()
    module.register_buffer("wide", torch.zeros(1).expand(4))
    return module


UNFIT = {
    "_extra_state.*a dict is no tensor": lambda: Hooked({}),
    "no shape yet": lambda: nn.LazyLinear(3),
    "meta device has no values": lambda: nn.Linear(2, 2, device="meta"),
    "only dense tensors": lambda: nn.ParameterDict({"x": nn.Parameter(torch.eye(2).to_sparse())}),
    "no name for torch.complex128": lambda: nn.ParameterDict(
        {"x": nn.Parameter(torch.zeros(1, dtype=torch.complex128))}
    ),
    "taken by the format": lambda: nn.ParameterDict({"__metadata__": nn.Parameter(torch.zeros(1))}),
}


@pytest.mark.parametrize("reason", UNFIT)
def test_what_cannot_be_kept_is_named(reason, tmp_path):
    """A module that no file can hold is refused before anything is written."""
    with pytest.raises(CheckpointError, match=reason):
        save_checkpoint(tmp_path / "m", UNFIT[reason]())
    assert [] == list(tmp_path.iterdir())


def test_what_cannot_be_written_to_is_refused_first(tmp_path):
    """An expanded buffer would stop torch half way: it is found before anything is changed."""
    module = nn.Sequential(nn.Linear(1, 1), expanded())
    save_checkpoint(tmp_path / "m", module)
    module[0].weight.data.fill_(5)
    with pytest.raises(CheckpointError, match=r"'1\.wide' of the module cannot be written to: it is expanded"):
        load_checkpoint(tmp_path / "m", module)
    assert module[0].weight == 5


def test_a_module_that_refuses_is_an_error_of_ours(tmp_path):
    """A hook that raises inside load_state_dict ends in the one error type."""
    module = nn.Linear(1, 1)
    save_checkpoint(tmp_path / "m", module)

    def refuse(*_):
        raise KeyError("not today")

    module.register_load_state_dict_pre_hook(refuse)
    with pytest.raises(CheckpointError, match="refused its values"):
        load_checkpoint(tmp_path / "m", module)
