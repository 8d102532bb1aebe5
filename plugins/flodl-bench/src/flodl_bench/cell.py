"""A cell of the table: one model, trained by one side, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from statistics import median
from typing import Any, final

from attrs import evolve, frozen

_NORMAL = 1.4826  # from the median distance to the standard deviation of a normal distribution
_MEMORY = ("vram_mb", "vram_reserved_mb", "rss_mb")
_NUMBERS = ("median_epoch_ms", "final_loss", *_MEMORY, "batches_per_epoch", "kernels", "kernel_us")


@final
@frozen(kw_only=True)
class Cell:
    """What is known of one model on one side; in files under the names of floDl's own harness.

    Args:
        name: The model.
        side: Who trained it.
        epoch_times_ms: Milliseconds of each epoch that was timed.
        run_medians_ms: The median of each round.
        median_epoch_ms: Of all epochs; None: nothing was timed yet.
        final_loss: Of the last batch of the first round.
        vram_mb: The most that tensors took at once after the warm-up, MiB on the GPU.
        vram_reserved_mb: The most that torch held there.
        rss_mb: The most that the process held in main memory, MiB.
        batches_per_epoch: Of the epochs that were timed; None: not known.
        kernels: Kernels of a step; None: not counted.
        kernel_us: Microseconds that they take.
        error: Why there is nothing, or no more.
    """

    name: str
    side: str
    epoch_times_ms: tuple[float, ...] = ()
    run_medians_ms: tuple[float, ...] = ()
    median_epoch_ms: float | None = None
    final_loss: float | None = None
    vram_mb: float | None = None
    vram_reserved_mb: float | None = None
    rss_mb: float | None = None
    batches_per_epoch: float | None = None
    kernels: float | None = None
    kernel_us: float | None = None
    error: str | None = None

    @property
    def rounds(self) -> int:
        """Rounds that were measured."""
        return len(self.run_medians_ms)

    @property
    def spread_ms(self) -> float | None:
        """How far epochs are from their median: 1.4826 times the median distance. None where fewer than two are known.

        Of times that scatter evenly it is the standard deviation, and the one epoch in hundreds does not
        count in which a `TrainStep` compares a replay with an eager step.
        """
        times = self.epoch_times_ms
        return _NORMAL * median(abs(time - median(times)) for time in times) if len(times) > 1 else None

    def with_round(self, times: Sequence[float], further: Mapping[str, Any]) -> Cell:
        """After one more round."""
        whole = (*self.epoch_times_ms, *times)
        return evolve(
            self,
            epoch_times_ms=whole,
            run_medians_ms=(*self.run_medians_ms, median(times)),
            median_epoch_ms=median(whole),
            final_loss=further["loss"] if self.final_loss is None else self.final_loss,
            error=None,
            **{key: further[key] for key in _MEMORY},
        )

    @classmethod
    def read(cls, entry: object) -> Cell:
        """An entry of a file, ours or of another framework.

        Raises:
            ValueError: What is wrong with it, in a few words.
        """
        if not isinstance(entry, Mapping):
            raise ValueError(f"a table of values is due, got {type(entry).__name__}")
        if not isinstance(entry.get("name"), str):
            raise ValueError('it has no "name"')
        side = entry.get("side", "")
        if not isinstance(side, str):
            raise ValueError('"side" is a text')
        times, medians = _list(entry, "epoch_times_ms"), _list(entry, "run_medians_ms")
        numbers = {key: _number(entry, key) for key in _NUMBERS}
        if numbers["median_epoch_ms"] is None and times:
            numbers["median_epoch_ms"] = median(times)
        error = entry.get("error")
        if numbers["median_epoch_ms"] is None and error is None:
            raise ValueError('it has neither "median_epoch_ms" nor "epoch_times_ms"')
        return cls(
            name=entry["name"],
            side=side,
            epoch_times_ms=times,
            run_medians_ms=medians,
            error=None if error is None else str(error),
            **numbers,
        )


def _list(entry: Mapping[str, Any], key: str) -> tuple[float, ...]:
    values = entry.get(key)
    if values is None:
        return ()
    if not isinstance(values, (list, tuple)) or not all(_is_number(value) for value in values):
        raise ValueError(f'"{key}" is a list of numbers')
    return tuple(float(value) for value in values)


def _number(entry: Mapping[str, Any], key: str) -> float | None:
    value = entry.get(key)
    if value is None:
        return None
    if not _is_number(value) and key != "final_loss":  # which may be lost to overflow, or below 0
        raise ValueError(f'"{key}" is a number')
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f'"{key}" is a number') from None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < inf
