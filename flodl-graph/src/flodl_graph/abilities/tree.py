"""Parts by dotted path: what there is, freeze, thaw, parameters, groups."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from flodl_core.freezing import Moments, Stats, freeze, hold_still, is_frozen, thaw
from flodl_core.groups import GroupRules, Groups
from flodl_core.paths import module_paths, select_modules, select_parameters
from torch import nn

from flodl_graph.abilities.family import AbstractFamily
from flodl_graph.ir.graph import GraphIR
from flodl_graph.tree.paths import Kind, kind_of
from flodl_graph.tree.summary import Member, param_summary, tree_summary

T = TypeVar("T", bound="AbstractTree")


class AbstractTree(AbstractFamily):
    """A graph whose parts are reached by label path."""

    def paths(self) -> tuple[str, ...]:
        """Every dotted path below this graph, in its order: prefixes of `state_dict()` keys.

        What is internal to a nested graph is left out.
        """
        hidden = [
            prefix + node.name
            for prefix, graph in self._family()
            for node in graph.ir.nodes
            if prefix and node.name in graph.ir.internal
        ]
        paths = module_paths(self)
        return tuple(path for path in paths if not any(_within(path, outer) for outer in hidden)) if hidden else paths

    def subgraph(self: T, path: str) -> T:
        """The graph that a dotted path leads to: what `get_submodule` gives, and known as a graph to type checkers.

        Raises:
            PathError: No graph stands there; with the nearest.
        """
        return cast("T", self._graph_at(path))

    def validate_path(self, path: str) -> Kind:
        """What a dotted path names: `"subgraph"`, `"tag"`, `"module"` or `"parameter"`.

        Raises:
            PathError: Nothing; with the nearest.
        """
        return kind_of(self, self._irs(), path)

    def tree_summary(self) -> str:
        """The labelled graphs in this graph, each with its hash, its tags and its parameters."""
        return tree_summary(self._members())

    def param_summary(self) -> str:
        """What each labelled graph in this graph has of the parameters: elements, bytes, share, trained or not."""
        return param_summary(self._members())

    def set_training_at(self, path: str, mode: bool = True) -> None:
        """Set training mode for a part alone; what is frozen with `stats="hold"` holds its statistics still.

        Raises:
            PathError: The path names no module; with the nearest.
        """
        for module in select_modules(self, path).values():
            module.train(mode)
        hold_still(self.modules())

    def freeze(self, path: str = "", *, stats: Stats = "hold") -> None:
        """Take a part out of training: `freeze("encoder")`, `freeze("*.bias")`; no path: everything.

        Args:
            stats: `"hold"`: normalisation layers there keep the running statistics they have, also in
                training mode; `"track"`: these go on following the data.

        Raises:
            PathError: The path names nothing; with the nearest.
        """
        freeze(self, path, stats=stats)

    def thaw(self, path: str = "", *, moments: Moments = "keep") -> None:
        """Take a part into training again; no path: everything.

        Args:
            moments: `"keep"`: the optimizer goes on with what it knew of the part; `"reset"`: it forgets
                that, at the next step of the `TrainStep` that trains it.

        Raises:
            PathError: The path names nothing; with the nearest.
        """
        thaw(self, path, moments=moments)

    def is_frozen(self, path: str = "") -> bool:
        """Whether nothing that the path names trains.

        Raises:
            PathError: The path names nothing; with the nearest.
        """
        return is_frozen(self, path)

    def named_parameters_at(self, path: str) -> dict[str, nn.Parameter]:
        """The parameters that a path, a parameter name or a glob names, by their full names.

        Raises:
            PathError: The path names nothing; with the nearest.
        """
        return select_parameters(self, path)

    def parameters_at(self, path: str) -> list[nn.Parameter]:
        """The same without names."""
        return list(self.named_parameters_at(path).values())

    def trainable_parameters(self, path: str = "") -> list[nn.Parameter]:
        """Those of them that train."""
        return [parameter for parameter in self.parameters_at(path) if parameter.requires_grad]

    def param_groups(self, groups: Groups) -> list[dict[str, Any]]:
        """Groups for any torch optimizer: a cascade of paths to rates or tables of options, later ones winning.

        Frozen parameters are left out; what no pattern names comes first, with the optimizer's own options.

        Raises:
            PathError: A pattern names nothing; with the nearest.
            TrainingError: A value is neither a rate nor a table of options.
        """
        rules = GroupRules.parse(groups).of(self)
        every_name = self.named_parameters(remove_duplicate=False)
        trained = ((name, parameter) for name, parameter in every_name if parameter.requires_grad)
        return sorted(rules.grouped(trained), key=lambda group: len(group) > 1)

    def train(self: T, mode: bool = True) -> T:
        """Set training mode; what is frozen with `stats="hold"` holds its statistics still."""
        super().train(mode)
        hold_still(self.modules())
        return self

    def _irs(self) -> dict[str, GraphIR]:
        return {prefix.removesuffix("."): graph.ir for prefix, graph in self._family()}

    def _members(self) -> dict[str, Member]:
        """The graphs with a label, which are parts; one without is a way of writing a module."""
        labelled = ((prefix, graph) for prefix, graph in self._family() if graph.ir.label or not prefix)
        return {prefix.removesuffix("."): Member(graph, graph.ir, graph.hash) for prefix, graph in labelled}

    @property
    def aliases(self) -> dict[str, str]:
        """Tags that name a part besides its own name: further tags, and those of further outputs."""
        names = {value: node.name for node in self.ir.nodes for value in node.writes}
        return {tag: names[value] for tag, value in self.ir.tags if value in names and tag != names[value]}


def _within(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.")
