"""Low-rank adapters (LoRA) on any part of any model, by path. Importing this package imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core import lazy_exports

if TYPE_CHECKING:
    from flodl_lora.adapter import Adapter as Adapter
    from flodl_lora.adapting import Adaptation as Adaptation
    from flodl_lora.adapting import adapt as adapt
    from flodl_lora.adapting import strip as strip
    from flodl_lora.files import load_adapters as load_adapters
    from flodl_lora.files import save_adapters as save_adapters
    from flodl_lora.layers import LoraLinear as LoraLinear
    from flodl_lora.modes import adapters as adapters
    from flodl_lora.modes import disabled as disabled
    from flodl_lora.modes import merge as merge
    from flodl_lora.modes import unmerge as unmerge

_HOMES = {
    "flodl_lora.adapting": "Adaptation adapt strip",
    "flodl_lora.adapter": "Adapter",
    "flodl_lora.files": "load_adapters save_adapters",
    "flodl_lora.layers": "LoraLinear",
    "flodl_lora.modes": "adapters disabled merge unmerge",
}

__all__ = [*sorted(name for names in _HOMES.values() for name in names.split())]

__getattr__, __dir__ = lazy_exports(__name__, {n: home for home, names in _HOMES.items() for n in names.split()})
