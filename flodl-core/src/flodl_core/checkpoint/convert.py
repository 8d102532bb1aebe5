"""From one kind of file to another: safetensors, `.fdl`, `.fdl.gz`; and from a torch `state_dict`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import final

from attrs import fields, frozen
from torch import Tensor

from flodl_core.checkpoint.container import open_container
from flodl_core.checkpoint.fdl_file import FLODL_HASH
from flodl_core.checkpoint.info import About, CheckpointInfo, quoted
from flodl_core.checkpoint.inventory import Inventory, listed
from flodl_core.checkpoint.load import read_metadata
from flodl_core.checkpoint.place import at
from flodl_core.checkpoint.save import save_inventory
from flodl_core.checkpoint.torch_file import is_torch_file, read_torch_file
from flodl_core.errors import CheckpointError

SUFFIXES = (".safetensors", ".fdl", ".fdl.gz")


@final
@frozen(eq=False)
class Contents:
    """A file as it lies in memory: what it says, and its tensors."""

    held: Inventory
    about: About


def convert_checkpoint(
    source: str | os.PathLike[str], target: str | os.PathLike[str], *, like: str | os.PathLike[str] | None = None
) -> Contents:
    """Write what `source` holds as the kind that the name of `target` asks for.

    What a safetensors file of a graph says goes along, so that its `.fdl` is the one that the graph itself
    would write. The other way round an `.fdl` file has floDl's names alone: `like` gives it its own.

    Args:
        like: A safetensors file of the same graph: names, words and structure are taken from it.

    Raises:
        CheckpointError: `source` cannot be read, or does not fit `like`, or `target` cannot hold it.
    """
    place = os.fsdecode(target)
    if not place.endswith(SUFFIXES):
        raise CheckpointError(
            f"a file is written as {', '.join(SUFFIXES)}, by its name", where=place, mend=f"{place}.safetensors"
        )
    contents = read_contents(source)
    if like is not None:
        with at(source, "read"):
            contents = _renamed(contents, read_metadata(like))
    about = contents.about
    if not about.fdl_names and not place.endswith(".safetensors"):
        names = {name: name for name in contents.held.tensors if name not in contents.held.aliases}
        hashes = {FLODL_HASH: about.hashes[FLODL_HASH]} if FLODL_HASH in about.hashes else {}
        about = About(fdl_names=names, hashes=hashes)
    save_inventory(target, contents.held, about)
    return contents


def read_contents(path: str | os.PathLike[str]) -> Contents:
    """Everything in a file of any kind that can be read.

    Raises:
        CheckpointError: It is damaged, or none.
    """
    with at(path, "read") as source:
        if is_torch_file(source):
            return Contents(listed(read_torch_file(source)), About())
        with open_container(source) as container:
            tensors = container.tensors(entry.name for entry in container.info.entries)
            return Contents(_of(container.info, tensors), about_of(container.info))


def about_of(info: CheckpointInfo) -> About:
    """What a file says of its model."""
    return About(**{field.name: getattr(info, field.name) for field in fields(About)})


def _of(info: CheckpointInfo, tensors: Mapping[str, Tensor]) -> Inventory:
    named = {entry.name: tensors[entry.name] for entry in info.entries}
    named |= {alias: tensors[name] for alias, name in info.aliases.items()}
    return Inventory(named, dict(info.aliases), {name: name for name in named}, None)


def _renamed(contents: Contents, model: CheckpointInfo) -> Contents:
    """From floDl's names to those of a model's own file; everything must be in both."""
    if not model.fdl_names:
        raise CheckpointError(f"{quoted(str(model.path))} has no floDl names", mend="save the graph there again")
    hashes = contents.about.hashes
    if FLODL_HASH in hashes and hashes[FLODL_HASH] != model.hashes.get(FLODL_HASH):
        raise CheckpointError(f"it is of another graph than {quoted(str(model.path))}: their floDl hashes differ")
    forms = {entry.name: entry.form for entry in model.entries}
    forms |= {alias: forms[name] for alias, name in model.aliases.items()}
    own = {name: key for name, key in model.fdl_names.items() if name in contents.held.tensors}
    strange = [name for name in contents.held.tensors if name not in own]
    missing = [name for name in model.fdl_names if name not in own]
    if strange or missing:
        raise CheckpointError(f"{quoted((strange or missing)[0])} is not in both files")
    tensors = {own[name]: tensor for name, tensor in contents.held.tensors.items()}
    unfit = [name for name in tensors if Inventory(tensors, {}, {}, None).form(name) != forms[name]]
    if unfit:
        raise CheckpointError(f"{quoted(unfit[0])} has another type or shape in {quoted(str(model.path))}")
    return Contents(Inventory(tensors, {}, {name: name for name in tensors}, None), about_of(model))
