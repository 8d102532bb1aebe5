"""What is saved comes back bit by bit, and safetensors' own reader sees the same."""

import pytest
import torch
from flodl_core.checkpoint import load_checkpoint, read_metadata, save_checkpoint, verify_checkpoint
from flodl_core.checkpoint.dtypes import DTYPES
from safetensors.torch import _TYPES, load_file
from torch import nn


class Awkward(nn.Module):
    """Tensors of every inconvenient form."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        made = torch.Generator().manual_seed(seed)
        self.scalar = nn.Parameter(torch.randn((), generator=made))
        self.empty = nn.Parameter(torch.randn(0, 3, generator=made))
        self.turned = nn.Parameter(torch.randn(3, 5, generator=made).t())
        self.sliced = nn.Parameter(torch.randn(8, 8, generator=made)[1:7:2, ::3])
        self.frozen = nn.Parameter(torch.randn(2, generator=made), requires_grad=False)
        self.register_buffer("count", torch.randint(0, 9, (), generator=made))
        self.register_buffer("last", torch.randn(4, 2, 3, 3, generator=made).to(memory_format=torch.channels_last))
        self.register_buffer("scratch", torch.randn(2, generator=made), persistent=False)
        self.register_buffer("nothing", None)
        self.register_buffer("odd", torch.randn(3, generator=made).to(torch.bfloat16))
        self.register_buffer("mask", torch.rand(5, generator=made) > 0.5)


class Tied(nn.Module):
    """A language model's shape: one matrix, two names."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        self.head = nn.Linear(4, 7, bias=False)
        self.head.weight = self.embedding.weight


MODULES = {
    "linear": lambda: nn.Linear(3, 4),
    "awkward": Awkward,
    "batch_norm": lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)),
    "recurrent": lambda: nn.LSTM(3, 4, num_layers=2, bidirectional=True),
    "attention": lambda: nn.TransformerEncoderLayer(8, 2, 16),
    "parametrized": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(3, 4)),
    "tied": Tied,
    "empty": nn.Identity,
}


def bits(module):
    """The module's state as bytes, with types and shapes: NaN and -0.0 count."""
    return {
        name: (
            value.dtype,
            tuple(value.shape),
            value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).tolist(),
        )
        for name, value in module.state_dict().items()
    }


def shaken(module):
    """The same module with other values."""
    for value in module.state_dict().values():
        value.copy_(torch.zeros_like(value))
    return module


@pytest.mark.parametrize("name", MODULES)
def test_every_bit_comes_back(name, tmp_path, device):
    """Saved, zeroed and loaded, a module equals what it was."""
    module = MODULES[name]().to(device)
    before = bits(module)
    save_checkpoint(tmp_path / "m.safetensors", module)
    report = load_checkpoint(tmp_path / "m.safetensors", shaken(module))
    assert before == bits(module)
    assert report.complete
    assert report.verified
    assert tuple(before) == report.loaded


@pytest.mark.parametrize("name", MODULES)
def test_safetensors_reads_the_same(name, tmp_path, device):
    """The library that defined the format opens the file and finds the same tensors, shared ones once."""
    module = MODULES[name]().to(device)
    save_checkpoint(tmp_path / "m.safetensors", module)
    found = load_file(tmp_path / "m.safetensors")
    expected = {name: value for name, value in module.state_dict().items() if name != "head.weight"}
    assert expected.keys() == found.keys()
    assert all(torch.equal(value.cpu(), found[name]) for name, value in expected.items())


@pytest.mark.parametrize("name", sorted(DTYPES))
def test_every_type_is_kept(name, tmp_path):
    """Each element type that safetensors names comes back bit by bit, NaNs and all, and safetensors agrees."""
    dtype = DTYPES[name]
    raw = torch.randint(0, 2 if name == "BOOL" else 256, (6 * dtype.itemsize,), dtype=torch.uint8)
    module = nn.Module()
    module.register_buffer("value", raw.view(dtype).reshape(2, 3))
    before = bits(module)
    save_checkpoint(tmp_path / "m.safetensors", module)
    load_checkpoint(tmp_path / "m.safetensors", shaken(module))
    assert before == bits(module)
    if name in _TYPES:  # an older safetensors does not know the newest types
        module.value = load_file(tmp_path / "m.safetensors")["value"]
        assert before == bits(module)


def test_the_types_are_those_of_safetensors():
    """The table agrees with the library's own."""
    known = DTYPES.keys() & _TYPES.keys()
    assert {"F32", "BF16", "I64", "BOOL", "F8_E4M3"} <= known
    assert {name: _TYPES[name] for name in known} == {name: DTYPES[name] for name in known}


def test_shared_tensors_are_kept_once(tmp_path):
    """A tied weight stands in the file once; both names are known, and stay tied after a load."""
    model, other = Tied(), Tied()
    save_checkpoint(tmp_path / "m.safetensors", model)
    info = read_metadata(tmp_path / "m.safetensors")
    assert ["embedding.weight"] == [entry.name for entry in info.entries]
    assert {"head.weight": "embedding.weight"} == info.aliases
    report = load_checkpoint(tmp_path / "m.safetensors", other)
    assert ("embedding.weight", "head.weight") == report.loaded
    assert other.head.weight is other.embedding.weight
    assert torch.equal(model.head.weight, other.head.weight)


def test_an_untied_module_takes_a_tied_file(tmp_path):
    """Both names of a shared tensor can be loaded, each into a tensor of its own."""
    save_checkpoint(tmp_path / "m.safetensors", model := Tied())
    apart = Tied()
    apart.head.weight = nn.Parameter(torch.zeros(7, 4))
    load_checkpoint(tmp_path / "m.safetensors", apart)
    assert torch.equal(model.head.weight, apart.head.weight)
    assert torch.equal(model.head.weight, apart.embedding.weight)


def test_overlapping_views_are_two_entries(tmp_path):
    """Tensors that only overlap are not shared ones: each is kept whole."""
    base = torch.arange(6.0)
    module = nn.Module()
    module.register_buffer("front", base[:4])
    module.register_buffer("back", base[2:])
    save_checkpoint(tmp_path / "m.safetensors", module)
    assert {} == read_metadata(tmp_path / "m.safetensors").aliases
    assert torch.equal(base[2:], load_file(tmp_path / "m.safetensors")["back"])


def test_places_and_flags_stay(tmp_path, device):
    """A load writes into the module's own memory and leaves requires_grad and gradients alone."""
    module = Awkward().to(device)
    save_checkpoint(tmp_path / "m.safetensors", Awkward(seed=1))
    module.scalar.grad = torch.ones_like(module.scalar)
    before = {name: (value.data_ptr(), value.requires_grad) for name, value in module.named_parameters()}
    load_checkpoint(tmp_path / "m.safetensors", module)
    assert before == {name: (value.data_ptr(), value.requires_grad) for name, value in module.named_parameters()}
    assert module.scalar.grad == 1


def test_a_compiled_module_has_plain_names(tmp_path):
    """What torch.compile wraps loads into what it does not wrap, and back."""
    plain, whole = nn.Sequential(nn.Linear(2, 3)), nn.Sequential(nn.Linear(2, 3))
    whole[0] = torch.compile(whole[0], backend="eager")
    compiled = torch.compile(whole, backend="eager")
    save_checkpoint(tmp_path / "m.safetensors", compiled)
    load_checkpoint(tmp_path / "m.safetensors", plain)
    assert torch.equal(plain[0].weight, whole[0].weight)
    save_checkpoint(tmp_path / "m.safetensors", shaken(plain))
    assert load_checkpoint(tmp_path / "m.safetensors", compiled).complete
    assert whole[0].weight.abs().max() == 0


def test_conjugate_views_are_written_out(tmp_path):
    """A lazily conjugated or negated tensor is kept as its values, not as the memory under it."""
    module = nn.Module()
    module.register_buffer("value", torch.tensor([1 + 2j, 3 - 4j]).to(torch.complex64).conj())
    save_checkpoint(tmp_path / "m.safetensors", module)
    loaded = nn.Module()
    loaded.register_buffer("value", torch.zeros(2, dtype=torch.complex64))
    load_checkpoint(tmp_path / "m.safetensors", loaded)
    assert torch.equal(module.value.resolve_conj(), loaded.value)


def test_strange_names_are_kept(tmp_path):
    """A name may hold what Python lets it: quotes, umlauts, line ends."""
    module = nn.Module()
    for name in ('say "hi"', "größe", "a\nb", "x" * 300, "{}"):
        module.register_buffer(name, torch.rand(2))
    save_checkpoint(tmp_path / "m.safetensors", module)
    assert set(module.state_dict()) == set(load_file(tmp_path / "m.safetensors"))
    assert load_checkpoint(tmp_path / "m.safetensors", module).complete


def test_two_saves_are_the_same_file(tmp_path):
    """The bytes depend on the module alone."""
    for name in ("one", "two"):
        save_checkpoint(tmp_path / name, Awkward(), words="w", hashes={"b": "1", "a": "2"})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_wide_types_are_aligned(tmp_path):
    """Each entry begins at a multiple of its element's size, so that readers may map it."""
    save_checkpoint(tmp_path / "m.safetensors", Awkward())
    for entry in verify_checkpoint(tmp_path / "m.safetensors").entries:
        assert entry.begin % DTYPES[entry.dtype].itemsize == 0


def test_a_load_draws_no_random_numbers(tmp_path):
    """Saving and loading leave torch's generator where it was."""
    module, state = nn.Linear(2, 2), torch.get_rng_state()
    save_checkpoint(tmp_path / "m.safetensors", module)
    load_checkpoint(tmp_path / "m.safetensors", module)
    assert torch.equal(state, torch.get_rng_state())
