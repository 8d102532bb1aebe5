"""Group rules: which options each parameter trains with, by path; one cascade for graphs and for training steps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeAlias, final

from attrs import evolve, frozen

from flodl_core.errors import FlodlError, TrainingError, did_you_mean, join_errors
from flodl_core.paths import is_glob, matches, resolved, select_modules, select_parameters

if TYPE_CHECKING:
    from torch import nn

Groups: TypeAlias = Mapping[str, "float | Mapping[str, Any]"]
"""Path, parameter name or glob -> a learning rate, or a table of optimizer options."""


@final
@frozen
class GroupRules:
    """A cascade: for each parameter every rule that matches applies in order, later ones win.

    >>> rules = GroupRules.parse({"*": 1e-3, "head": 1e-2, "*.bias": {"weight_decay": 0.0}})
    >>> rules.options_for("head.bias")
    {'lr': 0.01, 'weight_decay': 0.0}
    """

    rules: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    apart: tuple[str, ...] = ()

    @classmethod
    def parse(cls, groups: Groups | None, apart: tuple[str, ...] = ()) -> GroupRules:
        """Read what a person wrote.

        Args:
            apart: Paths whose parameters share no group with others: their rates will change by themselves.

        Raises:
            TrainingError: A value is neither a rate nor a table of options.
        """
        if groups is None:
            return cls(apart=apart)
        if not isinstance(groups, Mapping):
            raise TrainingError(
                f"groups maps paths to rates or options, got a {type(groups).__name__}",
                mend='groups={"encoder": 1e-4, "*.bias": {"weight_decay": 0.0}}',
            )
        return cls(tuple((pattern, _options(pattern, value)) for pattern, value in groups.items()), apart)

    def options_for(self, *names: str) -> dict[str, Any]:
        """The options of one parameter, as far as rules speak of it by any of its names."""
        merged: dict[str, Any] = {}
        for pattern, options in self.rules:
            if _names(pattern, names):
                merged.update(options)
        apart = [pattern for pattern in self.apart if _names(pattern, names)]
        return {**merged, "apart": apart} if apart else merged

    def grouped(self, named: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
        """Groups as every torch optimizer takes them: parameters of equal options together, in order of coming.

        Args:
            named: Names and parameters; a shared parameter once under each of its names.
        """
        each: dict[int, tuple[Any, list[str]]] = {}
        for name, parameter in named:
            each.setdefault(id(parameter), (parameter, []))[1].append(name)
        groups: list[dict[str, Any]] = []
        for parameter, names in each.values():
            options = self.options_for(*names)
            group = next((g for g in groups if {k: v for k, v in g.items() if k != "params"} == options), None)
            if group is None:
                group = {"params": [], **options}
                groups.append(group)
            group["params"].append(parameter)
        return groups

    def of(self, model: nn.Module) -> GroupRules:
        """The same rules in the model's own paths.

        Raises:
            PathError: One matches no parameter; with the nearest paths. All such rules together.
        """
        errors: list[FlodlError] = []
        for pattern, _ in self.rules:
            try:
                select_parameters(model, pattern)
            except FlodlError as error:
                errors.append(type(error)(f"groups: {error.what}", mend=error.mend))
        if errors:
            raise join_errors(errors)
        rules = tuple((resolved(model, pattern), options) for pattern, options in self.rules)
        return evolve(self, rules=rules, apart=tuple(resolved(model, path) for path in self.apart))

    def check_options(self, known: Mapping[str, Any], optimizer: str) -> None:
        """Every option is one of the optimizer's, and of its kind; torch looks at neither in a group.

        Args:
            known: The optimizer's options, as they are by default.

        Raises:
            TrainingError: One is not.
        """
        for pattern, options in self.rules:
            for option, value in options.items():
                if option not in known:
                    mend = did_you_mean(option, known) or f"its options are {', '.join(known)}"
                    raise TrainingError(f"groups[{pattern!r}]: {optimizer} has no option {option!r}", mend=mend)
                if option != "lr" and not _is_like(value, known[option]):
                    what = f"groups[{pattern!r}]: {optimizer} cannot take {option}={value!r}"
                    raise TrainingError(what, mend=f"something like {known[option]!r}, which it has by itself")


def layer_decay(model: nn.Module, *layers: str, lr: float, decay: float) -> dict[str, float]:
    """Rates that fall from layer to layer, from the output back to the input: a cascade to begin with.

    The last layer named gets `lr`, the one before `lr * decay`, and so on. Goes into `groups=` or
    `param_groups`, where rules after it still win: `{**layer_decay(...), "*.bias": {"weight_decay": 0.0}}`.

    Args:
        model: Whose layers are named.
        layers: Paths from the input to the output; a glob stands for the outermost modules that it
            names, in the model's order: `"encoder.layers.*"`.
        lr: Rate of the last layer, at least 0.
        decay: Factor from a layer to the one before it, above 0 and at most 1.

    Raises:
        PathError: A path names nothing.
        TrainingError: `decay` or `lr` is out of range, or a layer is named twice.

    Source: Howard and Ruder 2018 (arXiv:1801.06146), discriminative fine-tuning.

        layer_decay(net, "0", "1", "2", lr=1.0, decay=0.5)  # {"0": 0.25, "1": 0.5, "2": 1.0}
    """
    given: object = decay
    if not isinstance(given, int | float) or not 0.0 < given <= 1.0:
        raise TrainingError(f"layer_decay() needs a decay above 0 and at most 1, got {decay!r}")
    _options("*", lr)
    named = [path for layer in layers for path in _layers_at(model, layer)]
    if twice := sorted({path for path in named if named.count(path) > 1}):
        raise TrainingError(f"layer_decay() got the layer {twice[0]!r} twice")
    return {path: lr * decay**depth for depth, path in zip(range(len(named) - 1, -1, -1), named, strict=True)}


def _layers_at(model: nn.Module, layer: str) -> list[str]:
    if not is_glob(layer):
        select_parameters(model, layer)
        return [layer]
    paths = list(select_modules(model, layer))
    outermost = [path for path in paths if not any(path.startswith(f"{other}.") for other in paths)]
    modules = dict(model.named_modules())
    return [path for path in outermost if any(True for _ in modules[path].parameters())]


def _names(pattern: str, names: Iterable[str]) -> bool:
    return any(matches(name, pattern) for name in names)


def _options(pattern: str, value: Any) -> Mapping[str, Any]:
    options = dict(value) if isinstance(value, Mapping) else {"lr": value}
    if "params" in options:
        raise TrainingError(
            f"groups[{pattern!r}] has params, which the path names already", mend=f"{{{pattern!r}: {{'lr': 1e-4}}}}"
        )
    rate = options.get("lr", 0.0)
    if isinstance(rate, bool) or not isinstance(rate, Real) or not 0.0 <= float(rate) < math.inf:
        raise TrainingError(
            f"groups[{pattern!r}]: a learning rate is a number of at least 0, got {rate!r}",
            mend='a rate, or a table of options: {"lr": 1e-4, "weight_decay": 0.0}',
        )
    return options | ({"lr": float(rate)} if "lr" in options else {})


def _is_like(value: Any, default: Any) -> bool:
    """Whether an option may have a value, by what it is without: a switch, a number, several numbers.

    Below 0 only where the default is: no option of an optimizer is meant so else.
    """
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, int | float):
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        return is_number and math.isfinite(value) and (value >= 0 or default < 0)
    if isinstance(default, tuple | list):
        several = isinstance(value, tuple | list) and len(value) == len(default)
        return several and all(map(_is_like, value, default))
    return True
