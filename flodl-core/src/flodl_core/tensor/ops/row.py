"""One row of the table: how a function of torch is called, and what a list says of it."""

from __future__ import annotations

from typing import final

from attrs import frozen

from flodl_core.component import Example, OpSpec

HOMES = {"torch": "torch", "F": "torch.nn.functional", "Tensor": "torch:Tensor", "linalg": "torch.linalg"}
"""Where rows find functions, by the short word that they use."""


@final
@frozen
class Row:
    """A function of torch as an op.

    Args:
        call: How it is called, written as Python does. What stands before `/` or after one star are tensors,
            the stream first; a tensor annotated `Number` may be given as a number beforehand, as an option.
            Tensors after a star go to the function as one tuple, and so do those annotated with the name of
            the parameter that takes them together (`h: hx, c: hx`). The rest are options.
        function: `"module:attribute"`.
        spec: The declaration.
    """

    call: str
    function: str
    spec: OpSpec


def row(
    call: str,
    feed: str,
    summary: str,
    *aliases: str,
    category: str,
    of: str = "torch",
    outputs: str = "",
    differentiable: bool = True,
    **options: object,
) -> Row:
    """A row.

    Args:
        call: See `Row`; `softmax(input, /, *, dim: int)`.
        feed: Tensors of the example, a space between them.
        of: Where the function is: `"F"`, or with its name there, where that is another: `"linalg.vector_norm"`.
        outputs: Names of what it returns, where that is more than one tensor.
        options: The example's options.
    """
    name, _, rest = call.partition("(")
    home, _, attribute = of.partition(".")
    function = f"{HOMES[home]}{'.' if ':' in HOMES[home] else ':'}{attribute or name}"
    spec = OpSpec(
        name=name,
        target=f"flodl_core.tensor.ops.factories:{name}",
        summary=summary,
        category=category,
        aliases=aliases,
        example=Example(kwargs=options, inputs=tuple(feed.split())),
        inputs=_tensors(rest),
        outputs=tuple(outputs.split()),
        differentiable=differentiable,
        function=function,
    )
    return Row(call, function, spec)


def _tensors(parameters: str) -> tuple[str, ...]:
    """Names of the tensors among the parameters of a call; a star before what takes any number."""
    before, slash, after = parameters.rpartition("/")
    words = [word.strip() for word in (before if slash else "").split(",")]
    starred = [word.strip() for word in after.rstrip(")").split(",")]
    words += [word for word in starred if word.startswith("*") and word != "*"]
    return tuple(word.partition(":")[0].partition("=")[0].strip() for word in words if word)
