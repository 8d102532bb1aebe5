"""Write docs/reference/hooks.md from the hook specifications and the specs that they take.

Usage: python tools/hooks_page.py
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import attrs
import flodl_core.component
from flodl_core import hookspecs
from projects import ROOT

PAGE = ROOT / "docs" / "reference" / "hooks.md"
HEAD = """# Hooks

What a distribution may bring to flodl, one hook per kind of component. A plugin is a module, named by an entry point
of the group `flodl`; each hook returns or yields specs. This page is made by `python tools/hooks_page.py` from
`flodl_core.hookspecs` and `flodl_core.component`; the API version is {version}.

```toml
[project.entry-points.flodl]
acme = "acme.flodl_plugin"
```
"""
TABLE = "| argument | default | meaning |\n|---|---|---|\n"
FIELDS = """
## What every spec holds

All arguments are given by keyword.

| argument | default | meaning |
|---|---|---|
{rows}

An `Example` holds:

| argument | default | meaning |
|---|---|---|
{example}
"""


def spec_of(kind: str) -> type[attrs.AttrsInstance]:
    """The spec class of a kind: `merge_op` -> MergeOpSpec."""
    found: type[attrs.AttrsInstance] = getattr(flodl_core.component, kind.title().replace("_", "") + "Spec")
    return found


def arguments_of(spec: type[attrs.AttrsInstance]) -> dict[str, str]:
    """What the `Args:` of a docstring say, by name."""
    part = (inspect.getdoc(spec) or "").partition("Args:\n")[2].partition("\n\n")[0]
    said = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)$", part, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in said}


def default_of(field: attrs.Attribute[object]) -> str:
    """A field's default, as a reader would write it."""
    if field.default is attrs.NOTHING:
        return "required"
    factory = getattr(field.default, "factory", None)
    return f"`{factory() if factory else field.default!r}`"


def rows(spec: type[attrs.AttrsInstance], known: frozenset[str] = frozenset()) -> Iterator[str]:
    """One line per argument of a spec that is not in `known`."""
    said = arguments_of(spec)
    for field in attrs.fields(spec):
        if field.init and field.name not in known:
            yield f"| `{field.name}` | {default_of(field)} | {said.get(field.name, '')} |"


def page() -> str:
    """The text of the page."""
    shared = flodl_core.component.ComponentSpec
    known = frozenset(field.name for field in attrs.fields(shared))
    parts = [HEAD.format(version=hookspecs.API_VERSION)]
    for hook, kind in hookspecs.HOOKS.items():
        function, spec = getattr(hookspecs, hook), spec_of(kind)
        arguments = ", ".join(inspect.signature(function).parameters)
        parts.append(
            f"\n## `{hook}({arguments})`\n\n{inspect.getdoc(function)}\n\nYields `{spec.__name__}`, kind `{kind}`"
        )
        own = "\n".join(rows(spec, known))
        parts.append(f", which adds:\n\n{TABLE}{own}\n" if own else ".\n")
    return "".join(parts) + FIELDS.format(
        rows="\n".join(rows(shared)), example="\n".join(rows(flodl_core.component.Example))
    )


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page())
    print(f"wrote {PAGE.relative_to(ROOT)}")
