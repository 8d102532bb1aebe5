"""Whether a stranger can find out what this is, what each component does, and how to try one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from importlib import metadata
from typing import Any

from flodl_core.errors import PluginError
from flodl_core.provider import Component
from flodl_core.testing import NEEDS_NO_EXAMPLE

from flodl_cli.health.finding import Finding
from flodl_cli.output.words import some

_SHORTEST = 40  # characters of a README that says something
_WITH_VALUES = ("loss", "optimizer", "scheduler", "initializer", "merge_op")


def look_at_papers(distribution: str, packages: Collection[str], brought: Sequence[Component]) -> Iterator[Finding]:
    """README, docstrings, examples, oracles.

    Args:
        distribution: Its canonical name.
        packages: Its own: what others wrote is documented by them.
    """
    own = [component for component in brought if component.spec.target.split(".")[0].split(":")[0] in packages]
    found = [*_readme(distribution), *_docstrings(own), *_examples(brought), *_oracles(brought)]
    yield from found
    if not any(finding.state == "problem" for finding in found):
        yield Finding("documentation", "README, docstrings and examples are there")


def _readme(distribution: str) -> Iterator[Finding]:
    text = "".join(metadata.metadata(distribution).get_all("Description") or [])
    if len(text.strip()) < _SHORTEST:
        yield Finding(
            "documentation", "there is no README", "problem", 'readme = "README.md" in [project], and the file'
        )


def _docstrings(brought: Sequence[Component]) -> Iterator[Finding]:
    without = [component for component in brought if not _documented(component)]
    if without:
        mend = "say what for, with which arguments, and where it comes from"
        yield Finding("documentation", f"no docstring: {_named(without)}", "problem", mend)


def _documented(component: Component) -> bool:
    try:
        target = component.load()
    except PluginError:
        return True  # what cannot be loaded is told by its contract
    return bool(_own_docstring(target).strip() or getattr(target, "help", None))


def _own_docstring(target: Callable[..., Any]) -> str:
    """Its own, not one that it inherits from its class or its bases."""
    own = vars(target).get("__doc__") if isinstance(target, type) else getattr(target, "__doc__", None)
    inherited = not isinstance(target, type) and own == type(target).__doc__
    return "" if inherited else own or ""


def _examples(brought: Sequence[Component]) -> Iterator[Finding]:
    without = [c for c in brought if c.spec.example is None and c.kind not in NEEDS_NO_EXAMPLE]
    if without:
        said = f"no example, so nobody can try it and nothing is proved: {_named(without)}"
        yield Finding("documentation", said, "problem", "example=Example(args=..., inputs=...) in its spec")


def _oracles(brought: Sequence[Component]) -> Iterator[Finding]:
    without = [c for c in brought if c.spec.oracle is None and c.kind in _WITH_VALUES]
    if without:
        said = f"no oracle, so its value is compared with nothing: {_named(without)}"
        yield Finding("documentation", said, "note", 'oracle="package.oracle:name" in its spec')


def _named(found: Sequence[Component]) -> str:
    return some([f"{component.kind} {component.name}" for component in found])
