"""What flodl adds to torch.autograd: clipping without host syncs, modes of a whole model, finite differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports

if TYPE_CHECKING:
    from flodl_core.autograd.check import GradientMismatch as GradientMismatch
    from flodl_core.autograd.check import GradientReport as GradientReport
    from flodl_core.autograd.check import check_gradients as check_gradients
    from flodl_core.autograd.clip import clip_grad_norm as clip_grad_norm
    from flodl_core.autograd.clip import clip_grad_value as clip_grad_value
    from flodl_core.autograd.modes import evaluating as evaluating
    from flodl_core.autograd.modes import frozen as frozen

_HOMES = {
    "flodl_core.autograd.check": "GradientMismatch GradientReport check_gradients",
    "flodl_core.autograd.clip": "clip_grad_norm clip_grad_value",
    "flodl_core.autograd.modes": "evaluating frozen",
}

__all__ = [*sorted(name for names in _HOMES.values() for name in names.split())]

__getattr__, __dir__ = lazy_exports(__name__, {n: home for home, names in _HOMES.items() for n in names.split()})
