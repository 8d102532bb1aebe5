"""The files of a new plugin: what every plugin has, and what its kind begins with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from importlib import metadata

from flodl_core.names import a_kind

from flodl_cli.scaffold.fill import filled
from flodl_cli.scaffold.kinds import BEGINNINGS


def plugin_files(name: str, package: str, kind: str) -> dict[str, str]:
    """Relative paths and texts of a whole distribution with one component.

    Args:
        name: Of the distribution.
        package: What it is imported as.
        kind: Of its component.
    """
    beginning = BEGINNINGS[kind]
    needs = ("flodl-core", *beginning.needs)
    computes = any(need.startswith("torch") for need in needs)
    test_tools = (f"flodl-core[{'testing,torch' if computes or kind == 'scheduler' else 'testing'}]", "flodl-cli")
    words = {
        "name": name,
        "package": package,
        "kind": kind,
        "kind_words": a_kind(kind).partition(" ")[2],
        "component": beginning.component,
        "description": beginning.description,
        "dependencies": _lines(needs),
        "test_dependencies": _lines((*test_tools, *beginning.tests_need, "mypy>=1.11")),
        "year": str(date.today().year),
    }
    own = filled(f"kinds/{kind}", words)
    words["usage"] = own.pop("usage.md")
    return dict(sorted({**filled("plugin", words), **own}.items()))


def _lines(needs: Iterable[str]) -> str:
    """Requirements as lines of a TOML list."""
    return "".join(f'\n    "{_bounded(need)}",' for need in sorted(needs)) + "\n"


def _bounded(need: str) -> str:
    """A distribution of flodl's own works from the version that wrote this plugin on, until the next great one."""
    if not need.startswith("flodl"):
        return need
    major, minor = metadata.version("flodl-core").split(".")[:2]
    return f"{need}>={major}.{minor},<{int(major) + 1}"
