"""Parameters and buffers to files and back."""

from __future__ import annotations

import warnings
from os import PathLike

from attrs import evolve
from flodl_core import CheckpointError, PathError, components
from flodl_core.checkpoint import CheckpointInfo, LoadReport, Snapshot, load_checkpoint, read_metadata
from flodl_core.checkpoint.info import About
from flodl_core.checkpoint.inventory import inventory
from flodl_core.checkpoint.place import at
from flodl_core.checkpoint.save import save_inventory
from flodl_core.paths import select_modules
from flodl_core.where import caller

from flodl_graph.abilities.family import AbstractFamily
from flodl_graph.fdl.digest import SHORT
from flodl_graph.fdl.form import FdlForm, fdl_form
from flodl_graph.ir.structure import digest
from flodl_graph.text.origins import origins_of
from flodl_graph.text.toml import words_of
from flodl_graph.tree.counted import counted_names

OURS, FLODL = "flodl", "floDl"
"""The names of the two hashes in a file: of this graph's structure, and the one that the Rust floDl computes."""

_FDL = (".fdl", ".fdl.gz")


class AbstractSaved(AbstractFamily):
    """A graph that is written to files, whole or by part."""

    @property
    def structure(self) -> str:
        """What the graph is, names aside, as text."""
        raise NotImplementedError

    def save_checkpoint(self, path: str | PathLike[str]) -> None:
        """Write parameters and buffers to one file, atomically: safetensors, or floDl's where the path ends in `.fdl`.

        What the graph says of itself goes along: its words, when all of them can be written down, so that
        `flodl_graph.load` builds it again; its structure and hashes.

        Args:
            path: `.fdl` and `.fdl.gz` are files of the Rust floDl, byte for byte as it writes them.

        Raises:
            CheckpointError: It cannot be written, or holds what floDl does not have; what was there before
                is untouched.
        """
        with at(path, "write") as target:
            as_flodl = target.name.endswith(_FDL)
            about = self._about(strict=as_flodl)
            held = inventory(self)
        if as_flodl and (unseen := self._fdl_form().unseen):
            place = caller()
            message = f"{target}: floDl keeps no buffers of graphs inside graphs: {', '.join(unseen)}"
            warnings.warn_explicit(message, UserWarning, place.file, place.line)
        save_inventory(path, held, about)

    def about(self) -> About:
        """What a file says of this graph besides its tensors: words, structure, hashes, names."""
        return self._about()

    def snapshot(self) -> Snapshot:
        """Copies of all values on the CPU, with what a file says of them: `.save(path)` writes them, now or later."""
        return Snapshot.of(self, self.about())

    def load_checkpoint(self, path: str | PathLike[str], *, partial: bool = False) -> LoadReport:
        """Read parameters and buffers from a file that `save_checkpoint`, or the Rust floDl, wrote.

        An entry is found by its name, or by the name that its node would have without tag or label.

        Args:
            partial: Load what matches, and report the rest.

        Raises:
            CheckpointError: It does not fit or is damaged; nothing has changed.
        """
        info = read_metadata(path)
        if not _named_by_flodl(info):
            structure = self.structure
            return load_checkpoint(
                path,
                self,
                partial=partial,
                structure=structure,
                hashes={OURS: digest(structure)},
                other_names=counted_names(self),
            )
        with at(path, "read"):
            form = self._fdl_form()
        report = load_checkpoint(
            path,
            self,
            partial=partial,
            hashes={FLODL: form.hash},
            other_names=form.names_in(info.names),
            absent={*form.unseen, *form.own},
        )
        return evolve(report, missing=tuple(name for name in report.missing if name not in form.own))

    def load_subgraph_checkpoint(self, path: str, file: str | PathLike[str], *, partial: bool = False) -> LoadReport:
        """Read a part's parameters and buffers from a file that the part, trained alone, was saved to.

        Where the part is a graph, the file's names and hashes must be those of that graph.

        Args:
            path: Dotted path of the part.
            partial: Load what matches, and report the rest.

        Raises:
            PathError: There is no such part; with the nearest.
            CheckpointError: The file does not fit or is damaged; nothing has changed.
        """
        parts = select_modules(self, path)
        if len(parts) > 1:
            raise PathError(f"{path!r} names {len(parts)} parts, a file holds one", mend=f"one of: {', '.join(parts)}")
        (part,) = parts.values()
        if isinstance(part, AbstractSaved):
            return part.load_checkpoint(file, partial=partial)
        if _named_by_flodl(read_metadata(file)):
            with at(file, "read"):
                raise CheckpointError(
                    f"an .fdl file holds a graph, and {path!r} is a {type(part).__name__}",
                    mend="name the graph that was saved, or save the part as .safetensors",
                )
        return load_checkpoint(file, part, partial=partial)

    def structural_hash(self) -> str:
        """The hash that the Rust floDl computes for the same graph, 64 hexadecimal digits; tags and order count.

        Raises:
            CheckpointError: The graph holds what floDl does not have, with your line.
        """
        return self._fdl_form().hash

    def short_hash(self) -> str:
        """Its first 8 digits."""
        return self.structural_hash()[:SHORT]

    def _about(self, *, strict: bool = False) -> About:
        """What a file says of this graph.

        Args:
            strict: floDl's form is needed, and raises what is in its way.
        """
        form = self._fdl_form() if strict else self._fdl_form_if_any()
        structure = self.structure
        return About(
            words=words_of(self.ir.flow),
            structure=structure,
            hashes={OURS: digest(structure)} | ({} if form is None else {FLODL: form.hash}),
            other_names=counted_names(self),
            origins=origins_of(self.ir.flow),
            fdl_names={} if form is None else form.names,
        )

    def _fdl_form(self) -> FdlForm:
        """How floDl would write this graph; plugins are loaded only if what is built in does not do."""
        form = self._fdl_form_if_any()
        if form is None:
            components.list("module")
            form = fdl_form(self)
        return form

    def _fdl_form_if_any(self) -> FdlForm | None:
        try:
            return fdl_form(self)
        except CheckpointError:
            return None


def _named_by_flodl(info: CheckpointInfo) -> bool:
    """Whether a file's entries have floDl's names: its own files, and what they were converted to."""
    return info.format in ("fdl", "fdl.gz") or any("/" in entry.name for entry in info.entries)
