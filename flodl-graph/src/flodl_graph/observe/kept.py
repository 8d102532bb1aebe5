"""Tagged values of the last call, which stay readable until the next one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flodl_core import PathError
from flodl_core.errors import did_you_mean
from torch import Tensor

from flodl_graph.ir.graph import GraphIR


def check_tag(ir: GraphIR, tag: str) -> None:
    """Whether a graph has a tag.

    Raises:
        PathError: It has not; with the nearest.
    """
    known = [name for name, _ in ir.tags]
    if tag not in known:
        mend = did_you_mean(tag, known) or f"its tags: {', '.join(known) or 'none'}"
        raise PathError(f"the graph has no tag {tag!r}", mend=mend)


def kept_value(ir: GraphIR, kept: Mapping[str, Any], observed: Collection[str], tag: str) -> Tensor:
    """What the last call kept under a tag.

    Raises:
        PathError: There is no such tag, it is not observed, or there was no call yet.
    """
    check_tag(ir, tag)
    if tag in kept:
        value: Tensor = kept[tag]
        return value
    if tag not in observed:
        raise PathError(f"tag {tag!r} is not observed", mend=f"observe({tag!r}), before the call")
    raise PathError(f"tag {tag!r} has no value yet", mend="call the graph first")
