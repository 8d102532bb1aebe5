"""A background save writes what the module was when it was called, and no failure is lost."""

import threading

import pytest
import torch
from flodl_core import CheckpointError
from flodl_core.checkpoint import BackgroundSaver, Snapshot, load_checkpoint, save_checkpoint, snapshot
from torch import nn


def tied():
    module = nn.ModuleDict({"a": nn.Linear(3, 3), "b": nn.Linear(3, 3)})
    module["b"].weight = module["a"].weight
    return module


def test_the_file_is_that_of_the_moment(tmp_path, device):
    """What happens to the module after the call does not reach the file, shared tensors included."""
    module = tied().to(device)
    save_checkpoint(tmp_path / "at_once", module, words="w", hashes={"a": "b"})
    with BackgroundSaver() as saver:
        saver.save(tmp_path / "later", module, words="w", hashes={"a": "b"})
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.fill_(9)
    assert (tmp_path / "at_once").read_bytes() == (tmp_path / "later").read_bytes()


def test_saves_end_in_order(tmp_path):
    """The last save to a path is what stands there after result()."""
    module = nn.Linear(1, 1)
    with BackgroundSaver(waiting=3) as saver:
        for value in range(20):
            nn.init.constant_(module.weight, value)
            saver.save(tmp_path / "m", module)
        saver.result()
        load_checkpoint(tmp_path / "m", module)
        assert module.weight == 19


def test_a_program_that_changes_its_folder_finds_the_file(tmp_path, monkeypatch):
    """A relative path is that of the call, whenever the file is written."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    ready = threading.Event()
    with BackgroundSaver() as saver:
        saver.run(lambda: lambda: ready.wait(60))
        saver.save("m", nn.Linear(1, 1))
        monkeypatch.chdir(tmp_path / "elsewhere")
        ready.set()
    assert (tmp_path / "m").exists()


@pytest.mark.parametrize("call", ["save", "result", "close"])
def test_a_failure_is_raised_by_the_next_call(call, tmp_path):
    """Whatever is called next raises it, once."""
    saver, module = BackgroundSaver(), nn.Linear(1, 1)
    saver.save(tmp_path / "no" / "folder", module)
    while not saver._pending[0].done():
        pass
    arguments = (tmp_path / "m", module) if call == "save" else ()
    with pytest.raises(CheckpointError, match="there is no folder"):
        getattr(saver, call)(*arguments)
    saver.close()
    assert not (tmp_path / "m").exists()


def test_several_failures_are_told_together(tmp_path):
    """result() tells all of them."""
    saver = BackgroundSaver()
    for _ in range(2):
        saver._pending.append(saver._pool.submit(save_checkpoint, tmp_path / "no" / "folder", nn.Linear(1, 1)))
    with pytest.raises(CheckpointError, match="2 errors"):
        saver.result()
    saver.close()


def test_memory_is_bounded(tmp_path, monkeypatch):
    """With as many copies waiting as allowed, a further save waits until one is written."""
    going, module = threading.Event(), nn.Linear(1, 1)
    real = snapshot.save_inventory

    def slow(*arguments, **options):
        assert going.wait(10)
        real(*arguments, **options)

    monkeypatch.setattr(snapshot, "save_inventory", slow)
    with BackgroundSaver(waiting=1) as saver:
        saver.save(tmp_path / "one", module)
        further = threading.Thread(target=saver.save, args=(tmp_path / "two", module))
        further.start()
        further.join(0.2)
        assert further.is_alive()
        going.set()
        further.join(10)
        assert not further.is_alive()
    assert (tmp_path / "two").exists()


def test_what_cannot_be_kept_is_refused_at_once(tmp_path):
    """A module that no file can hold is told by the call itself; the saver stays usable."""
    with BackgroundSaver(waiting=1) as saver:
        for _ in range(3):
            with pytest.raises(CheckpointError, match="no shape yet"):
                saver.save(tmp_path / "m", nn.LazyLinear(2))
        saver.save(tmp_path / "m", nn.Linear(1, 1))
    assert (tmp_path / "m").exists()


def test_an_error_of_the_block_is_not_hidden(tmp_path):
    """When the block fails too, its own error leaves, and the lost checkpoint is a warning."""
    saver, path = BackgroundSaver(), tmp_path / "no" / "folder"

    def block():
        with saver:
            saver.save(path, nn.Linear(1, 1))
            raise KeyError

    with pytest.warns(RuntimeWarning, match="not written: there is no folder"), pytest.raises(KeyError):
        block()


def test_a_closed_saver_says_so(tmp_path):
    """And room for less than one copy is refused."""
    saver = BackgroundSaver()
    saver.close()
    with pytest.raises(CheckpointError, match="is closed"):
        saver.save(tmp_path / "m", nn.Linear(1, 1))
    with pytest.raises(CheckpointError, match="got waiting=0"):
        BackgroundSaver(waiting=0)


def test_a_snapshot_is_written_as_it_was_taken(tmp_path, device):
    """It shares no memory with the module, keeps what is shared once, and can be written any number of times."""
    module = tied().to(device)
    taken, before = Snapshot.of(module), module["a"].weight.detach().clone()
    with torch.no_grad():
        module["a"].weight.zero_()
    with BackgroundSaver() as saver:
        saver.save(tmp_path / "one", taken)
        saver.save(tmp_path / "two", taken)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    load_checkpoint(tmp_path / "one", module)
    assert torch.equal(before, module["b"].weight)
    assert "<Snapshot of 4 tensors, 60 bytes>" == repr(taken)
