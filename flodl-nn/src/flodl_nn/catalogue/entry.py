"""Short ways to write a spec: a catalogue is a table, and a table has rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flodl_core import Example, InitializerSpec, LossSpec, ModuleSpec, OptimizerSpec

from flodl_nn.catalogue.layouts import LAYOUTS


def ex(*args: Any, feed: str = "", **kwargs: Any) -> Example:
    """An example: constructor arguments, and the tensors to feed, a space between them.

    A range may follow a tensor, both ends included: `"i64[4]:0..2"`, `"f32[4,3]:0..1"`.

    >>> ex(8, 4, feed="f32[2,8]").inputs
    ('f32[2,8]',)
    """
    return Example(args=args, kwargs=kwargs, inputs=tuple(feed.split()))


def module(
    name: str,
    target: str,
    summary: str,
    category: str,
    example: Example,
    *aliases: str,
    inputs: str = "",
    outputs: str = "",
    requires: tuple[str, ...] = (),
    waives: Mapping[str, str] | None = None,
) -> ModuleSpec:
    """A module; the class's own spelling is an alias."""
    return ModuleSpec(
        name=name,
        target=_full(target, "torch.nn"),
        summary=summary,
        category=category,
        example=example,
        aliases=_aliases(name, target, aliases),
        inputs=tuple(inputs.split()),
        outputs=tuple(outputs.split()),
        requires=requires,
        layout=LAYOUTS.get(name),
        waives=waives or {},
    )


def loss(name: str, target: str, summary: str, category: str, example: Example, *aliases: str) -> LossSpec:
    """A loss; the class's own spelling and the one with `_loss` are aliases. Its oracle bears its name."""
    return LossSpec(
        name=name,
        target=_full(target, "torch.nn"),
        summary=summary,
        category=category,
        example=example,
        aliases=_aliases(name, target, (f"{name}_loss", *aliases)),
        oracle=f"flodl_nn.oracles.{category}:{name}",
    )


def optimizer(
    name: str,
    target: str,
    summary: str,
    category: str,
    example: Example,
    spelling: str,
    requires: tuple[str, ...] = (),
    waives: Mapping[str, str] | None = None,
) -> OptimizerSpec:
    """An optimizer; `spelling` is torch's class. Its oracle bears its name."""
    return OptimizerSpec(
        name=name,
        target=_full(target, "torch.optim"),
        summary=summary,
        category=category,
        example=example,
        aliases=(spelling,),
        requires=requires,
        oracle=f"flodl_nn.oracles.{category.replace(' ', '_')}:{name}",
        waives=waives or {},
    )


def initializer(
    name: str, target: str, summary: str, category: str, example: Example, *aliases: str
) -> InitializerSpec:
    """An initializer; torch's spelling with the underscore is an alias. Its oracle bears its name."""
    return InitializerSpec(
        name=name,
        target=target,
        summary=summary,
        category=category,
        example=example,
        aliases=(f"{name}_", *aliases),
        oracle=f"flodl_nn.oracles.initializers:{name}",
    )


def _full(target: str, home: str) -> str:
    return target if ":" in target else f"{home}:{target}"


def _aliases(name: str, target: str, others: tuple[str, ...]) -> tuple[str, ...]:
    spelling = target.rpartition(":")[2]
    own = () if spelling[0].islower() else (spelling,)
    return tuple(dict.fromkeys(word for word in (*own, *others) if word != name))
