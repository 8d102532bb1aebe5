"""What a step does on the host: counters and lists of modules, random numbers. A replay would leave it out."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, final

import torch
from torch import nn

from flodl_core.capture.refusal import Refusal
from flodl_core.tensor import RandomState

_SCALARS = (bool, int, float, complex, str, type(None))
_GROWING = (list, dict, set, deque)


@final
class HostWatch:
    """Notices what changed on the host, and takes back what can be taken back.

    Args:
        modules: Path to module: their own plain attributes are watched.
        slots: Names of attributes that are looked after otherwise.
        draws: Do random numbers of the host count as host work? Not where the host is the device.
    """

    def __init__(self, modules: Mapping[str, nn.Module], slots: frozenset[str], *, draws: bool) -> None:
        self._modules, self._slots, self._draws = modules, slots, draws
        self._random = RandomState.capture()
        self._before = {path: self._plain(module) for path, module in modules.items()}

    def restore(self) -> None:
        """Random generators, and numbers and words that modules hold, as they were."""
        self._random.restore()
        for path, module in self._modules.items():
            for name, value in self._before[path].items():
                if not isinstance(value, _Size):
                    module.__dict__[name] = value

    def check(self) -> None:
        """Is everything as it was?

        Raises:
            Refusal: Something changed; by name.
        """
        for path, module in self._modules.items():
            before, now = self._before[path], self._plain(module)
            for name in before.keys() | now.keys():
                if before.get(name, _MISSING) != now.get(name, _MISSING):
                    full = f"{path}.{name}" if path else name
                    raise Refusal(f"the step changes {full!r} on the host, which a replay would leave as it is")
        if self._draws:
            self._check_draws()

    def _check_draws(self) -> None:
        now = RandomState.capture()
        same = torch.equal(now.cpu, self._random.cpu) and now.python == self._random.python
        if not same or not _same_numpy(now.numpy, self._random.numpy):
            raise Refusal("the step draws random numbers on the host, which a replay would draw no more")

    def _plain(self, module: nn.Module) -> dict[str, Any]:
        """Public and private attributes alike, but torch's own tables."""
        found: dict[str, Any] = {}
        for name, value in module.__dict__.items():
            if name in self._slots:
                continue
            if isinstance(value, _SCALARS):
                found[name] = value
            elif isinstance(value, _GROWING):
                found[name] = _Size(len(value))
        return found


class _Size(int):
    """How many things a list or dict of a module holds."""


_MISSING = object()


def _same_numpy(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return bool((one["state"]["key"] == other["state"]["key"]).all()) and one["state"]["pos"] == other["state"]["pos"]
