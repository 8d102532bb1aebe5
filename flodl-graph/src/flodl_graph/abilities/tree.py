"""Parts by dotted path: freeze, thaw, parameters, groups."""

from __future__ import annotations

from typing import Any, TypeVar

from flodl_core.paths import module_paths, select_parameters
from torch import nn

from flodl_graph.abilities.family import AbstractFamily
from flodl_graph.tree.freeze import Stats, freeze, hold_still, is_frozen, thaw
from flodl_graph.tree.groups import Cascade, param_groups

T = TypeVar("T", bound="AbstractTree")


class AbstractTree(AbstractFamily):
    """A graph whose parts are reached by label path."""

    def paths(self) -> tuple[str, ...]:
        """Every dotted path below this graph, in its order: prefixes of `state_dict()` keys."""
        return module_paths(self)

    def freeze(self, path: str = "", *, stats: Stats = "hold") -> None:
        """Take a part out of training: `freeze("encoder")`, `freeze("*.bias")`; no path: everything.

        Args:
            stats: `"hold"`: normalisation layers there keep the running statistics they have, also in
                training mode; `"track"`: these go on following the data.

        Raises:
            PathError: The path names nothing; with the nearest.
        """
        freeze(self, path, stats)

    def thaw(self, path: str = "") -> None:
        """Take a part into training again; no path: everything.

        Raises:
            PathError: The path names nothing; with the nearest.
        """
        thaw(self, path)

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
        return list(select_parameters(self, path).values())

    def trainable_parameters(self, path: str = "") -> list[nn.Parameter]:
        """Those of them that train."""
        return [parameter for parameter in self.parameters_at(path) if parameter.requires_grad]

    def param_groups(self, cascade: Cascade) -> list[dict[str, Any]]:
        """Groups for any torch optimizer, frozen parameters left out: see `flodl_graph.tree.groups`.

        Raises:
            PathError: A pattern names nothing; with the nearest.
        """
        return param_groups(self, cascade)

    def train(self: T, mode: bool = True) -> T:
        """Set training mode; what is frozen with `stats="hold"` holds its statistics still."""
        super().train(mode)
        hold_still(self.modules())
        return self
