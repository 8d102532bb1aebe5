"""What a component is before anything is imported: frozen data with a string target.

A plugin yields specs; the host attaches their `Origin`; together they are a `Component`, which
imports its target the first time it is used.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, final

from attrs import Attribute, field, frozen

from flodl_core.errors import ComponentError
from flodl_core.guard import shown
from flodl_core.layout import Layout
from flodl_core.reference import FrozenTable, freeze_arguments, freeze_options

NAME = re.compile(r"[a-z][a-z0-9_]*")
ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


LONGEST = 64
"""Characters that a name may have: lists are read by people."""


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ComponentError(f"a tuple of strings is due, got the string {shown(value)}", mend=f"write ({value!r},)")
    names = tuple(value) if isinstance(value, Iterable) else (value,)
    if not all(isinstance(name, str) for name in names):
        raise ComponentError(f"a tuple of strings is due, got {shown(value)}")
    return names


def _fits(pattern: re.Pattern[str], rule: str) -> Any:
    def check(spec: object, attribute: Attribute[Any], value: Any) -> None:
        words = value if isinstance(value, tuple) else (value,)
        for word in words:
            if not isinstance(word, str) or not pattern.fullmatch(word):
                raise _unfit(spec, attribute, rule, word)
            if pattern is not TARGET and len(word) > LONGEST:
                raise _unfit(spec, attribute, f"has {LONGEST} characters at most", word)

    return check


def _says_something(spec: object, attribute: Attribute[Any], value: Any) -> None:
    if isinstance(value, str) and value.isprintable() and value.strip():  # nearly all, without a look at each letter
        return
    if not isinstance(value, str) or not value.strip() or any(map(_controls, value)):
        raise _unfit(spec, attribute, "is one line for lists and help", value)


def _controls(character: str) -> bool:
    """Line breaks, and what could rewrite a terminal."""
    return unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs")


def _one_of(*types: type, rule: str) -> Any:
    def check(spec: object, attribute: Attribute[Any], value: Any) -> None:
        if type(value) not in types:
            raise _unfit(spec, attribute, rule, value)

    return check


def _deprecation(spec: object, attribute: Attribute[Any], value: Any) -> None:
    if value is not None:
        _says_something(spec, attribute, value)


def _oracle(spec: object, attribute: Attribute[Any], value: Any) -> None:
    if value is not None and not (isinstance(value, str) and TARGET.fullmatch(value)):
        raise _unfit(spec, attribute, 'reads "package.module:attribute"', value)


def _unfit(spec: object, attribute: Attribute[Any], rule: str, value: object) -> ComponentError:
    return ComponentError(f"{type(spec).__name__}.{attribute.name} {rule}, got {shown(value)}")


@final
@frozen(kw_only=True)
class Example:
    """How to make one and what to feed it: shown to people, and run by the contract suites.

    Frozen through and through: lists become tuples, tables cannot be changed.

    Args:
        args: Positional arguments of the factory.
        kwargs: Keyword arguments of the factory.
        inputs: Tensors to call the product with, as `"f32[4,8]"`, `"i64[4]"`. What they hold may follow:
            a range, both ends included (`"i64[4]:0..2"`, `"f32[4,3]:0..1"`); some values, as labels are
            (`"f32[4]:-1,1"`); `probs` or `log_probs` along the last dimension; `distinct` whole numbers
            from 0. Default: a bell curve, or whole numbers 0 and 1.
        files: Small text files that the arguments name, by relative path: the example runs beside them.
    """

    args: tuple[Any, ...] = field(default=(), converter=freeze_arguments)
    kwargs: Mapping[str, Any] = field(factory=FrozenTable, converter=freeze_options)
    inputs: tuple[str, ...] = field(default=(), converter=_names)
    files: Mapping[str, str] = field(factory=FrozenTable, converter=freeze_options)


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
        deprecated: What to use instead, and the version without it: `"use silu; gone in 0.3"`. The name then warns
            once and leaves the default lists.
        oracle: `"package.module:attribute"`, the same thing computed independently in float64 numpy, with
            which `flodl exercise` compares; imported only then. `flodl_core.testing` says what it is called with.
        waives: Checks of `flodl exercise` that it does not pass, and cannot, each with the reason: it is shown, and
            the check must really fail. One that holds for some versions begins with them: `"torch<2.13: ..."`.

    Raises:
        ComponentError: A field has the wrong form.
    """

    kind: ClassVar[str] = ""

    name: str = field(validator=_fits(NAME, "is lower case letters, digits and _, a letter first"))
    target: str = field(validator=_fits(TARGET, 'reads "package.module:attribute"'))
    summary: str = field(validator=_says_something)
    category: str = field(default="", validator=_one_of(str, rule="is a word"))
    aliases: tuple[str, ...] = field(
        default=(), converter=_names, validator=_fits(ALIAS, "are letters, digits and _, a letter first")
    )
    example: Example | None = field(default=None, validator=_one_of(Example, type(None), rule="is an Example"))
    requires: tuple[str, ...] = field(default=(), converter=_names)
    requires_api: int = field(default=1, validator=_one_of(int, rule="is a whole number"))
    deprecated: str | None = field(default=None, validator=_deprecation)
    oracle: str | None = field(default=None, validator=_oracle)
    waives: Mapping[str, str] = field(factory=FrozenTable, converter=freeze_options)


@final
@frozen(kw_only=True)
class ModuleSpec(ComponentSpec):
    """A `torch.nn.Module`: its product is called `f(stream, **refs)`.

    Args:
        inputs: Names of `forward`'s parameters, the stream first; empty: read from its signature.
        outputs: Names of what `forward` returns, the stream first; empty: one value.
        layout: Which module of the Rust framework floDl it is: its files then hold this one, too.
    """

    kind: ClassVar[str] = "module"

    inputs: tuple[str, ...] = field(default=(), converter=_names)
    outputs: tuple[str, ...] = field(default=(), converter=_names)
    layout: Layout | None = field(default=None, validator=_one_of(Layout, type(None), rule="is a Layout"))


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
@frozen(kw_only=True)
class OpSpec(ComponentSpec):
    """A function of tensors: the target takes its options, and returns it with these bound.

    Args:
        inputs: Names of the tensors it takes, the stream first, a star before what takes any number;
            empty: read from its signature.
        outputs: Names of what it returns, the stream first; empty: one value.
        differentiable: Whether gradients flow from all that it returns to every floating input, as finite
            differences say.
        function: What it calls, as `"torch:softmax"`, where that is not its own.
    """

    kind: ClassVar[str] = "op"

    inputs: tuple[str, ...] = field(default=(), converter=_names)
    outputs: tuple[str, ...] = field(default=(), converter=_names)
    differentiable: bool = field(default=True, validator=_one_of(bool, rule="is True or False"))
    function: str = field(default="", validator=_one_of(str, rule='reads "package.module:attribute"'))


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
