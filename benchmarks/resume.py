"""Is a resumed run the run? Stopped by a signal at many batches, gone on by new objects, compared bit by bit.

Usage: python benchmarks/resume.py [--full]

Without --full every pair of settings occurs once, and every cut; with it the whole product. Prints one line per
difference, and a table.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from attrs import frozen
from flodl import FlowBuilder, Monitor, Sampler, TrainingState, TrainStep, one_cycle, plateau, ref
from flodl_nn import EMA
from torch.utils.data import DataLoader, TensorDataset

CUTS = (1, 2, 31, 32, 33, 64)
BATCHES, EPOCHS = 32, 3
FACTORS: Mapping[str, tuple[Any, ...]] = {
    "optimizer": ("sgd", "adamw", "rmsprop", "nadam", "lbfgs"),
    "precision": ("fp32", "bf16", "fp16"),
    "schedule": (None, "one_cycle", "plateau"),
    "freezes": (False, True),
    "carries": (False, True),
    "accumulate": (1, 3),
}
OPTIMIZERS = {
    "sgd": ref("sgd", lr=0.05, momentum=0.9, nesterov=True),
    "adamw": ref("adamw", lr=1e-2, amsgrad=True),
    "rmsprop": ref("rmsprop", lr=1e-3, centered=True),
    "nadam": ref("nadam", lr=1e-2),
    "lbfgs": ref("lbfgs", lr=0.1, max_iter=2),
}
SCHEDULES = {"one_cycle": one_cycle(96), "plateau": plateau("val_loss", patience=1, gamma=0.5)}


@frozen(kw_only=True)
class Setting:
    """One way to train."""

    optimizer: str
    precision: str
    schedule: str | None
    freezes: bool
    carries: bool
    accumulate: int

    @property
    def exists(self) -> bool:
        """LBFGS evaluates the loss itself, several times: it takes no window, no loss scale, no carried state."""
        return self.optimizer != "lbfgs" or (self.accumulate == 1 and self.precision != "fp16" and not self.carries)


def all_settings() -> list[Setting]:
    """The product."""
    every = (Setting(**dict(zip(FACTORS, values, strict=True))) for values in itertools.product(*FACTORS.values()))
    return [setting for setting in every if setting.exists]


def pairwise() -> list[Setting]:
    """Few settings in which every pair of values occurs that occurs at all."""
    left = {pair for setting in all_settings() for pair in _pairs(setting)}
    chosen: list[Setting] = []
    while left:
        chosen.append(max(all_settings(), key=lambda setting: len(left & _pairs(setting))))
        left -= _pairs(chosen[-1])
    return chosen


def _pairs(setting: Setting) -> set[tuple[tuple[str, Any], tuple[str, Any]]]:
    values = [(name, getattr(setting, name)) for name in FACTORS]
    return set(itertools.combinations(values, 2))


class Run:
    """All that a program makes before its loop, new each time."""

    def __init__(self, folder: str, setting: Setting, device: torch.device) -> None:
        torch.manual_seed(0)
        flow = FlowBuilder("linear", 4, 8).tag("encoded").through("batch_norm1d", 8).through("dropout", 0.2)
        if setting.carries:
            flow = flow.through("state_add").using("memory").through("tanh").tag("memory")
        self.model = flow.through("linear", 8, 2).build().to(device)
        self.step = TrainStep(
            self.model,
            loss="mse",
            optimizer=OPTIMIZERS[setting.optimizer],
            schedule=None if setting.schedule is None else SCHEDULES[setting.schedule],
            precision=setting.precision,
            accumulate=setting.accumulate,
            clip_norm=1.0,
        )
        generator = torch.Generator().manual_seed(1)
        x = torch.randn(BATCHES * 4, 4, generator=generator).to(device)
        self.data = TensorDataset(x, x[:, :2].sin())
        self.sampler = Sampler(self.data, 4, seed=2)
        self.loader = DataLoader(self.data, batch_sampler=self.sampler)
        self.monitor = Monitor(EPOCHS, sinks=[], probes=[])
        self.ema = EMA(self.model)
        self.freezes = setting.freezes
        self.losses: list[float] = []
        self.state = TrainingState(
            folder, step=self.step, sampler=self.sampler, monitor=self.monitor, ema=self.ema, keep_best="val_loss"
        )
        torch.manual_seed(random.SystemRandom().getrandbits(32))  # what is restored, not what is seeded
        random.seed()

    def train(self, cut: int | None = None) -> None:
        """Train, to the end or until a signal that comes after batch number `cut`."""
        if cut is not None or not self.state.folder.exists():
            torch.manual_seed(3)
            random.seed(3)
        with self.state:
            for epoch in self.monitor.epochs(self.step):
                for x, y in self.sampler.follow(self.loader):
                    number = epoch * BATCHES + self.sampler.position
                    self._freeze(number)
                    loss = self.step(x + 0.01 * random.random(), y)
                    self.ema.update()
                    self.model.record({"loss": loss})
                    self.monitor.record("twice", loss * 2)
                    self.losses.append(loss.item())
                    if number == cut:
                        os.kill(os.getpid(), signal.SIGTERM)
                with self.ema.applied():
                    for x, y in DataLoader(self.data, batch_size=64, shuffle=True):
                        self.model.record("val_loss", self.step.evaluate(x, y), weight=len(x))

    def _freeze(self, number: int) -> None:
        if self.freezes and number == 20:
            self.model.freeze("encoded")
        if self.freezes and number == 50:
            self.model.thaw("encoded")

    def everything(self) -> dict[str, Any]:
        """What must not differ in the end."""
        return {
            "weights": dict(self.model.state_dict()),
            "step": self.step.state_dict(),
            "ema": self.ema.state_dict(),
            "metrics": [dict(record.metrics) for record in self.monitor.history()],
            "sampler": self.sampler.state_dict(),
            "random": [torch.rand(4).tolist(), random.random()],
        }


def differences(one: Any, two: Any, path: str = "") -> Iterator[str]:
    """Where two runs are not the same, bit by bit; how long an epoch took is no part of it."""
    if path.endswith(".clock"):
        return
    if isinstance(one, torch.Tensor):
        if not isinstance(two, torch.Tensor) or not torch.equal(_bits(one), _bits(two)):
            yield path
    elif isinstance(one, Mapping):
        for key in one.keys() | two.keys():
            yield from (
                [f"{path}.{key}"]
                if key not in one or key not in two
                else differences(one[key], two[key], f"{path}.{key}")
            )
    elif isinstance(one, list | tuple):
        if len(one) != len(two):
            yield path
        for index, (a, b) in enumerate(zip(one, two, strict=False)):
            yield from differences(a, b, f"{path}.{index}")
    elif repr(one) != repr(two):
        yield path


def _bits(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)


def compare(setting: Setting, device: torch.device, cuts: tuple[int, ...] = CUTS) -> Iterator[tuple[int, list[str]]]:
    """Each cut, with what differs between the run that was stopped there and the one that was not."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Run(f"{folder}/whole", setting, device)
        whole.train()
        expected = {"losses": whole.losses, **whole.everything()}
        for cut in cuts:
            stopped = Run(f"{folder}/{cut}", setting, device)
            with contextlib.suppress(SystemExit):
                stopped.train(cut)
                stopped.losses.append(float("nan"))  # it did not stop
            resumed = Run(f"{folder}/{cut}", setting, device)
            resumed.train()
            yield cut, list(differences(expected, {"losses": stopped.losses + resumed.losses, **resumed.everything()}))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the whole product of settings")
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.use_deterministic_algorithms(True)
    settings, began = all_settings() if arguments.full else pairwise(), time.monotonic()
    bad = runs = 0
    with contextlib.redirect_stderr(open(os.devnull, "w")):
        for setting in settings:
            for cut, found in compare(setting, torch.device(arguments.device)):
                runs += 1
                if found:
                    bad += 1
                    print(f"{setting} cut at {cut}: {', '.join(found[:4])}")
    print(f"{len(settings)} settings, {runs} resumed runs, {bad} that differ, {time.monotonic() - began:.0f} s")
    print(f"torch {torch.__version__}, {arguments.device}, cut after batches {CUTS} of {BATCHES * EPOCHS}")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
