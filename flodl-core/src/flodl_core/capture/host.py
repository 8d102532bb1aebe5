"""What a step does on the host: attributes of modules, random numbers. A replay would leave it out."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, TypeAlias, final

import torch
from torch import Tensor, nn

from flodl_core.capture.refusal import Refusal
from flodl_core.tensor import RandomState

Attribute: TypeAlias = "tuple[nn.Module, str]"
_VALUES = (bool, int, float, complex, str, bytes, type(None))
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
        self._before = {path: self._attributes(module) for path, module in modules.items()}

    def restore(self) -> None:
        """Random generators and attributes as they were; what a list or dict of a module took in stays."""
        self._random.restore()
        for path, module in self._modules.items():
            before, own = self._before[path], module.__dict__
            for name in [name for name in self._attributes(module) if name not in before]:
                del own[name]
            for name, (value, _) in before.items():
                if own.get(name, self) is not value:
                    own[name] = value

    def check(self) -> set[Attribute]:
        """Is everything as it was?

        Returns:
            Attributes that hold another tensor now: these may be bound again after a replay.

        Raises:
            Refusal: Something else changed; by name.
        """
        rebound: set[Attribute] = set()
        for path, module in self._modules.items():
            before, now = self._before[path], self._attributes(module)
            for name in before.keys() | now.keys():
                old, new = before.get(name, _ABSENT), now.get(name, _ABSENT)
                if _same(old, new):
                    continue
                if not isinstance(new[0], Tensor):
                    full = f"{path}.{name}" if path else name
                    raise Refusal(f"the step changes {full!r} on the host, which a replay would leave as it is")
                rebound.add((module, name))
        if self._draws:
            self._check_draws()
        return rebound

    def _check_draws(self) -> None:
        now = RandomState.capture()
        same = torch.equal(now.cpu, self._random.cpu) and now.python == self._random.python
        if not same or not _same_numpy(now.numpy, self._random.numpy):
            raise Refusal("the step draws random numbers on the host, which a replay would draw no more")

    def _attributes(self, module: nn.Module) -> dict[str, tuple[Any, int]]:
        """Each attribute with its size, if it can grow."""
        return {
            name: (value, len(value) if isinstance(value, _GROWING) else 0)
            for name, value in module.__dict__.items()
            if not (name in self._slots and isinstance(value, dict))
        }


_ABSENT = (object(), 0)


def _same(old: tuple[Any, int], new: tuple[Any, int]) -> bool:
    if isinstance(old[0], _VALUES) and type(old[0]) is type(new[0]):
        return bool(old[0] == new[0] or old[0] != old[0])
    return old[0] is new[0] and old[1] == new[1]


def _same_numpy(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return bool((one["state"]["key"] == other["state"]["key"]).all()) and one["state"]["pos"] == other["state"]["pos"]
