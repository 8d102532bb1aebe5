"""What a module holds that a checkpoint keeps: its `state_dict`, shared tensors found, names made plain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, final

import torch
from attrs import evolve, frozen
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from flodl_core.checkpoint.dtypes import DTYPE_NAMES
from flodl_core.checkpoint.info import form, quoted
from flodl_core.errors import CheckpointError

_COMPILED = "_orig_mod."  # what torch.compile puts into the names of the module that it wraps


@final
@frozen(eq=False)
class Inventory:
    """A module's tensors under the names that a file gives them.

    Args:
        tensors: Name to live tensor: parameters and persistent buffers, shared ones under each of their names.
        aliases: Further name of a shared tensor to its first.
        keys: Name to the module's own key; they differ inside `torch.compile`.
        versions: What the module's `load_state_dict` wants to know of its parts.
    """

    tensors: Mapping[str, Tensor]
    aliases: Mapping[str, str]
    keys: Mapping[str, str]
    versions: object

    def first(self, name: str) -> str:
        """The name under which a shared tensor is kept."""
        return self.aliases.get(name, name)

    def form(self, name: str) -> str:
        """Type and shape, as `"f32[16,2]"`."""
        tensor = self.tensors[name]
        return form(DTYPE_NAMES[tensor.dtype], tuple(tensor.shape))


def inventory(module: nn.Module) -> Inventory:
    """List what is to be kept of a module.

    Raises:
        CheckpointError: Something in it has no values, or no form that a file can hold.
    """
    tensors: dict[str, Tensor] = {}
    keys: dict[str, str] = {}
    state = module.state_dict(keep_vars=True)
    for key, value in state.items():
        name = plain_name(key)
        if name in tensors:
            raise CheckpointError(f"the module has {quoted(name)} twice, compiled and not")
        tensors[name], keys[name] = _storable(name, value), key
    return Inventory(tensors, dict(_aliases(tensors)), keys, getattr(state, "_metadata", {}))


def listed(tensors: Mapping[str, Tensor]) -> Inventory:
    """The same of a table of tensors, as files of other tools hold them."""
    named = {name: _storable(name, tensor) for name, tensor in tensors.items()}
    return Inventory(named, dict(_aliases(named)), {name: name for name in named}, None)


def plain_name(name: str) -> str:
    """A name without what torch.compile put into it."""
    return name.replace(_COMPILED, "")


def snapshot(held: Inventory) -> Inventory:
    """A copy on the CPU that shares no memory with the module: what the module does next does not reach it."""
    copies = {
        name: tensor.detach().to("cpu", copy=True) for name, tensor in held.tensors.items() if name not in held.aliases
    }
    return evolve(held, tensors={name: copies[held.first(name)] for name in held.tensors})


def _storable(name: str, value: Any) -> Tensor:
    def fault(reason: str, mend: str | None = None) -> CheckpointError:
        return CheckpointError(f"entry {quoted(name)}: {reason}", mend=mend)

    if not isinstance(value, Tensor):
        mend = "let get_extra_state() return a tensor, or keep it out of the state_dict"
        raise fault(f"a {type(value).__name__} is no tensor", mend)
    if is_lazy(value):
        raise fault("it has no shape yet", "run one batch through the module first")
    if value.is_meta:
        raise fault("a tensor on the meta device has no values", "move the module with to_empty() and fill it")
    if value.layout is not torch.strided or value.is_quantized:
        raise fault(f"only dense tensors can be kept, this is {value.layout}, {value.dtype}")
    if value.dtype not in DTYPE_NAMES:
        raise fault(
            f"safetensors has no name for {value.dtype}", "convert it to one of: " + ", ".join(DTYPE_NAMES.values())
        )
    try:
        name.encode()
    except UnicodeEncodeError:
        raise fault("its name is no text") from None
    if name == "__metadata__":
        raise fault("this name is taken by the format")
    return value


def _aliases(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, str]]:
    """Each further name of a tensor with the first name of the same."""
    seen: dict[object, str] = {}
    for name, tensor in tensors.items():
        first = seen.setdefault(_identity(tensor), name)
        if first != name:
            yield name, first


def _identity(tensor: Tensor) -> object:
    """Equal for tensors that are the same memory, seen the same way."""
    if not tensor.numel():
        return id(tensor)
    return (
        tensor.device,
        tensor.untyped_storage().data_ptr(),
        tensor.storage_offset(),
        tensor.stride(),
        tuple(tensor.shape),
        tensor.dtype,
        tensor.is_conj(),
        tensor.is_neg(),
    )
