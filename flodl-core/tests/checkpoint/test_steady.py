"""Another program writes into a file, in place, while it is loaded: nothing wrong is loaded in silence."""

import os

import pytest
import torch
from flodl_core import CheckpointError
from flodl_core.checkpoint import load_checkpoint, save_checkpoint
from torch import nn


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, nn.Linear(64, 64))
    os.utime(path, (1, 1))  # older than any clock's tick
    return path


def overwritten(path, begin, data):
    with path.open("r+b") as file:
        file.seek(begin, os.SEEK_SET if begin >= 0 else os.SEEK_END)
        file.write(data)


def test_a_change_before_the_copying_leaves_the_module(file):
    """What was checked is not certain any more: an error, and no parameter has changed."""
    module = nn.Linear(64, 64)
    before = module.weight.detach().clone()
    module._register_state_dict_hook(lambda *_: overwritten(file, 0, file.read_bytes()[:8]))  # the same bytes
    with pytest.raises(CheckpointError, match=r"it was changed while it was read\n.*\n  try: load it again"):
        load_checkpoint(file, module)
    assert torch.equal(before, module.weight)


def test_a_change_while_copying_is_told(file):
    """The bytes that were checked are not those that were copied, and the error says just that."""
    module = nn.Linear(64, 64)
    module.register_load_state_dict_pre_hook(lambda *_: overwritten(file, -4096, b"\xff" * 4096))
    with pytest.raises(CheckpointError, match="what was loaded is not what was checked"):
        load_checkpoint(file, module)


def test_a_file_that_is_replaced_meanwhile_loads_as_it_was(file):
    """Writers that rename, as flodl's do, disturb no reader: it has the old one, whole."""
    module, other = nn.Linear(64, 64), nn.Linear(64, 64)
    expected = nn.Linear(64, 64)
    load_checkpoint(file, expected)
    module.register_load_state_dict_pre_hook(lambda *_: save_checkpoint(file, other))
    assert load_checkpoint(file, module).verified
    assert torch.equal(expected.weight, module.weight)
