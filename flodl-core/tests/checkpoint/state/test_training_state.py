"""`TrainingState` by hand: what is saved comes back, whole, or nothing changes and one error says why."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from flodl_core import CheckpointError
from flodl_core.checkpoint import TrainingState, load_checkpoint
from torch import nn


def names(folder):
    """The states in a folder, oldest first."""
    return sorted(path.name for path in folder.iterdir() if not path.is_symlink())


def test_a_run_comes_back(small_run):
    """Every part says what it said when it was saved; a first start finds nothing."""
    run = small_run()
    assert not run.state.resume()
    run.set(3)
    run.state.save()
    again = small_run()
    assert again.state.resume()
    assert {3.0} == again.values()


def test_freezes_come_back(small_run):
    """What of a module was frozen is frozen, and nothing else is."""
    run = small_run()
    run.net.bias.requires_grad_(False)
    run.state.save()
    again = small_run()
    again.net.weight.requires_grad_(False)
    again.state.resume()
    assert [True, False] == [again.net.weight.requires_grad, again.net.bias.requires_grad]


def test_every_generator_goes_on(small_run):
    """torch, numpy and Python draw what they would have drawn."""
    run = small_run()
    run.state.save()
    drawn = torch.rand(3).tolist(), np.random.rand(3).tolist(), [random.random() for _ in range(3)]
    again = small_run()
    again.state.resume()
    assert drawn == (torch.rand(3).tolist(), np.random.rand(3).tolist(), [random.random() for _ in range(3)])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_every_device_goes_on(small_run):
    """Each CUDA device draws what it would have drawn."""
    devices = [torch.device("cuda", index) for index in range(torch.cuda.device_count())]
    run = small_run()
    for device in devices:
        torch.rand(3, device=device)
    run.state.save()
    drawn = [torch.rand(3, device=device).tolist() for device in devices]
    small_run().state.resume()
    assert drawn == [torch.rand(3, device=device).tolist() for device in devices]


def test_a_model_is_saved_with_what_trains_it(tmp_path, device):
    """A part's `model` belongs to the run, once, and its file is a checkpoint of its own."""

    class Trains:
        def __init__(self):
            self.model = nn.Linear(2, 1).to(device)

        def state_dict(self):
            return {}

        def load_state_dict(self, state):
            pass

    step = Trains()
    state = TrainingState(tmp_path / "run", step=step, net=step.model)
    state.save()
    state.close()
    assert "net.safetensors" in names(state.latest)
    other = TrainingState(tmp_path / "other", step=step)
    other.save()
    fresh = nn.Linear(2, 1).to(device)
    load_checkpoint(tmp_path / "other/latest/model.safetensors", fresh)
    assert fresh.weight.equal(step.model.weight)
    other.close()


def test_the_newest_are_kept_and_never_fewer_than_two(small_run):
    """`latest` leads to the last; older ones than asked for are gone."""
    run = small_run(keep_last=2)
    for value in range(5):
        run.set(value)
        run.state.save()
    assert ["step-00000000-0004", "step-00000000-0005"] == names(run.state.folder)
    assert "step-00000000-0005" == run.state.latest.name
    with pytest.raises(CheckpointError, match="keep_last is 2 at least, got 1"):
        small_run(keep_last=1)


@pytest.mark.parametrize(("goal", "best"), [("min", 1.0), ("max", 4.0)])
def test_the_best_is_kept(small_run, goal, best):
    """Beside the newest, whenever it was; NaN and states without the metric are no candidates."""
    run = small_run(keep_last=2, keep_best="val_loss", goal=goal)
    for value in [2.0, best, float("nan"), 3.0, 2.5, 2.0]:
        run.set(value)
        run.state.save({"val_loss": value})
    run.state.save()
    assert 3 == len(names(run.state.folder))
    fresh = nn.Linear(8, 8).to(run.net.weight.device)
    load_checkpoint(run.state.best / "net.safetensors", fresh)
    assert {best} == set(fresh.weight.unique().tolist())


@pytest.mark.parametrize("background", [False, True])
def test_parts_are_told_of_what_is_saved(tmp_path, background):
    """Once it is on the disk: where, whether it is the best, and of which epoch. A module's own names are its own."""
    told, net = [], nn.Linear(1, 1)
    net.checkpoint_saved = nn.Linear(1, 1)

    class Log:
        def __init__(self):
            self.listeners, self.epoch = [], 0

        def end_epoch(self):
            self.epoch += 1
            for listener in self.listeners:
                listener("epoch", {"loss": float(self.epoch)})

        def checkpoint_saved(self, what, epoch):
            told.append((what, epoch))
            assert (tmp_path / "run" / "latest").exists()

        def state_dict(self):
            return {}

        def load_state_dict(self, state):
            pass

    log = Log()
    with TrainingState(tmp_path / "run", net=net, log=log, keep_best="loss", background=background) as state:
        log.end_epoch()
        log.end_epoch()
        state.save()
    first, second, by_hand = told
    assert (f"{tmp_path / 'run' / 'step-00000000-0001'}, best loss", 1) == first
    assert (f"{tmp_path / 'run' / 'step-00000000-0002'}", 2) == second
    assert (f"{tmp_path / 'run' / 'step-00000000-0003'}", None) == by_hand


def test_a_damaged_state_is_passed_over_and_said(small_run):
    """The newest good one is taken; the warning names the bad one and what is wrong with it."""
    run = small_run()
    for value in (1, 2):
        run.set(value)
        run.state.save()
    (run.state.latest / "counter.tensors.safetensors").write_bytes(b"")
    again = small_run()
    with pytest.warns(UserWarning, match=r"goes on from step-00000000-0001: step-00000000-0002: its counter.*0 bytes"):
        assert again.state.resume()
    assert {1.0} == again.values()
    again.state.save()
    assert "step-00000000-0003" == again.state.latest.name


def test_damaged_states_do_not_count_when_others_are_removed(small_run):
    """With the newer ones damaged behind its back, two whole ones are left all the same."""
    run = small_run(keep_last=3)
    for value in range(3):
        run.set(value)
        run.state.save()
    for folder in sorted(run.state.folder.glob("step-*"))[1:]:
        data = bytearray((folder / "net.safetensors").read_bytes())
        data[-1] ^= 1
        (folder / "net.safetensors").write_bytes(data)
    run.state.save()
    assert {"step-00000000-0001", "step-00000000-0004"} <= set(names(run.state.folder))
    run.state.save()
    run.state.save()
    assert [f"step-00000000-000{serial}" for serial in (4, 5, 6)] == names(run.state.folder)


def test_no_good_state_is_an_error(small_run):
    """A run that would silently start anew is not started."""
    run = small_run()
    run.state.save()
    (run.state.latest / "manifest.json").write_bytes(b"{}")
    again = small_run()
    with pytest.raises(CheckpointError, match=r"no state in it can be used: step-\S+: its manifest.json is damaged"):
        again.state.resume()


def test_a_state_of_a_later_flodl_is_not_passed_over(small_run):
    """It is whole, and newer than what this program could fall back to."""
    from flodl_core.checkpoint.state.manifest import _seal

    run = small_run()
    run.state.save()
    run.state.save()
    path = run.state.latest / "manifest.json"
    said = {**json.loads(path.read_text()), "format": 2}
    said.pop("seal")
    path.write_text(json.dumps({**said, "seal": _seal(said)}))
    with pytest.raises(CheckpointError, match=r"it is of format 2, this flodl reads up to 1\n.*\n  try: pip install"):
        small_run().state.resume()


def test_a_new_run_does_not_take_the_folder_of_another(small_run):
    """Whoever forgets to resume is told before anything is removed."""
    run = small_run()
    run.state.save()
    with pytest.raises(
        CheckpointError, match=r"holds the states of an earlier run\n  at: .*\n  try: resume\(\) goes on"
    ):
        small_run().state.save()
    assert ["step-00000000-0001"] == names(run.state.folder)


def test_one_writer_per_folder(small_run, child_code, tmp_path):
    """A second process is told; when the first lets go, it may."""
    run = small_run()
    run.state.save()
    code = child_code + f"\nSmallRun({str(run.state.folder)!r}).state.resume()\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert "CheckpointError: another training run is writing into this folder" in done.stderr
    run.state.close()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("background", [False, True])
def test_a_second_state_of_a_program_takes_the_folder_over(background, small_run):
    """As when a notebook's cell is run again: it reads beside the first, which goes on until the second saves."""
    first, second = (small_run(beside=True, background=background) for _ in range(2))
    for value in (1, 2):
        first.set(value)
        first.state.save()
        first.state.result()
        assert second.state.resume()
        assert {value} == second.values()
    first.state.save()
    second.state.save()
    second.state.result()
    assert 3 == len(names(second.state.folder))
    assert "0004" == second.state.latest.name[-4:]
    with pytest.raises(CheckpointError, match=r"is closed: another one of this program saves in its folder\n  at: "):
        first.state.save()


def test_a_run_under_way_is_not_replaced(small_run):
    """In its block, which another thread may be in."""
    first, second = (small_run(beside=True) for _ in range(2))
    with first.state:
        first.state.save()
        assert second.state.resume()
        with pytest.raises(CheckpointError, match=r"another training run.*\n  at: .*\n  try: give each run a folder"):
            second.state.save()
        first.state.save()
    second.state.save()


def test_parts_that_do_not_fit_change_nothing(small_run, tmp_path, device):
    """Another set of parts, another model, a part that refuses: one error with the part's name, all as it was."""
    run = small_run()
    run.set(5)
    run.state.save()
    run.state.close()

    class Refuses:
        def state_dict(self):
            return {"x": 1}

        def load_state_dict(self, state):
            if "value" in state:
                raise KeyError("x")

    def resumed(**parts):
        net = parts.pop("net", None) or nn.Linear(8, 8).to(device)
        other = {"net": net, "sgd": torch.optim.SGD(net.parameters(), lr=0.25), **parts}  # sgd has its state by then
        before = [p.clone() for p in other["net"].parameters()], torch.get_rng_state()
        state = TrainingState(run.state.folder, **other)
        with pytest.raises(CheckpointError) as caught:
            state.resume()
        state.close()
        assert all(a.equal(b) for a, b in zip(before[0], other["net"].parameters(), strict=True))
        assert before[1].equal(torch.get_rng_state())
        assert 0.25 == other["sgd"].param_groups[0]["lr"]
        return str(caught.value)

    assert "it has the part 'counter', which nothing here takes" in resumed()
    assert "it has no part 'more'; its parts: counter, net, sgd" in resumed(counter=run.counter, more=nn.Linear(1, 1))
    assert "part 'net': it does not fit Linear: 2 mismatched" in resumed(counter=run.counter, net=nn.Linear(4, 4))
    assert "part 'counter' refuses its state: KeyError: 'x'" in resumed(counter=Refuses())


def test_what_is_no_part_is_told_at_once(tmp_path):
    """By its name."""
    with pytest.raises(
        CheckpointError, match="part 'step' is of type int, which has no state_dict and load_state_dict"
    ):
        TrainingState(tmp_path, step=3)
    with pytest.raises(CheckpointError, match="a training state has no parts"):
        TrainingState(tmp_path)
    with pytest.raises(CheckpointError, match="'random' are the generators"):
        TrainingState(tmp_path, random=nn.Linear(1, 1))
    with pytest.raises(CheckpointError, match='a goal is "min" or "max", got \'least\''):
        TrainingState(tmp_path, net=nn.Linear(1, 1), keep_best="loss", goal="least")
    with pytest.raises(CheckpointError, match="every is a number of optimizer steps, 1 at least, got 0"):
        TrainingState(tmp_path, net=nn.Linear(1, 1), every=0)


def test_a_part_that_holds_what_no_file_can_is_named(tmp_path):
    """And nothing is written."""
    run = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    run.param_groups[0]["hook"] = print
    state = TrainingState(tmp_path / "run", sgd=run)
    with pytest.raises(CheckpointError, match=r"part 'sgd': 'param_groups.0.hook' holds a builtin"):
        state.save()
    state.close()


def test_a_background_save_is_that_of_the_moment(small_run):
    """What happens after the call does not reach the state: nothing is shared."""
    run = small_run(background=True)
    for value in range(1, 6):
        run.set(value)
        run.state.save()
        for parameter in run.net.parameters():
            parameter.data.fill_(99)
        for entry in run.optimizer.state.values():
            entry["momentum_buffer"].fill_(99)
        run.counter.tensor.fill_(99)
    run.state.result()
    again = small_run()
    again.state.resume()
    assert {5.0} == again.values()


def test_a_background_failure_is_raised_by_the_next_call(small_run, tmp_path):
    """Once; the folder that could not be made is named."""
    (tmp_path / "file").write_text("")
    run = small_run(tmp_path / "file" / "run", background=True)
    run.state.save()
    with pytest.raises(CheckpointError, match=r"cannot write the checkpoint: Not a directory\n  at: .*file/run"):
        run.state.result()
    run.state.result()


def test_what_killed_writers_left_is_cleaned(small_run):
    """Staged and half-removed states are no states, and go at the next save."""
    run = small_run()
    run.state.save()
    for name in (".staged-0123", ".dropped-step-00000000-0000"):
        (run.state.folder / name).mkdir()
        (run.state.folder / name / "net.safetensors").write_bytes(b"half")
    run.state.save()
    assert ["step-00000000-0001", "step-00000000-0002"] == names(run.state.folder)


def test_a_forked_child_holds_nothing(small_run):
    """A loader's worker that outlives its trainer does not keep the folder; nor may it write there."""
    run = small_run()
    run.state.save()
    here, there = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        try:
            run.state.save()
        except CheckpointError as error:
            os.write(there[1], error.what[:30].encode())
        os.read(here[0], 1)
        os._exit(0)
    try:
        assert b"another training run is writin" == os.read(there[0], 30)
        run.state.close()
        assert small_run().state.resume()
    finally:
        os.write(here[1], b"x")
        os.waitpid(child, 0)


def test_a_slip_in_an_option_is_no_part(tmp_path):
    """Whatever is not an option is a part: the option that was meant is named."""
    with pytest.raises(CheckpointError, match=r"part 'keep_lst' is of type int(.|\n)*did you mean 'keep_last'"):
        TrainingState(tmp_path, net=nn.Linear(1, 1), keep_lst=5)


def test_an_empty_folder_name_is_not_the_folder_one_is_in():
    """States would lie among other things."""
    with pytest.raises(CheckpointError, match="an empty path names no file"):
        TrainingState("", net=nn.Linear(1, 1))


def test_a_save_by_hand_without_the_metric_says_so_once(tmp_path):
    """`keep_best` waits for a name that nobody gives; metrics of nothing are no slip."""
    state = TrainingState(tmp_path, net=nn.Linear(1, 1), keep_best="val_loss")
    state.save()
    with pytest.warns(UserWarning, match=r"keep_best='val_loss'.* did you mean 'val_los'") as told:
        state.save({"val_los": 1.0})
    assert __file__ == told[0].filename
    state.save({"val_los": 0.5})
    state.close()


@pytest.mark.parametrize("name", ["a/b", ".hidden", "", "a.tensors", "../up"])
def test_a_name_that_no_file_can_have_is_told_at_once(name, tmp_path):
    """Not when the run is saved, nor, worse, when it is resumed."""
    with pytest.raises(CheckpointError, match="which no file can be"):
        TrainingState(tmp_path, **{name: nn.Linear(1, 1)})


@pytest.mark.parametrize("call", ["save", "resume", "__enter__"])
def test_a_closed_state_says_so(call, small_run, tmp_path):
    """And does not take the folder again, which is somebody else's now."""
    run = small_run()
    run.state.save()
    run.state.close()
    with pytest.raises(CheckpointError, match="the training state is closed"):
        getattr(run.state, call)()
    other = small_run()
    assert other.state.resume()
    other.state.save()


def test_a_program_that_changes_its_folder_keeps_that_of_the_run(small_run, tmp_path, monkeypatch):
    """A relative path is that of the start."""
    monkeypatch.chdir(tmp_path)
    run = small_run("here")
    run.state.save()
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    run.state.save()
    assert ["step-00000000-0001", "step-00000000-0002"] == names(tmp_path / "here")


def test_a_copied_folder_goes_on(small_run, tmp_path):
    """Copies made without links hold whole states under the pointers' names: links again after the next save."""
    run = small_run(keep_best="loss")
    run.state.save({"loss": 1.0})
    run.state.close()
    shutil.copytree(run.state.folder, tmp_path / "copy", symlinks=False)
    again = small_run(tmp_path / "copy", keep_best="loss")
    assert again.state.resume()
    again.state.save({"loss": 0.5})
    assert again.state.latest == again.state.best == again.state.folder / "step-00000000-0002"
    assert ["step-00000000-0001", "step-00000000-0002"] == names(tmp_path / "copy")
