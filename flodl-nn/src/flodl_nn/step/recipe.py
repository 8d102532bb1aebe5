"""Where a step's optimizer comes from: made by a recipe, or built by the user."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, final

from flodl_core import Ref, TrainingError, UnknownComponent, components
from flodl_core.groups import GroupRules
from torch import Tensor, nn
from torch.optim import Optimizer

from flodl_nn.step.sparse import sparse_layers, unfused


@final
class Recipe:
    """An optimizer by reference: made at first, and again for parameters that join or begin anew.

    Args:
        optimizer: What is made.
        model: Whose parameters it is made over.
        rules: Their options by path.
    """

    def __init__(self, optimizer: Ref, model: nn.Module, rules: GroupRules) -> None:
        self._optimizer, self._model, self._rules = optimizer, model, rules

    def over(self, parameters: Iterable[Tensor]) -> Optimizer:
        """One over some of the model's parameters, in the groups that the rules make of them."""
        wanted = {id(p) for p in parameters}
        every_name = self._model.named_parameters(remove_duplicate=False)
        groups = self._rules.grouped((name, p) for name, p in every_name if id(p) in wanted)
        alone = len(groups) == 1 and groups[0].keys() == {"params"}
        optimizer = unfused(self._optimizer) if sparse_layers(self._model) else self._optimizer
        made = components.create("optimizer", optimizer, groups[0]["params"] if alone else groups)
        if not isinstance(made, Optimizer):
            raise TrainingError(f"{self._optimizer!r} made a {type(made).__name__}, no torch.optim.Optimizer")
        return made


def adopted(optimizer: Any, model: nn.Module, rules: GroupRules) -> Optimizer:
    """A built optimizer, whose groups are its own.

    Raises:
        TrainingError: It is none, it trains nothing of the model, or rules would group what it has grouped.
    """
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        name = optimizer.__name__
        raise TrainingError(
            f"an optimizer is due, got the class {name}",
            mend=f"optimizer={_by_name(name)}, or a built one: {name}(model.parameters(), lr=1e-3)",
        )
    made = components.create("optimizer", optimizer)
    if not isinstance(made, Optimizer):
        raise TrainingError(
            f"an optimizer is due, got a {type(made).__name__}", mend='a name, ref("adam", lr=1e-3), or a built one'
        )
    if rules.rules:
        raise TrainingError(
            "a built optimizer has groups of its own, so groups= has no say",
            mend='give a recipe: optimizer=ref("adam", lr=1e-3)',
        )
    own = {id(p) for p in model.parameters()}
    if not any(id(p) in own for group in made.param_groups for p in group["params"]):
        raise TrainingError(
            f"the {type(made).__name__} given holds no parameter of this model",
            mend="build it from this model's parameters(), or give a recipe: ref(...)",
        )
    return made


def _by_name(name: str) -> str:
    """How a class of torch is asked for."""
    try:
        return f'ref("{components.find("optimizer", name.lower()).name}", lr=1e-3)'
    except UnknownComponent:
        return 'ref("adam", lr=1e-3)'
