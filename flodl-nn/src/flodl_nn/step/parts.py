"""The parameters that a step trains: in which group each is, and what freezing and thawing do."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, final

from flodl_core import Ref, Reference, TrainingError, as_reference
from flodl_core.freezing import asked_since, hold_still, requests_so_far
from flodl_core.groups import GroupRules
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer

from flodl_nn.step.device_rates import EXECUTION
from flodl_nn.step.recipe import Recipe, adopted
from flodl_nn.step.velocities import give_velocities
from flodl_nn.step.watch import ModelWatch


@final
class TrainedParts:
    """An optimizer over a model's trainable parameters, kept true while parts freeze, thaw and change.

    Every group remembers all its members. A frozen one leaves the optimizer's list, its state is
    kept aside and its gradient dropped, so nothing moves it: no decay, no momentum, no window that
    was open. Thawed, it comes back with its state.

    Args:
        model: Whose parameters are trained.
        optimizer: A reference, made over the groups; or a built optimizer, whose groups stay its own.
        rules: Options by path; only for references.
    """

    def __init__(self, model: nn.Module, optimizer: Reference, rules: GroupRules) -> None:
        self._model, rules = model, rules.of(model)
        wanted = as_reference(optimizer)
        self._recipe = Recipe(wanted, model, rules) if isinstance(wanted, Ref) else None
        named = trainable_kind(model)
        if empty := [name for name, parameter in named.items() if _has_no_shape(parameter)]:
            raise TrainingError(
                f"{empty[0]} has no shape yet: a lazy layer waits for its first batch", mend="model(x) once"
            )
        if not any(p.requires_grad for p in named.values()):
            raise _nothing_to_train(bool(named))
        self.optimizer = adopted(wanted, model, rules) if self._recipe is None else self._recipe.over(named.values())
        rules.check_options(self.optimizer.defaults, type(self.optimizer).__name__)
        self._members: list[list[Tensor]] = [list(group["params"]) for group in self.optimizer.param_groups]
        self._aside: dict[Tensor, dict[str, Any]] = {}
        self._requests = requests_so_far()
        self.version = 0
        """How often what is trained was settled: another number, other parts."""
        self.named = self._name(named)
        self.watch = ModelWatch(model, (p for name, p in self.named.items() if name not in named))
        self._sort_out()

    def refresh(self) -> None:
        """Follow the model: what froze goes out, what thawed comes in, what was swapped is exchanged."""
        hold_still(self._held)
        self.honour_requests()
        if not (self._take_in_groups() | self.watch.changed()):
            return
        named = trainable_kind(self._model)
        if self._recipe is not None:
            self._exchange(named, self._recipe)
        self.named = self._name(named)
        self._sort_out()

    def require(self) -> None:
        """Before a batch is learned.

        Raises:
            TrainingError: All is frozen.
        """
        if not self.trained:
            raise _nothing_to_train(True)

    def needs_closure(self) -> bool:
        """Does the optimizer evaluate the loss itself, several times per step (LBFGS)?"""
        closure = inspect.signature(type(self.optimizer).step).parameters.get("closure")
        return closure is not None and closure.default is closure.empty

    def take_all(self) -> None:
        """Put every member into the optimizer, frozen or not: the form in which state is loaded."""
        for group, members in zip(self.optimizer.param_groups, self._members, strict=True):
            group["params"][:] = members
        self._aside.clear()

    def settle(self) -> None:
        """After `take_all` and a load: take the frozen ones out again, with their state."""
        self.watch.changed()
        self._sort_out(loaded=True)

    def honour_requests(self) -> None:
        """Forget the state of what was thawed with `moments="reset"` since the last look."""
        if self._requests == requests_so_far():
            return
        asked = [p for members in self._members for p in members if asked_since(p, self._requests)]
        self._requests = requests_so_far()
        if asked:
            self._forget(asked)
            give_velocities(self.optimizer)
            self.version += 1

    def state_of(self, parameter: Tensor) -> dict[str, Any]:
        """The optimizer's state of one parameter, in it or set aside; empty before its first update."""
        kept = self._aside.get(parameter)
        return dict(self.optimizer.state.get(parameter, {})) if kept is None else kept

    def groups(self) -> list[tuple[dict[str, Any], list[str]]]:
        """Each group's options, and the names of all its members, frozen ones too."""
        if self._take_in_groups():
            self._sort_out()
        names = {parameter: name for name, parameter in self.named.items()}
        return [
            ({key: value for key, value in group.items() if key != "params"}, [names[p] for p in members])
            for group, members in zip(self.optimizer.param_groups, self._members, strict=True)
        ]

    def _take_in_groups(self) -> bool:
        """Groups that somebody added to the optimizer by hand are groups as any; are there such?

        Raises:
            TrainingError: One has a parameter that is not the model's, in an optimizer made for the model.
        """
        added = [list(group["params"]) for group in self.optimizer.param_groups[len(self._members) :]]
        if not added:
            return False
        named = trainable_kind(self._model)
        here = {id(parameter) for group in added for parameter in group}
        if self._recipe is not None and not here <= {id(p) for p in named.values()}:
            raise TrainingError(
                "a group was added to the optimizer with a parameter that is not the model's",
                mend="make it a part of the model, where the next step finds it, or give the step a built optimizer",
            )
        for members in self._members:
            members[:] = [p for p in members if id(p) not in here]
        for parameter in (p for group in added for p in group):
            self._aside.pop(parameter, None)
        self._members += added
        self.named = self._name(named)
        self.watch = ModelWatch(self._model, (p for name, p in self.named.items() if name not in named))
        return True

    def _exchange(self, named: dict[str, nn.Parameter], recipe: Recipe) -> None:
        """Members that left the model leave their groups for good; new ones join the group of their options."""
        present = {id(p) for p in named.values()}
        known = set()
        for members in self._members:
            for parameter in [p for p in members if id(p) not in present]:
                self.optimizer.state.pop(parameter, None)
                self._aside.pop(parameter, None)
            members[:] = [p for p in members if id(p) in present]
            known |= {id(p) for p in members}
        fresh = [p for p in named.values() if id(p) not in known]
        if fresh:
            self._join(recipe.over(fresh))

    def _join(self, other: Optimizer) -> None:
        """Take over the groups and the state of an optimizer made for new parameters alone."""
        for group in other.param_groups:
            place = next((i for i, own in enumerate(self.optimizer.param_groups) if _same_options(own, group)), None)
            if place is None:
                self.optimizer.param_groups.append({**group, "params": list(group["params"])})
                self._members.append(list(group["params"]))
            else:
                self._members[place] += group["params"]
        self.optimizer.state.update(other.state)

    def _sort_out(self, *, loaded: bool = False) -> None:
        changed = False
        for group, members in zip(self.optimizer.param_groups, self._members, strict=True):
            for parameter in members:
                changed |= self._bring_in(parameter) if parameter.requires_grad else self._take_out(parameter)
            group["params"][:] = [p for p in members if p.requires_grad]
        if changed and self.needs_closure():
            self._forget_flat_state(history=not loaded)
        self.version += 1
        self._held = [module for module in self._model.modules() if getattr(module, "held", False)]
        hold_still(self._held)
        give_velocities(self.optimizer)
        live = {id(p) for group in self.optimizer.param_groups for p in group["params"]}
        self.trained = [p for p in self.named.values() if id(p) in live]
        self.first = next(iter(self.trained or self.named.values()))  # of its device and type is all the rest

    def _take_out(self, parameter: Tensor) -> bool:
        parameter.grad = None
        if parameter in self._aside:
            return False
        self._aside[parameter] = self.optimizer.state.pop(parameter, {})
        return True

    def _bring_in(self, parameter: Tensor) -> bool:
        state = self._aside.pop(parameter, None)
        if state:
            self.optimizer.state[parameter] = state
        return state is not None

    def _forget(self, parameters: Sequence[Any]) -> None:
        """Drop the optimizer's state of some parameters: they begin anew."""
        for parameter in parameters:
            self._aside.pop(parameter, None)
            self.optimizer.state.pop(parameter, None)
        if self._recipe is not None:  # some make their state when they are built, and never again
            self.optimizer.state.update(self._recipe.over(parameters).state)
        if self.needs_closure():
            self._forget_flat_state(history=True)

    def _forget_flat_state(self, *, history: bool) -> None:
        """LBFGS flattens all parameters into one history, which fits no other set of them; a loaded one fits."""
        if history:
            self.optimizer.state.clear()
        if hasattr(self.optimizer, "_numel_cache"):
            self.optimizer._numel_cache = None

    def _name(self, named: dict[str, nn.Parameter]) -> dict[str, Tensor]:
        """Names of all members, in the model's order; what a built optimizer holds besides comes last."""
        names = {id(p): name for name, p in named.items()}
        held = {id(p): p for members in self._members for p in members}
        result: dict[str, Tensor] = {name: p for name, p in named.items() if id(p) in held}
        besides = [p for p in held.values() if id(p) not in names]
        return result | {f"<optimizer>.{index}": p for index, p in enumerate(besides)}


def trainable_kind(model: nn.Module) -> dict[str, nn.Parameter]:
    """The model's parameters that could be trained, by name: floating or complex, shared ones once."""
    return {n: p for n, p in model.named_parameters() if p.is_floating_point() or p.is_complex()}


def _has_no_shape(parameter: Any) -> bool:
    return bool(is_lazy(parameter))


def _same_options(own: dict[str, Any], other: dict[str, Any]) -> bool:
    """Were both made by the same rules? The rate may have been changed by a schedule meanwhile."""
    rate = own.get("initial_lr", own["lr"])
    apart = {"params", "lr"} | EXECUTION
    return all(own.get(key) == value for key, value in other.items() if key not in apart) and rate == other["lr"]


def _nothing_to_train(has_parameters: bool) -> TrainingError:
    if has_parameters:
        return TrainingError("no parameter of the model is trainable: all are frozen", mend="thaw a part of it")
    return TrainingError("the model has no parameters to train")
