"""A schedule without flodl and without torch: a frozen value with `factor` and `lr`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sawtooth:
    period: int
    floor: float = 0.0

    def factor(self, step: int) -> float:
        return self.floor + (1.0 - self.floor) * (1.0 - (step % self.period) / self.period)

    def lr(self, step: int, base: float) -> float:
        return base * self.factor(step)
