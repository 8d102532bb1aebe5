"""Assert that this environment holds the declared flodl distributions and no other, all from wheels.

Usage: python tools/check_isolated.py [--without MODULE]... [NAME]...
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

from projects import closure, normal


def problems(names: list[str], without: list[str]) -> Iterator[str]:
    expected = {project.name for project in closure(names)}
    present = {normal(each.name) for each in distributions() if normal(each.name).startswith("flodl")}
    if present != expected:
        yield f"installed are {sorted(present)}, declared are {sorted(expected)}"
    for project in closure(names):
        spec = find_spec(project.package)
        origin = Path(spec.origin) if spec and spec.origin else None
        if origin is None:
            yield f"{project.package} cannot be imported"
        elif project.source in origin.parents:
            yield f"{project.package} is imported from the source tree, not from its wheel"
    for module in without:
        if find_spec(module) is not None:
            yield f"{module} can be imported here, and must not"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--without", action="append", default=[], metavar="MODULE")
    parser.add_argument("names", nargs="*", default=[])
    options = parser.parse_args()
    found = list(problems(options.names, options.without))
    print("\n".join(found) or f"{Path(sys.prefix).name}: {', '.join(options.names) or 'no flodl'} and no more")
    sys.exit(bool(found))
