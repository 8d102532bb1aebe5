"""What a component is before anything is imported: frozen data with a string target.

A plugin yields specs; the host attaches their `Origin`; together they are a `Component`, which
imports its target the first time it is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, final

from attrs import Attribute, field, frozen

from flodl_core.errors import ComponentError

NAME = re.compile(r"[a-z][a-z0-9_]*")
TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ComponentError(f"a tuple of strings is due, got the string {value!r}", mend=f"write ({value!r},)")
    return tuple(value)


def _arguments(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(values)


def _options(values: Mapping[str, Any]) -> dict[str, Any]:
    return dict(values)


def _fits(pattern: re.Pattern[str], rule: str) -> Any:
    def check(spec: object, attribute: Attribute[Any], value: Any) -> None:
        words = value if isinstance(value, tuple) else (value,)
        for word in words:
            if not isinstance(word, str) or not pattern.fullmatch(word):
                raise ComponentError(f"{type(spec).__name__}.{attribute.name} {rule}, got {word!r}")

    return check


def _says_something(spec: object, attribute: Attribute[Any], value: Any) -> None:
    if not isinstance(value, str) or not value.strip() or "\n" in value:
        raise ComponentError(f"{type(spec).__name__}.{attribute.name} is one line for lists and help, got {value!r}")


@final
@frozen(kw_only=True)
class Example:
    """How to make one and what to feed it: shown to people, and run by the contract suites.

    Args:
        args: Positional arguments of the factory.
        kwargs: Keyword arguments of the factory.
        inputs: Tensors to call the product with, as `"f32[4,8]"`, `"i64[4]"`.
    """

    args: tuple[Any, ...] = field(default=(), converter=_arguments)
    kwargs: Mapping[str, Any] = field(factory=dict, converter=_options)
    inputs: tuple[str, ...] = field(default=(), converter=_names)


@frozen(kw_only=True)
class ComponentSpec:
    """One component, declared. Nothing is imported until it is used.

    Args:
        name: Lower case words joined by `_`; torch.nn.functional's spelling where it has one.
        target: `"package.module:attribute"`, a factory; imported on first use.
        summary: One line, shown in lists.
        category: Groups long lists: `"activation"`, `"convolution"`.
        aliases: Other names it answers to.
        example: Arguments that make one, and inputs that it takes.
        requires: Distributions it needs, as PEP 508 strings (`"scipy>=1.11"`), looked at before the import.
        requires_api: The least `flodl_core.API_VERSION` it works with.
        deprecated: What to use instead; the name then warns once and leaves the default lists.

    Raises:
        ComponentError: A field has the wrong form.
    """

    kind: ClassVar[str] = ""

    name: str = field(validator=_fits(NAME, "is lower case letters, digits and _, a letter first"))
    target: str = field(validator=_fits(TARGET, 'reads "package.module:attribute"'))
    summary: str = field(validator=_says_something)
    category: str = ""
    aliases: tuple[str, ...] = field(
        default=(), converter=_names, validator=_fits(re.compile(r"[A-Za-z][A-Za-z0-9_]*"), "are identifiers")
    )
    example: Example | None = None
    requires: tuple[str, ...] = field(default=(), converter=_names)
    requires_api: int = 1
    deprecated: str | None = None


@final
@frozen(kw_only=True)
class ModuleSpec(ComponentSpec):
    """A `torch.nn.Module`: its product is called `f(stream, **refs)`.

    Args:
        inputs: Names of `forward`'s parameters, the stream first; empty: read from its signature.
        outputs: Names of what `forward` returns, the stream first; empty: one value.
    """

    kind: ClassVar[str] = "module"

    inputs: tuple[str, ...] = field(default=(), converter=_names)
    outputs: tuple[str, ...] = field(default=(), converter=_names)


@final
class LossSpec(ComponentSpec):
    """A loss: its product is called `f(*outputs, *targets)`."""

    kind = "loss"


@final
class OptimizerSpec(ComponentSpec):
    """An optimizer: the target is called `f(params, ...)` and returns a `torch.optim.Optimizer`."""

    kind = "optimizer"


@final
class SchedulerSpec(ComponentSpec):
    """A schedule: the target returns one, a pure function of the optimizer step."""

    kind = "scheduler"


@final
class MergeOpSpec(ComponentSpec):
    """A way to join branches: its product is called `f(*values)`."""

    kind = "merge_op"


@final
class SinkSpec(ComponentSpec):
    """Where a monitor's records go: its product has `emit(record)` and `close()`."""

    kind = "sink"


@final
class InitializerSpec(ComponentSpec):
    """A way to fill a parameter in place: its product is called `f(tensor)`."""

    kind = "initializer"


@final
class OpSpec(ComponentSpec):
    """A function of tensors: the target returns it."""

    kind = "op"


@final
class WordSpec(ComponentSpec):
    """A word of the graph builder: the target is a node class whose `from_words` is its schema."""

    kind = "word"


@final
class DatasetSpec(ComponentSpec):
    """A source of data: its product is a map-style data set whose items are tuples of tensors."""

    kind = "dataset"


@final
class ProbeSpec(ComponentSpec):
    """A meter of the machine: its product has `sample()` and `close()`."""

    kind = "probe"


@final
class CommandSpec(ComponentSpec):
    """A command of `flodl`: the target is a `click.Command`."""

    kind = "command"


KINDS: Mapping[str, type[ComponentSpec]] = {
    spec.kind: spec
    for spec in (
        ModuleSpec,
        LossSpec,
        OptimizerSpec,
        SchedulerSpec,
        MergeOpSpec,
        SinkSpec,
        InitializerSpec,
        OpSpec,
        WordSpec,
        DatasetSpec,
        ProbeSpec,
        CommandSpec,
    )
}
"""Every kind of component, by its singular name."""
