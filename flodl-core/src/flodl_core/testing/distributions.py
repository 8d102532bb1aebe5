"""Distributions that look installed without pip: a metadata folder and some modules in a folder on the path."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import final

from attrs import frozen


@final
@frozen
class FakeDistribution:
    """A distribution written by `fake_distribution`.

    Args:
        folder: What must be on `sys.path`, or in `PYTHONPATH`, for it to count as installed.
        files: What it owns, metadata included, relative to `folder`.
    """

    folder: Path
    name: str
    version: str
    files: tuple[str, ...]

    def uninstall(self) -> None:
        """Remove its files again, as pip would."""
        for file in self.files:
            (self.folder / file).unlink(missing_ok=True)


def fake_distribution(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    entry_points: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    requires: Sequence[str] = (),
    group: str = "flodl",
    metadata: str | None = None,
) -> FakeDistribution:
    """Write a distribution into a folder, as an installer would; no pip, no network, a millisecond.

    Args:
        folder: Made if it is not there; several distributions may share one.
        entry_points: Entry point names to values, `{"acme": "acme.flodl_plugin"}`.
        files: Paths, relative to the folder, to contents: `{"acme/__init__.py": ""}`.
        requires: Its dependencies, as PEP 508 strings.
        group: The group of its entry points.
        metadata: The whole text of METADATA instead, damaged if you like.

    >>> import tempfile
    >>> from flodl_core.testing import fresh_registry
    >>> with tempfile.TemporaryDirectory() as home:
    ...     acme = fake_distribution(
    ...         Path(home), "acme-losses", "0.3", entry_points={"acme": "acme_plugin"},
    ...         files={"acme_plugin.py": plugin_source(
    ...             "flodl_losses", 'LossSpec(name="poly1", target="acme:Poly1", summary="One more term.")')})
    ...     with fresh_registry(acme.folder) as registry:
    ...         registry.find("loss", "poly1").id
    'loss:acme-losses/poly1'
    """
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    if metadata is None:
        needs = "".join(f"Requires-Dist: {text}\n" for text in requires)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
    points = "".join(f"{key} = {value}\n" for key, value in (entry_points or {}).items())
    contents = {
        **(files or {}),
        f"{info}/METADATA": metadata,
        f"{info}/entry_points.txt": f"[{group}]\n{points}",
        f"{info}/INSTALLER": "fake\n",
    }
    owned = (*contents, f"{info}/RECORD")
    contents[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in owned)
    for path, text in contents.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", errors="surrogateescape")
    return FakeDistribution(folder, name, version, owned)


def plugin_source(hook: str, *specs: str, before: str = "") -> str:
    """The source of a plugin module whose one hook yields these specs.

    Args:
        hook: `"flodl_losses"`.
        specs: Expressions: `'LossSpec(name="poly1", target="acme:Poly1", summary="...")'`.
        before: Source to run first, while the module is imported.

    >>> print(plugin_source("flodl_ops", 'OpSpec(name="one", target="acme:one", summary="1.")'))
    from flodl_core import *
    <BLANKLINE>
    @hookimpl
    def flodl_ops():
        yield OpSpec(name="one", target="acme:one", summary="1.")
    <BLANKLINE>
    """
    body = "".join(f"    yield {spec}\n" for spec in specs) or "    return ()\n"
    return f"from flodl_core import *\n{textwrap.dedent(before)}\n@hookimpl\ndef {hook}():\n{body}"
