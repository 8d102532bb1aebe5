"""A graph among the graphs inside it: what all its abilities share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flodl_core import PathError
from flodl_core.errors import did_you_mean
from flodl_core.paths import check_path, resolved
from torch import nn

from flodl_graph.ir.graph import GraphIR
from flodl_graph.observe.recorder import Recorder


class AbstractFamily(nn.Module):
    """A graph's own data, and the way to nested graphs."""

    ir: GraphIR
    epoch: int
    _recorder: Recorder
    carried: dict[str, Any]
    kept: dict[str, Any]
    _observed: tuple[str, ...]
    _exposed: tuple[str, ...]
    _shapes: dict[str, str]

    def _family(self) -> Iterator[tuple[str, AbstractFamily]]:
        """Itself and every graph inside it, each with the prefix of its dotted names."""
        for path, module in self.named_modules():
            if isinstance(module, AbstractFamily):
                yield (f"{path}." if path else ""), module

    def _graph_at(self, path: str) -> AbstractFamily:
        check_path(path)
        graphs = {prefix.removesuffix("."): graph for prefix, graph in self._family()}
        path = resolved(self, path)
        if path not in graphs:
            inside = [known for known in graphs if known]
            mend = did_you_mean(path, inside) or f"graphs inside it: {', '.join(inside) or 'none'}"
            raise PathError(f"there is no graph at {path!r}", mend=mend)
        return graphs[path]

    def _parts(self) -> dict[str, nn.Module]:
        return {node.name: self.get_submodule(node.name) for node in self.ir.nodes}

    @property
    def hash(self) -> str:
        """SHA-256 of the structure, 64 hexadecimal digits."""
        raise NotImplementedError

    def _regenerate(self) -> None:
        """Make `forward` anew: something that it depends on has changed."""
        raise NotImplementedError
