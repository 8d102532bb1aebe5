"""Group rules: which options each parameter trains with, kept as rules and read again when parts change."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias, final

from attrs import frozen
from flodl_core import FlodlError, TrainingError
from flodl_core.errors import did_you_mean, join_errors
from flodl_core.paths import matches, select_parameters
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

    def options_for(self, name: str) -> dict[str, Any]:
        """The options of one parameter, as far as rules speak of it."""
        merged: dict[str, Any] = {}
        for pattern, options in self.rules:
            if matches(name, pattern):
                merged.update(options)
        apart = [pattern for pattern in self.apart if matches(name, pattern)]
        return {**merged, "apart": apart} if apart else merged

    def check_paths(self, model: nn.Module) -> None:
        """Every rule speaks of something.

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

    def check_options(self, known: Mapping[str, Any], optimizer: str) -> None:
        """Every option is one of the optimizer's; torch would take any key and never read it.

        Raises:
            TrainingError: One is not.
        """
        for pattern, options in self.rules:
            for option in options:
                if option not in known:
                    mend = did_you_mean(option, known) or f"its options are {', '.join(known)}"
                    raise TrainingError(f"groups[{pattern!r}]: {optimizer} has no option {option!r}", mend=mend)


def _options(pattern: str, value: Any) -> Mapping[str, Any]:
    options = dict(value) if isinstance(value, Mapping) else {"lr": value}
    rate = options.get("lr", 0.0)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0.0 <= rate < math.inf:
        raise TrainingError(
            f"groups[{pattern!r}]: a learning rate is a number of at least 0, got {rate!r}",
            mend='a rate, or a table of options: {"lr": 1e-4, "weight_decay": 0.0}',
        )
    return options
