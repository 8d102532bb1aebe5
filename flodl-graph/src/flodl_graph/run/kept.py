"""Tagged values that leave a call besides its output: kept until the next one, or returned to who asks."""

from __future__ import annotations

from typing import Any, Protocol

import torch


class Keeping(Protocol):
    """A graph, as far as what it keeps goes."""

    kept: dict[str, Any]


def keep(graph: Keeping, /, **values: Any) -> None:
    """Keep the values of this call. An exported program has no place for them, so export leaves them out."""
    if not _exporting():
        kept = graph.kept  # changed in place: setting an attribute of a module costs more than the rest of this
        kept.clear()
        kept.update(values)


def chosen(wanted: tuple[str, ...], stream: Any, /, **further: Any) -> Any:
    """What a call returns: the stream, and behind it what was asked for, in that order."""
    return (stream, *(further[name] for name in wanted)) if wanted else stream


def _exporting() -> bool:
    """Whether `torch.export` is looking. `torch.compiler.is_exporting()` of torch 2.11 says so of compiling too."""
    return getattr(torch.compiler, "_is_exporting_flag", False)
