"""A model from a file alone: built from the words in it, then filled. All or nothing.

What a file may do is bounded: its words name components that installed distributions registered, nothing else; and
the model is made without memory first, so that words which ask for more than the file holds are refused.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import Any, final

import torch
from flodl_core import CheckpointError, FlodlError, Ref, UnknownComponent, components
from flodl_core.checkpoint import CheckpointInfo, read_metadata
from flodl_core.checkpoint.dtypes import DTYPES
from flodl_core.checkpoint.info import quoted
from flodl_core.checkpoint.place import at
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from flodl_graph.builder import FlowBuilder
from flodl_graph.graph import Graph
from flodl_graph.ir.steps import Flow, Word

_MOST_CHARACTERS = 1 << 20  # a thousand nodes take 60,000
_LARGEST_NUMBER = 1 << 20  # unless the file holds larger tensors
_SPARE_BYTES = 64 << 20  # for what a model computes by itself and no file keeps, such as tables of positions
_SPARE_PARAMETERS = 1000


@final
class _TooMany(BaseException):
    """More parameters than the file holds. No Exception: nothing on the way may take it for a module's own error."""


def load(path: str | PathLike[str]) -> Graph:
    """Build the model that a file holds, and fill it: `flodl.load("model.safetensors")`.

    Works for files that `Graph.save_checkpoint` wrote of a graph built from names, refs and flows. Nothing in
    the file is imported or called but what its words name and an installed distribution registered.

    Raises:
        CheckpointError: It holds no words, or they make no model; a distribution is missing that the model
            was built with; it is damaged.
    """
    info = read_metadata(path)
    with at(path, "read"), torch.random.fork_rng(devices=[]):
        graph = _built(_words(info), info)
    graph.load_checkpoint(path)
    return graph


def _words(info: CheckpointInfo) -> str:
    if info.words is None:
        reason = "it holds no words" if info.format == "safetensors" else "an .fdl file holds tensors alone"
        raise CheckpointError(
            f"it does not say how its model is built: {reason}",
            mend="build the model as before and call its load_checkpoint(path); words are kept of graphs that were "
            "built from names, refs and flows, without live objects",
        )
    if len(info.words) > _MOST_CHARACTERS:
        raise CheckpointError(
            f"its words have {len(info.words):,} characters, more than {_MOST_CHARACTERS:,} are not read"
        )
    return info.words


def _built(words: str, info: CheckpointInfo) -> Graph:
    """The model, empty; made on the meta device first, where tensors have shapes and no memory."""
    try:
        builder = FlowBuilder.from_toml(words, "the words of the file")
        _check_numbers(builder.flow(), info)
        with _counted_parameters(_SPARE_PARAMETERS + 4 * len(info.names)):
            _check_memory(_rehearsed(builder), info)
            return _typed(builder.build(), info)
    except RecursionError:
        raise CheckpointError("its words are nested too deeply") from None
    except _TooMany:
        raise CheckpointError("its words make more parameters than it holds") from None
    except CheckpointError:
        raise
    except FlodlError as error:
        raise _unbuildable(error, info) from error


def _rehearsed(builder: FlowBuilder) -> Graph | None:
    """The model without memory; None where a module cannot be made so."""
    try:
        with torch.device("meta"):
            return builder.build()
    except FlodlError as error:
        if any(isinstance(part.__cause__, NotImplementedError | RuntimeError) for part in error.parts):
            return None
        raise


def _check_numbers(flow: Flow, info: CheckpointInfo) -> None:
    """A number that counts modules must not keep the machine busy for ever; sizes are those of the file's tensors."""
    most = max(_LARGEST_NUMBER, *(entry.elements for entry in info.entries), 0)
    for number in _numbers(flow):
        if abs(number) > most:
            raise CheckpointError(f"its words hold the number {number:,}, larger than any tensor in it")


def _numbers(value: Any) -> Iterator[int]:
    match value:
        case bool():
            return
        case int():
            yield value
        case Ref() | Word():
            yield from _numbers([*value.args, *value.kwargs.values()])
        case Flow():
            yield from _numbers(value.steps)
        case dict():
            yield from _numbers([*value.values()])
        case list() | tuple():
            for item in value:
                yield from _numbers(item)


@contextmanager
def _counted_parameters(most: int) -> Iterator[None]:
    """Stop a build in this thread that makes more parameters than that."""
    thread, made = threading.get_ident(), 0

    def count(module: nn.Module, name: str, parameter: nn.Parameter) -> None:
        nonlocal made
        if threading.get_ident() == thread:
            made += 1
            if made > most:
                raise _TooMany

    handle = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        handle.remove()


def _typed(graph: Graph, info: CheckpointInfo) -> Graph:
    """The model in the types of the file: words do not tell that it was made half or double as a whole, or in part."""
    types = {entry.name: DTYPES[entry.dtype] for entry in info.entries}
    types |= {alias: types[name] for alias, name in info.aliases.items()}
    floating = {dtype for dtype in types.values() if dtype.is_floating_point}
    if len(floating) == 1:
        (dtype,) = floating
        return graph.to(dtype)  # with what no file keeps
    for name, tensor in graph.state_dict(keep_vars=True).items():
        if tensor.is_floating_point() and types.get(name) in floating:
            tensor.data = tensor.data.to(types[name])
    return graph


def _check_memory(rehearsal: Graph | None, info: CheckpointInfo) -> None:
    """What the words ask for is what the file holds, and little besides."""
    if rehearsal is not None:
        _typed(rehearsal, info)
        tensors = {id(tensor): tensor for tensor in (*rehearsal.parameters(), *rehearsal.buffers())}
        needed = sum(tensor.nbytes for tensor in tensors.values())
        if needed > info.size + _SPARE_BYTES:
            raise CheckpointError(f"its words make a model of {needed:,} bytes, it holds {info.size:,}")


def _unbuildable(error: FlodlError, info: CheckpointInfo) -> CheckpointError:
    """Why the words make no model; a component that is missing is traced to the distribution that had it."""
    missing = {name: origin for name, origin in info.origins.items() if _is_missing(name)}
    if missing:
        said = ", ".join(f"{quoted(name.partition(':')[2])} of {quoted(origin)}" for name, origin in missing.items())
        distributions = sorted({origin.partition(" ")[0] for origin in missing.values()})
        return CheckpointError(
            f"its model was built with what is not installed, or not loaded: {said}",
            mend=f"pip install {' '.join(map(_plain, distributions))}; flodl plugins shows what is loaded",
        )
    lines = [part.what.splitlines()[0] for part in error.parts[:5]]
    return CheckpointError("\n".join(["its words make no model:", *(f"  {line}" for line in lines)]))


def _is_missing(name: str) -> bool:
    kind, _, bare = name.partition(":")
    try:
        components.find(kind, bare)
    except UnknownComponent:
        return True
    except FlodlError:  # told by the build already
        return False
    return False


def _plain(distribution: str) -> str:
    """A distribution's name for a command line that people copy: what is none is shown as it is not one."""
    return distribution if distribution.replace("-", "").replace("_", "").replace(".", "").isalnum() else "..."
