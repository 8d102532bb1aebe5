"""The parts of flodl that a run needs and this distribution does not: asked for, never imported, here."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from flodl_core.errors import MissingDistribution

_NEEDED = {
    "torch": "torch",
    "safetensors": "flodl-core[torch]",
    "xxhash": "flodl-core[torch]",
    "flodl_graph": "flodl-graph",
    "flodl_nn": "flodl-nn",
    "flodl_monitor": "flodl-monitor",
}


def missing_parts() -> tuple[str, ...]:
    """The distributions to install before anything can be trained."""
    missing = (distribution for module, distribution in _NEEDED.items() if find_spec(module) is None)
    return tuple(dict.fromkeys(missing))


def missing_part(distributions: Sequence[str]) -> MissingDistribution:
    """The error for them."""
    words = [f"'{name}'" if "[" in name else name for name in distributions]
    verb = "is" if len(words) == 1 else "are"
    return MissingDistribution(
        f"flodl run needs {', '.join(distributions)}, which {verb} not installed",
        where="flodl run",
        mend=f"pip install {' '.join(words)}",
    )
