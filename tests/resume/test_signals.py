"""SIGTERM and SIGUSR1, at any moment: one save, a clean end with exit code 75, and nothing of the run is lost."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch
from flodl_core import CheckpointError
from flodl_core.checkpoint import Preempted, TrainingState
from torch import nn

SIGNALS = int(os.environ.get("FLODL_SIGNALS", "200"))

PROGRAM = """
import os, signal, sys, tempfile, time
import torch
from flodl import FlowBuilder, Monitor, Sampler, TrainingState, TrainStep, ref
from torch.utils.data import DataLoader, TensorDataset

torch.set_num_threads(1)  # a forked child would wait for threads that it has not

def train(folder, epochs, workers=0, background=False):
    torch.manual_seed(0)
    model = FlowBuilder("linear", 4, 8).through("dropout", 0.2).through("linear", 8, 2).build()
    step = TrainStep(model, loss="mse", optimizer=ref("adamw", lr=0.01), accumulate=2)
    x = torch.randn(24, 4)
    data = TensorDataset(x, x[:, :2])
    sampler, monitor = Sampler(data, 4, seed=1), Monitor(epochs, sinks=[], probes=[])
    loader = DataLoader(data, batch_sampler=sampler, num_workers=workers)
    with TrainingState(folder, step=step, sampler=sampler, monitor=monitor, background=background):
        print("in", flush=True)
        for _ in range(3):
            step.evaluate(x, x[:, :2])                        # warm-up
        for epoch in monitor.epochs(step):
            for x, y in sampler.follow(loader):
                model.record({"loss": step(x, y)})
            for first in range(0, 24, 8):
                model.record("val_loss", step.evaluate(*data[first : first + 8]))
    curves = [record.metrics for record in monitor.history()]
    return repr([[p.tolist() for p in model.parameters()], step.steps, curves, torch.rand(3).tolist()])
"""
NURSERY = """
sys.stdout = os.fdopen(1, "w", buffering=1)
for _ in range(2):  # whatever torch imports late is imported before the first child
    began = time.monotonic()
    train(tempfile.mkdtemp(), 3)
print(time.monotonic() - began, flush=True)
for line in iter(sys.stdin.readline, ""):
    folder, epochs, background = line.split()
    child = os.fork()
    if not child:
        code = 0
        for number in (signal.SIGTERM, signal.SIGUSR1):  # what comes after the block is none of the block's affair
            signal.signal(number, signal.SIG_IGN)
        try:
            print(os.getpid(), flush=True)
            with open(folder + ".out", "w") as file:
                file.write(train(folder, int(epochs), background=background == "1"))
        except SystemExit as end:
            code = end.code
        os._exit(code)
    print("gone", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_signals_at_random_moments(tmp_path):
    """Runs that are stopped so many times, in training, evaluation, warm-up and saving: in the end the same bits."""
    rng = random.Random(0)
    nursery = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROGRAM + NURSERY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},  # a process that has touched CUDA cannot be forked
    )

    def begin(name, background):
        nursery.stdin.write(f"{tmp_path / name} 8 {background}\n")
        nursery.stdin.flush()
        child = int(nursery.stdout.readline())
        assert "in\n" == nursery.stdout.readline()
        return child

    with nursery:
        assert ["in\n", "in\n"] == [nursery.stdout.readline() for _ in range(2)]
        pace = float(nursery.stdout.readline())
        begin("whole", 0)
        assert "gone 0\n" == nursery.stdout.readline()
        whole = (tmp_path / "whole.out").read_text()
        sent = runs = 0
        while sent < SIGNALS:
            child = begin(f"run{runs}", rng.choice([0, 0, 1]))
            time.sleep(rng.uniform(0, pace))
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, rng.choice([signal.SIGTERM, signal.SIGUSR1]))
                if rng.random() < 0.5:
                    time.sleep(rng.uniform(0, 0.01))
                    os.kill(child, signal.SIGTERM)
            said = nursery.stdout.readline()
            assert said in ("gone 75\n", "gone 0\n")
            if said == "gone 0\n":
                assert whole == (tmp_path / f"run{runs}.out").read_text()
            sent, runs = sent + (said == "gone 75\n"), runs + (said == "gone 0\n")
        nursery.stdin.close()
        assert SIGNALS == nursery.stderr.read().count("the run is saved in")
    assert runs


def test_a_signal_to_the_whole_group(tmp_path):
    """Loader workers leave it to the trainer, which saves; and end when the trainer does."""
    code = PROGRAM + f"\nprint(train({str(tmp_path / 'run')!r}, 2000, workers=2))\n"
    child = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert "in\n" == child.stdout.readline()
    time.sleep(1)
    os.killpg(child.pid, signal.SIGTERM)
    _, said = child.communicate(timeout=60)
    assert 75 == child.returncode, said
    assert "SIGTERM: the run is saved in" in said
    assert "Traceback" not in said


@pytest.fixture
def counted(tmp_path):
    """A state of a module, to use by hand."""
    return TrainingState(tmp_path / "run", net=nn.Linear(1, 1))


def stopped(state, times=1, number=signal.SIGTERM, look=True):
    """A block in which a signal comes."""
    with state:
        for _ in range(times):
            os.kill(os.getpid(), number)
        assert state.preempted
        if look:
            state.check()


def failed(state):
    """A block in which a signal comes, and then something goes wrong."""
    with state:
        os.kill(os.getpid(), signal.SIGTERM)
        raise KeyError


def test_one_signal_one_save(counted):
    """However often it comes."""
    with pytest.raises(Preempted) as caught:
        stopped(counted, times=3)
    assert (75, "SIGTERM") == (caught.value.code, caught.value.signal)
    assert ["step-00000000-0001"] == [path.name for path in counted.folder.glob("step-*")]


def test_a_signal_after_the_last_look_stops_too(counted):
    """The block ends well: the run is saved, and the program does not go on as if nothing had been asked."""
    with pytest.raises(Preempted):
        stopped(counted, number=signal.SIGUSR1, look=False)
    assert counted.latest is not None


def test_handlers_of_before_come_back(counted, tmp_path):
    """After a good end, a failure and a stop alike."""

    def own(number, frame):
        pass

    def handlers():
        return signal.getsignal(signal.SIGUSR1), signal.getsignal(signal.SIGTERM)

    real = signal.signal(signal.SIGUSR1, own)
    before = handlers()
    try:
        with counted:
            assert own not in handlers()
        assert before == handlers()
        with pytest.raises(Preempted):
            stopped(TrainingState(tmp_path / "stopped", net=nn.Linear(1, 1)))
        assert before == handlers()
        with pytest.warns(RuntimeWarning), pytest.raises(KeyError):
            failed(TrainingState(tmp_path / "failed", net=nn.Linear(1, 1)))
        assert before == handlers()
    finally:
        signal.signal(signal.SIGUSR1, real)


def test_a_run_that_failed_is_not_saved(counted):
    """What an error left behind is no state to go on from, and it is said."""
    message = "SIGTERM came, and the run failed before it was saved"
    with pytest.warns(RuntimeWarning, match=message), pytest.raises(KeyError):
        failed(counted)
    assert counted.latest is None


def test_a_stop_that_cannot_be_saved_is_an_error(tmp_path):
    """Not exit code 75: whoever starts the run again must know."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    optimizer.param_groups[0]["hook"] = print
    with pytest.raises(CheckpointError, match="holds a builtin_function"):
        stopped(TrainingState(tmp_path / "run", sgd=optimizer))
