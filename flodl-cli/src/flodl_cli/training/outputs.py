"""The files a run will write, tried before it begins: an hour of training must not end at a full disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import final

from attrs import field, frozen
from flodl_core.errors import CheckpointError, ExperimentError
from flodl_core.reference import Ref
from flodl_core.registry import components
from flodl_graph import Graph

from flodl_cli.experiment.schema import Experiment

_SLACK = 1 << 16


@final
@frozen
class Output:
    """A file to be written.

    Args:
        name: What it is.
        path: As the experiment says it.
        size: Bytes it will take, about.
        folder: Whether it is a folder.
    """

    name: str
    path: str
    size: int = 0
    folder: bool = False
    real: Path = field(init=False)

    @real.default
    def _find(self) -> Path:
        return _real(self.path)


def outputs_of(experiment: Experiment, model: Graph, sinks: Sequence[Ref]) -> Iterator[Output]:
    """The files that a run will write: the checkpoint first, if there is to be one, then those of its sinks."""
    if experiment.checkpoint is not None:
        size = sum(tensor.nbytes for tensor in model.state_dict().values())
        yield Output("checkpoint", experiment.checkpoint.path, size)
    for sink in sinks:
        component = components.find("sink", sink.name)
        path = component.bind(*sink.args, **sink.kwargs).arguments.get("path")
        if isinstance(path, str):
            yield Output(component.name, path)


def folders_of(experiment: Experiment) -> Iterator[Output]:
    """The folder that a run will fill, if there is one."""
    if experiment.checkpoint is not None and experiment.checkpoint.folder is not None:
        yield Output("training states", experiment.checkpoint.folder, folder=True)


def try_outputs(outputs: Sequence[Output], experiment: str) -> None:
    """Make the folders, and see that each file can be written and has room. Touches no existing file.

    Args:
        experiment: The experiment file, which none of them may replace.

    Raises:
        ExperimentError: Two outputs are the same file, or one is the experiment itself.
        CheckpointError: A folder cannot be made or written, or the disk is too full.
    """
    taken = {_real(experiment): "the experiment file"}
    for output in outputs:
        if output.real in taken:
            raise ExperimentError(
                f"the {output.name} would replace {taken[output.real]}",
                where=output.path,
                mend="give each its own path",
            )
        taken[output.real] = f"the {output.name}"
    for output in outputs:
        _try(output)


def _try(output: Output) -> None:
    if output.real.is_dir() and not output.folder:
        raise CheckpointError(
            f"the {output.name} is a file, and this is a folder", where=output.path, mend="name a file in it"
        )
    if output.folder and output.real.exists() and not output.real.is_dir():
        raise CheckpointError(
            f"the {output.name} go to a folder, and this is a file", where=output.path, mend="name a folder"
        )
    try:
        output.real.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output.real.parent) as probe:
            _reserve(probe.fileno(), output.size + _SLACK)
    except OSError as error:
        raise CheckpointError(
            f"the {output.name} cannot be written: {error.strerror or error}",
            where=output.path,
            mend=f"make room for {(output.size + _SLACK) / 2**20:.1f} MiB, change the rights, or choose another path",
        ) from None


def _real(path: str | os.PathLike[str]) -> Path:
    return Path(os.path.realpath(os.path.expanduser(path)))


def _reserve(descriptor: int, size: int) -> None:
    """Take the room for real: a quota shows only then."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    for _ in range(0, size, 1 << 20):
        os.write(descriptor, bytes(1 << 20))
