"""Parameters and buffers to files and back."""

from __future__ import annotations

from os import PathLike

from flodl_core.checkpoint import LoadReport, load_checkpoint, save_checkpoint
from flodl_core.paths import select_modules

from flodl_graph.abilities.family import AbstractFamily
from flodl_graph.text.toml import words_of


class AbstractSaved(AbstractFamily):
    """A graph that is written to files, whole or by part."""

    def save_checkpoint(self, path: str | PathLike[str]) -> None:
        """Write parameters and buffers to one safetensors file, atomically.

        The graph's words go along, as TOML, when all of them can be written down.

        Raises:
            CheckpointError: It cannot be written; what was there before is untouched.
        """
        save_checkpoint(path, self, words=words_of(self.ir.flow))

    def load_checkpoint(self, path: str | PathLike[str], *, partial: bool = False) -> LoadReport:
        """Read parameters and buffers from a file that `save_checkpoint` wrote.

        Args:
            partial: Load what matches, and report the rest.

        Raises:
            CheckpointError: It does not fit or is damaged; nothing has changed.
        """
        return load_checkpoint(path, self, partial=partial)

    def load_subgraph_checkpoint(self, path: str, file: str | PathLike[str], *, partial: bool = False) -> LoadReport:
        """Read a part's parameters and buffers from a file that the part, trained alone, was saved to.

        Args:
            path: Dotted path of the part.
            partial: Load what matches, and report the rest.

        Raises:
            PathError: There is no such part; with the nearest.
            CheckpointError: The file does not fit or is damaged; nothing has changed.
        """
        (part,) = select_modules(self, path).values()
        return load_checkpoint(file, part, partial=partial)
