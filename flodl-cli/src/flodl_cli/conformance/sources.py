"""A folder of sources that counts as installed for a while: metadata as an installer would write it, on the path."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flodl_core.errors import UsageError
from flodl_core.registry import components
from flodl_core.testing import fake_distribution

from flodl_cli.toml import loads

WHERE = "flodl check"


@contextmanager
def as_installed(folder: Path) -> Iterator[str]:
    """Let a folder with a pyproject.toml count as installed, here and in child processes; nothing is built or copied.

    Yields:
        The distribution's name.

    Raises:
        UsageError: It is no folder of a distribution, or its pyproject.toml does not say what has to be known.
    """
    project = _project_of(folder)
    points = project.get("entry-points", {}).get("flodl", {})
    name, version = str(project["name"]), str(project.get("version", "0"))
    with tempfile.TemporaryDirectory(prefix="flodl-check-") as site:
        direct = json.dumps({"url": folder.resolve().as_uri(), "dir_info": {"editable": True}})
        info = f"{name.replace('-', '_')}-{version}.dist-info"
        fake_distribution(
            Path(site),
            name,
            version,
            entry_points=points,
            files={f"{info}/direct_url.json": direct},
            metadata=_metadata(folder, project, name, version),
        )
        with _on_the_path(Path(site), _sources_in(folder)):
            yield name


def _project_of(folder: Path) -> Mapping[str, Any]:
    file = folder / "pyproject.toml"
    try:
        data = loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        said = f"there is no {file}" if folder.is_dir() else f"there is no folder {folder}"
        raise UsageError(said, where=WHERE, mend="the folder of a distribution, or the name of one") from None
    except (OSError, ValueError) as error:  # the parser's own error is a ValueError
        mend = (
            "see https://toml.io for the syntax" if isinstance(error, ValueError) else "check the path and its rights"
        )
        raise UsageError(f"{file} cannot be read: {error}", where=WHERE, mend=mend) from None
    project = data.get("project", {})
    by_hand = "pip install -e . there, and check it by its name"
    for key in ("name", "entry-points"):
        if key in project.get("dynamic", ()):
            raise UsageError(f"its {key} are made when it is built", where=f"{file} [project]", mend=by_hand)
    if not project.get("name"):
        raise UsageError("it names no distribution", where=f"{file} [project]", mend=by_hand)
    if not project.get("entry-points", {}).get("flodl"):
        mend = '[project.entry-points.flodl] with acme = "acme.plugin"'
        raise UsageError("it has no entry point of the group flodl, so it is no plugin", where=str(file), mend=mend)
    return project  # type: ignore[no-any-return]


def _metadata(folder: Path, project: Mapping[str, Any], name: str, version: str) -> str:
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
    lines += [f"Summary: {project['description']}"] if project.get("description") else []
    lines += [f"Requires-Python: {project['requires-python']}"] if project.get("requires-python") else []
    licence = project.get("license") or project.get("license-files")
    lines += [f"License-Expression: {licence if isinstance(licence, str) else 'in a file'}"] if licence else []
    lines += [f"Requires-Dist: {text}" for text in project.get("dependencies", ())]
    return "\n".join(lines) + f"\n\n{_readme(folder, project.get('readme'))}\n"


def _readme(folder: Path, said: object) -> str:
    """What the page of the distribution will say; nothing where its file is not there."""
    named = said.get("file", "") if isinstance(said, dict) else said
    text = said.get("text", "") if isinstance(said, dict) else ""
    file = folder / str(named) if named else None
    return file.read_text(encoding="utf-8", errors="replace") if file and file.is_file() else str(text)


def _sources_in(folder: Path) -> Path:
    """Where its packages lie."""
    inner = folder / "src"
    return (inner if inner.is_dir() else folder).resolve()


@contextmanager
def _on_the_path(*folders: Path) -> Iterator[None]:
    """In front of everything, so that an older installation of the same thing is not seen."""
    path, variable = list(sys.path), os.environ.get("PYTHONPATH")
    added = [str(folder) for folder in folders]
    sys.path[:0] = added
    os.environ["PYTHONPATH"] = os.pathsep.join([*added, *filter(None, [variable])])
    components.refresh()
    try:
        yield
    finally:
        sys.path[:] = path
        os.environ.pop("PYTHONPATH")
        os.environ.update({} if variable is None else {"PYTHONPATH": variable})
        components.refresh()
