"""The arguments of one call, as tensors to be copied and a signature that says when a recording fits."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from enum import Enum
from typing import Any, Final, final

import torch
from attrs import frozen
from torch import Tensor
from torch.utils import _pytree as pytree

from flodl_core.capture.refusal import Refusal


class AbstractStanding:
    """An argument that a recording reads where it is, call after call: tensors that nobody copies in.

    Another object is another signature; the one that was recorded is not kept alive, since no replay
    happens without it.
    """

    def __init__(self) -> None:
        self.token = object()
        """Stands for it in signatures."""


_LEAVES: Final = (Tensor, Enum, bool, AbstractStanding)


@final
@frozen(eq=False)
class Batch:
    """A call's arguments, taken apart.

    Args:
        tensors: In order, each once.
        signature: Everything else, each tensor's shape, strides, type, and which of them are the same.
    """

    tensors: tuple[Tensor, ...]
    signature: Hashable
    _leaves: tuple[Any, ...]
    _spec: Any

    @classmethod
    def read(cls, args: tuple[Any, ...], kwargs: Mapping[str, Any], device: torch.device) -> Batch:
        """Take a call apart.

        Raises:
            Refusal: A tensor is elsewhere, or an argument cannot be compared with that of another call.
        """
        if not kwargs and all(isinstance(value, _LEAVES) for value in args):
            leaves, spec = args, None  # the usual batch, without a walk
        else:
            flat, spec = pytree.tree_flatten((args, dict(kwargs)))
            leaves = tuple(flat)
        tensors, same = _each_once([leaf for leaf in leaves if isinstance(leaf, Tensor)])
        signature = (spec, same, *[_described(leaf, device) for leaf in leaves])
        try:
            hash(signature)
        except TypeError:
            odd = [leaf for leaf in leaves if not isinstance(leaf, Tensor) and not _hashable(leaf)]
            if odd:
                what = f"a {type(odd[0]).__name__} among the arguments cannot be told from another"
                raise Refusal(what) from None
            signature = (repr(spec), *signature[1:])  # an older torch's tree with a dict in it has no hash
        return cls(tensors, signature, leaves, spec)

    def with_tensors(self, tensors: Sequence[Tensor]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The same call with others in place of its tensors."""
        others = {id(own): other for own, other in zip(self.tensors, tensors, strict=True)}
        leaves = [others[id(leaf)] if isinstance(leaf, Tensor) else leaf for leaf in self._leaves]
        if self._spec is None:
            return tuple(leaves), {}
        args, kwargs = pytree.tree_unflatten(leaves, self._spec)
        return args, kwargs

    def text(self) -> str:
        """For people: `float32[64,4] int64[64]`."""
        return " ".join(filter(None, map(_text, self._leaves)))


def _each_once(tensors: Sequence[Tensor]) -> tuple[tuple[Tensor, ...], Hashable]:
    """The tensors without repetitions, as of inputs that are their own targets; and, with any, which is which."""
    once = {id(tensor): tensor for tensor in tensors}
    if len(once) == len(tensors):
        return tuple(tensors), None
    order = list(once)
    return tuple(once.values()), tuple(order.index(id(tensor)) for tensor in tensors)


def _described(leaf: Any, device: torch.device) -> Hashable:
    if isinstance(leaf, AbstractStanding):
        return leaf.token
    if not isinstance(leaf, Tensor):
        return type(leaf), leaf
    if leaf.device != device:
        raise Refusal(f"a tensor of the batch is on {leaf.device}, and the model on {device}")
    return leaf.shape, leaf.stride(), leaf.dtype, leaf.requires_grad


def _hashable(leaf: Any) -> bool:
    try:
        hash(leaf)
    except TypeError:
        return False
    return True


def _text(leaf: Any) -> str:
    if not isinstance(leaf, Tensor):
        return repr(leaf)
    return f"{str(leaf.dtype).removeprefix('torch.')}[{','.join(map(str, leaf.shape))}]"


def tensors_of(result: Any) -> list[Tensor]:
    """Every tensor in what a step returned."""
    return [leaf for leaf in pytree.tree_leaves(result) if isinstance(leaf, Tensor)]
