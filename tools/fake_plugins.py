"""Make a distribution out of three files: enough for `importlib.metadata`, nothing to install."""

from __future__ import annotations

from pathlib import Path

SOURCE = """from flodl_core import ModuleSpec, hookimpl


@hookimpl
def flodl_modules():
    yield ModuleSpec(name="{package}_layer", target="{package}:Layer", summary="A layer of {package}.")
"""


def write_plugin(folder: Path, name: str, source: str = SOURCE, version: str = "1.0") -> Path:
    """Write distribution `name` with one plugin module into `folder`, which belongs on PYTHONPATH; returns the module.

    `{package}` in `source` becomes the module's name.
    """
    package = name.replace("-", "_")
    info = folder / f"{package}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[flodl]\n{package} = {package}\n")
    module = folder / f"{package}.py"
    module.write_text(source.replace("{package}", package))
    return module
