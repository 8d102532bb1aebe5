"""Looking into files, comparing, converting, migrating."""

import warnings

import pytest
import torch
from flodl_core import CheckpointError
from flodl_core.checkpoint import (
    compare_checkpoints,
    convert_checkpoint,
    load_checkpoint,
    migrate_checkpoint,
    propose_migration,
    read_metadata,
    save_checkpoint,
    save_fdl,
    survey_checkpoint,
    torch_file,
)
from torch import nn


def tied():
    module = nn.ModuleDict({"a": nn.Linear(3, 3), "b": nn.Linear(3, 3)})
    module["b"].weight = module["a"].weight
    return module


def test_a_survey_tells_norm_range_and_what_is_not_finite(tmp_path):
    """In float64, over finite elements alone; a glob narrows it, a wrong one is told."""
    module = nn.Module()
    module.register_buffer("good.weight".replace(".", "_"), torch.tensor([3.0, -4.0]))
    module.register_buffer("bad", torch.tensor([1.0, float("nan"), float("inf")]))
    module.register_buffer("none", torch.zeros(0))
    save_checkpoint(tmp_path / "m", module)
    found = {entry.name: numbers for entry, numbers in survey_checkpoint(tmp_path / "m").entries}
    assert (5.0, -4.0, 3.0, 0) == _numbers(found["good_weight"])
    assert (1.0, 1.0, 1.0, 2) == _numbers(found["bad"])
    assert (0.0, None, None, 0) == _numbers(found["none"])
    assert ["bad"] == [entry.name for entry, _ in survey_checkpoint(tmp_path / "m", ["b*"]).entries]
    with pytest.raises(CheckpointError, match="no entry of it is called 'bat'") as caught:
        survey_checkpoint(tmp_path / "m", ["bat"])
    assert "did you mean 'bad'?" == caught.value.mend


def _numbers(found):
    return found.norm, found.smallest, found.largest, found.not_finite


def test_files_of_different_kinds_are_compared_by_name(tmp_path):
    """Missing ones, other shapes, other values with their distance; NaN equals NaN only bit for bit."""
    one = {"same": torch.tensor([float("nan"), 1.0]), "moved": torch.tensor([2.0, 4.0]), "shape": torch.zeros(2)}
    two = {"same": one["same"], "moved": torch.tensor([2.0, 4.5]), "shape": torch.zeros(3), "new": torch.ones(1)}
    save_fdl(tmp_path / "one.fdl", {**one, "old": torch.ones(1)})
    save_fdl(tmp_path / "two.fdl.gz", two)
    found = compare_checkpoints(tmp_path / "one.fdl", tmp_path / "two.fdl.gz")
    assert ("same",) == found.same
    kinds = {difference.name: difference.kind for difference in found.differences}
    assert {"moved": "values", "shape": "form", "old": "only in the first", "new": "only in the second"} == kinds
    moved = next(difference for difference in found.differences if difference.name == "moved")
    assert (0.5, 0.125) == (moved.largest, moved.relative)
    assert not found.alike
    assert compare_checkpoints(tmp_path / "one.fdl", tmp_path / "one.fdl").alike


def test_shared_tensors_and_globs_are_compared_too(tmp_path):
    """An alias is a name like any other; structure hashes that differ are told."""
    module = tied()
    save_checkpoint(tmp_path / "one", module, hashes={"flodl": "aa"})
    with torch.no_grad():
        module["b"].bias.add_(1)
    save_checkpoint(tmp_path / "two", module, hashes={"flodl": "bb"})
    found = compare_checkpoints(tmp_path / "one", tmp_path / "two", ["b.*"])
    assert [("b.weight",), ["b.bias"]] == [found.same, [difference.name for difference in found.differences]]
    assert (("flodl", "aa", "bb"),) == found.hashes


def test_damage_is_found_where_two_headers_agree(tmp_path):
    """A comparison reads the bytes; that the digests in two headers are equal says nothing of them."""
    save_checkpoint(tmp_path / "one", nn.Linear(2, 2))
    data = bytearray((tmp_path / "one").read_bytes())
    data[-1] ^= 1
    (tmp_path / "two").write_bytes(data)
    with pytest.raises(CheckpointError, match="is damaged"):
        compare_checkpoints(tmp_path / "one", tmp_path / "two")


def test_a_torch_file_is_called_one(tmp_path):
    """Not a damaged checkpoint; a pickle under a safe name is not opened by a conversion either."""
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "zip.pt")
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    (tmp_path / "m.safetensors").write_bytes((tmp_path / "zip.pt").read_bytes())
    for name, mend in (
        ("zip.pt", r"checkpoint convert .*zip\.pt .*zip\.safetensors"),
        ("old.pt", r"checkpoint convert .*old\.pt"),
        ("m.safetensors", r"rename it to .*m\.pt if you trust it"),
    ):
        with pytest.raises(CheckpointError, match=rf"it is a torch file, which is a pickle(.|\n)*{mend}"):
            load_checkpoint(tmp_path / name, nn.Linear(2, 2))
    with pytest.raises(CheckpointError, match="it is a torch file"):
        convert_checkpoint(tmp_path / "m.safetensors", tmp_path / "out.safetensors")


@pytest.mark.parametrize("name", ["model.pt", "model.bin"])
def test_a_safetensors_file_under_torchs_name_is_what_it_is(name, tmp_path):
    """Told by its bytes; a header whose length looks like a pickle's first bytes deceives nobody."""
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'.ljust(0x0280)
    (tmp_path / name).write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    assert (tmp_path / name).read_bytes().startswith(b"\x80\x02")
    convert_checkpoint(tmp_path / name, tmp_path / "m.safetensors")
    assert ("w",) == read_metadata(tmp_path / "m.safetensors").names


def test_an_empty_path_names_no_file(tmp_path):
    """It is not the folder that one is in."""
    with pytest.raises(CheckpointError, match="an empty path names no file"):
        load_checkpoint("", nn.Linear(1, 1))


def test_what_a_file_says_goes_along(tmp_path):
    """safetensors to safetensors keeps words, hashes, shared tensors, names; to .fdl it takes floDl's names."""
    module = tied()
    save_checkpoint(tmp_path / "m.safetensors", module, words="w", structure="s", hashes={"flodl": "aa"})
    convert_checkpoint(tmp_path / "m.safetensors", tmp_path / "again.safetensors")
    assert (tmp_path / "m.safetensors").read_bytes() == (tmp_path / "again.safetensors").read_bytes()
    convert_checkpoint(tmp_path / "m.safetensors", tmp_path / "m.fdl.gz")
    info = read_metadata(tmp_path / "m.fdl.gz")
    assert [{"a.weight", "a.bias", "b.bias"}, {}] == [{entry.name for entry in info.entries}, info.hashes]


OPENS_TORCH_FILES = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2]) >= torch_file.LEAST
needs_a_torch_that_opens_its_files = pytest.mark.skipif(
    not OPENS_TORCH_FILES, reason="torch before 2.10 can be made to run code: it opens no file here"
)


@needs_a_torch_that_opens_its_files
def test_a_state_dict_of_torch_becomes_safetensors(tmp_path):
    """Flat or inside the usual wrapper; shared tensors once."""
    module = tied()
    torch.save(module.state_dict(), tmp_path / "flat.pt")
    torch.save({"state_dict": module.state_dict(), "epoch": 3}, tmp_path / "wrapped.pth")
    for name in ("flat.pt", "wrapped.pth"):
        convert_checkpoint(tmp_path / name, tmp_path / "m.safetensors")
        other = tied()
        assert load_checkpoint(tmp_path / "m.safetensors", other).complete
        assert torch.equal(module["b"].weight, other["b"].weight)
        assert {"b.weight": "a.weight"} == read_metadata(tmp_path / "m.safetensors").aliases


class Trap:
    def __reduce__(self):
        return (print, ("the trap went off",))


@needs_a_torch_that_opens_its_files
def test_a_torch_file_runs_nothing(tmp_path, capsys):
    """What holds more than tensors is refused, without running it."""
    torch.save({"a": torch.ones(1), "trap": Trap()}, tmp_path / "evil.pt")
    torch.save({"epoch": 3}, tmp_path / "numbers.pt")
    (tmp_path / "noise.pt").write_bytes(b"\x80\x04noise")
    for name, reason in (
        ("evil.pt", "holds more than tensors"),
        ("numbers.pt", "entry 'epoch' is no tensor, but of type int"),
        ("noise.pt", "holds more than tensors, or is damaged"),
        ("absent.pt", "No such file"),
    ):
        with warnings.catch_warnings(), pytest.raises(CheckpointError, match=reason):
            convert_checkpoint(tmp_path / name, tmp_path / "m.safetensors")
    assert not (tmp_path / "m.safetensors").exists()
    assert "trap" not in capsys.readouterr().out


def test_an_older_torch_opens_no_file_of_its_own(tmp_path, capsys, monkeypatch):
    """Its restricted loader can be made to run code: a sentence, and nothing is opened."""
    torch.save({"a": torch.ones(1), "trap": Trap()}, tmp_path / "evil.pt")
    monkeypatch.setattr(torch_file.torch, "__version__", "2.9.1+cpu")
    with pytest.raises(CheckpointError, match=r"by torch 2\.10 or later only, this is 2\.9\.1"):
        convert_checkpoint(tmp_path / "evil.pt", tmp_path / "m.safetensors")
    assert not (tmp_path / "m.safetensors").exists()
    assert "trap" not in capsys.readouterr().out


def test_an_unknown_kind_is_refused(tmp_path):
    """The name of the target says its kind."""
    save_checkpoint(tmp_path / "m.safetensors", nn.Linear(1, 1))
    with pytest.raises(CheckpointError, match="by its name"):
        convert_checkpoint(tmp_path / "m.safetensors", tmp_path / "m.txt")


@pytest.fixture
def model(tmp_path):
    """A model saved as it is now, and an older file of it under other names."""
    module = nn.ModuleDict({"enc": nn.Linear(3, 5), "one": nn.Linear(5, 5), "two": nn.Linear(5, 5, bias=False)})
    save_checkpoint(tmp_path / "now", module)
    old = {"first.weight": module["enc"].weight, "first.bias": module["enc"].bias, "gone": torch.ones(7)}
    old |= {"one.weight": module["one"].weight, "mid.bias": module["one"].bias, "last.weight": module["two"].weight}
    save_fdl(tmp_path / "old.fdl", {name: value.detach() for name, value in old.items()})
    return module


def test_a_migration_is_proposed(model, tmp_path):
    """Equal names stay; one candidate is a guess; several are ambiguous; the rest is dropped or missing."""
    proposal = propose_migration(tmp_path / "old.fdl", tmp_path / "now")
    assert ("one.weight",) == proposal.unchanged
    assert {"first.weight": "enc.weight", "last.weight": "two.weight"} == proposal.guessed
    biases = ("first.bias", "mid.bias")
    assert {"enc.bias": biases, "one.bias": biases} == proposal.ambiguous
    assert [("gone",), (), False] == [proposal.dropped, proposal.missing, proposal.complete]


def test_nothing_ambiguous_is_applied(model, tmp_path):
    """Not even when guesses are taken: nothing is written until the map says the rest."""
    with pytest.raises(CheckpointError, match="2 ambiguous"):
        migrate_checkpoint(tmp_path / "old.fdl", tmp_path / "new", tmp_path / "now", guess=True)
    said = {"first.bias": "enc.bias"}
    with pytest.raises(CheckpointError, match="3 only guessed"):
        migrate_checkpoint(tmp_path / "old.fdl", tmp_path / "new", tmp_path / "now", said)
    assert not (tmp_path / "new").exists()
    proposal = migrate_checkpoint(tmp_path / "old.fdl", tmp_path / "new", tmp_path / "now", said, guess=True)
    assert "one.bias" == proposal.guessed["mid.bias"]
    assert compare_checkpoints(tmp_path / "new", tmp_path / "now").alike


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"frist.bias": "enc.bias"}, "names 'frist.bias', not in the old file"),
        ({"first.bias": "enc.bais"}, "names 'enc.bais', not in the model"),
        ({"first.bias": "enc.weight"}, r"'first.bias' is f32\[5\], 'enc.weight' is f32\[5,3\]"),
        ({"first.bias": "enc.bias", "mid.bias": "enc.bias"}, "gives 'enc.bias' twice"),
    ],
)
def test_a_wrong_map_is_told(model, said, reason, tmp_path):
    """Before anything is written."""
    with pytest.raises(CheckpointError, match=reason):
        migrate_checkpoint(tmp_path / "old.fdl", tmp_path / "new", tmp_path / "now", said, guess=True)
