"""Learning-rate schedules: composed, compared on real digits, one rate per part, continued after a restart.

Run: python examples/schedulers.py      (needs flodl and flodl-sklearn; a few seconds on a CPU)
"""

from __future__ import annotations

from typing import Any

import torch
from flodl import DeviceLoader, FlowBuilder, TrainStep, components, constant, cosine, one_cycle, plateau, ref, warmup
from torch import Tensor
from torch.utils.data import Subset

EPOCHS, BATCHES = 8, 28
STEPS = EPOCHS * BATCHES
SCHEDULES = {
    "constant": constant(),
    "warmup, then cosine": warmup(BATCHES).then(cosine(STEPS - BATCHES, floor=0.01)),
    "one cycle": one_cycle(STEPS),
    "halved on a plateau": plateau("val_loss", patience=1, gamma=0.5),
}


def training(schedule: Any) -> TrainStep[..., Tensor]:
    """A network whose head learns ten times faster than its body: a schedule is a factor on either rate."""
    torch.manual_seed(0)
    body = FlowBuilder("linear", 64, 64).through("gelu").label("body").build()
    model = FlowBuilder(body).through("linear", 64, 10).tag("head").label("model").build()
    groups = {"body": 3e-3, "head": 3e-2}
    return TrainStep(model, loss="cross_entropy", optimizer=ref("adamw"), groups=groups, schedule=schedule)


def data() -> tuple[DeviceLoader, DeviceLoader]:
    """1,400 digits to learn from in batches of 50, 397 to be judged by."""
    digits: Any = components.create("dataset", "digits")
    learn, judge = Subset(digits, range(1400)), Subset(digits, range(1400, len(digits)))
    return DeviceLoader(learn, 50, device="cpu"), DeviceLoader(judge, 397, shuffle=False, device="cpu")


def epochs(step: TrainStep[..., Tensor], learn: DeviceLoader, judge: DeviceLoader, count: int) -> list[float]:
    """Train; the rate at the end of each epoch. What a plateau watches is given to `end_epoch`."""
    rates = []
    for _ in range(count):
        step.run(learn)
        step.end_epoch({"val_loss": float(step.run(judge, learn=False))})
        rates.append(step.lr)
    return rates


def main() -> dict[str, list[float]]:
    """Train once under each schedule; then stop one half-way, and go on in a new step."""
    rates = {}
    for name, schedule in SCHEDULES.items():
        step, (learn, judge) = training(schedule), data()
        rates[name] = epochs(step, learn, judge, EPOCHS)
        loss = float(step.run(judge, learn=False))
        print(f"{name:<20} loss {loss:.3f}   " + " ".join(f"{rate:.0e}" for rate in rates[name]))
        body, head = (group["lr"] for group in step.optimizer.param_groups)
        assert abs(head / body - 10) < 1e-6
        assert loss < 0.6

    assert len(set(rates["constant"])) == 1
    assert rates["warmup, then cosine"][0] == 3e-3
    assert min(rates["warmup, then cosine"]) == rates["warmup, then cosine"][-1]

    # A schedule is a function of the update, so a resumed run needs nothing but the step's own state.
    schedule = SCHEDULES["one cycle"]
    first, (learn, judge) = training(schedule), data()
    before = epochs(first, learn, judge, EPOCHS // 2)
    second = training(schedule)
    second.model.load_state_dict(first.model.state_dict())
    second.load_state_dict(first.state_dict())
    assert before + epochs(second, learn, judge, EPOCHS - EPOCHS // 2) == rates["one cycle"]
    print("stopped half-way and resumed: the same rates")
    return rates


if __name__ == "__main__":
    main()
