"""Write installation metadata for every distribution of the tree into a folder, so that PYTHONPATH alone "installs" it.

Usage: python tools/metadata.py FOLDER

Put FOLDER and the `src` folders on PYTHONPATH: `importlib.metadata` then finds versions and entry points, and the
registry finds the plugins, on a machine where nothing may be installed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from projects import Project, projects


def metadata_text(project: Project) -> str:
    """The METADATA file."""
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project.name}",
        f"Version: {project.version}",
        f"Summary: {project.summary}",
        f"Requires-Python: {project.requires_python}",
        *(f"Requires-Dist: {need.text}" for need in project.requirements),
    ]
    for extra, needs in project.extras.items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {only_for(extra, need.text)}" for need in needs]
    return "\n".join(lines) + "\n"


def only_for(extra: str, requirement: str) -> str:
    """The requirement, counted only where `extra` is asked for."""
    wanted, _, marker = requirement.partition(";")
    return f"{wanted.strip()}; " + (f"({marker.strip()}) and " if marker else "") + f"extra == '{extra}'"


def entry_points_text(project: Project) -> str:
    """The entry_points.txt file: scripts and every other group."""
    groups = {"console_scripts": project.scripts, **project.entry_points}
    parts = [
        "\n".join([f"[{group}]", *(f"{name} = {target}" for name, target in entries.items())]) + "\n"
        for group, entries in groups.items()
        if entries
    ]
    return "\n".join(parts)


def write_metadata(folder: Path, project: Project) -> Path:
    """Write one `*.dist-info` folder; returns it."""
    target = folder / f"{project.package}-{project.version}.dist-info"
    target.mkdir(parents=True, exist_ok=True)
    texts = {
        "METADATA": metadata_text(project),
        "entry_points.txt": entry_points_text(project),
        "direct_url.json": json.dumps({"url": project.folder.as_uri(), "dir_info": {"editable": True}}),  # PEP 610
    }
    for name, text in texts.items():
        (target / name).write_text(text)
    (target / "RECORD").write_text("".join(f"{target.name}/{name},,\n" for name in [*texts, "RECORD"]))
    return target


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tools/metadata.py FOLDER")
    for each in projects():
        write_metadata(Path(sys.argv[1]), each)
