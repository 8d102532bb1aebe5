"""`Firing`: a rule has fired. What listeners get: the monitor's sinks, the dashboard, anybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, final

from attrs import field, frozen


def _as_tuple(actions: Iterable[str]) -> tuple[str, ...]:
    return tuple(actions)


def _read_only(windows: Mapping[str, Any]) -> Mapping[str, tuple[float, ...]]:
    return MappingProxyType({name: tuple(map(float, values)) for name, values in windows.items()})


@final
@frozen(kw_only=True)
class Firing:
    """One firing of one rule.

    Args:
        epoch: After which epoch, counted from 1.
        condition: What held, as it is written.
        actions: What was done, as it is written.
        windows: Recorded name to the values that were looked at, oldest first.
    """

    epoch: int
    condition: str
    actions: tuple[str, ...] = field(converter=_as_tuple)
    windows: Mapping[str, tuple[float, ...]] = field(converter=_read_only)

    def __str__(self) -> str:
        return f"{', '.join(self.actions)}: {self.condition}"

    def __hash__(self) -> int:
        return hash((self.epoch, self.condition, self.actions))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.epoch, self.condition, self.actions, dict(self.windows))


def _rebuild(epoch: int, condition: str, actions: tuple[str, ...], windows: dict[str, Any]) -> Firing:
    return Firing(epoch=epoch, condition=condition, actions=actions, windows=windows)
