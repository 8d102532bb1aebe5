"""What a framework adds over `torch.Tensor`: device and dtype by one function, memory, seeds.

Needs torch: `pip install flodl-core[torch]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports

if TYPE_CHECKING:
    from flodl_core.tensor.device import pick_device as pick_device
    from flodl_core.tensor.dtype import pick_dtype as pick_dtype
    from flodl_core.tensor.memory import Memory as Memory
    from flodl_core.tensor.memory import Peak as Peak
    from flodl_core.tensor.memory import measure_peak as measure_peak
    from flodl_core.tensor.memory import memory_of as memory_of
    from flodl_core.tensor.seed import RandomState as RandomState
    from flodl_core.tensor.seed import seed_everything as seed_everything
    from flodl_core.tensor.seed import seeded as seeded

_HOMES = {
    "flodl_core.tensor.device": "pick_device",
    "flodl_core.tensor.dtype": "pick_dtype",
    "flodl_core.tensor.memory": "Memory Peak measure_peak memory_of",
    "flodl_core.tensor.seed": "RandomState seed_everything seeded",
}

__all__ = [*sorted(name for names in _HOMES.values() for name in names.split())]

__getattr__, __dir__ = lazy_exports(__name__, {n: home for home, names in _HOMES.items() for n in names.split()})
