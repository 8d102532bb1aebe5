"""The files of a new project: data, a run as a file, the same run as a program."""

from __future__ import annotations

import math
import random
import re

from flodl_cli.scaffold.fill import filled

_POINTS = 200
_TURNS = 1.0


def project_files(name: str) -> dict[str, str]:
    """Relative paths and texts of a project.

    Args:
        name: Of the folder; the graph is labelled after it.
    """
    label = re.sub(r"\W+", "_", name.lower()).strip("_")
    words = {"name": name, "label": label if label.isidentifier() else f"model_{label}"}
    return dict(sorted({**filled("project", words), "spirals.csv": _spirals()}.items()))


def _spirals() -> str:
    """Two spirals, one inside the other, as CSV: data that need no download, and more than a straight line."""
    noise = random.Random(0)  # noqa: S311 - no secret
    rows = ["x,y,spiral"]
    for spiral, name in enumerate(("blue", "red")):
        for point in range(_POINTS):
            radius = 0.1 + 0.9 * point / (_POINTS - 1)
            angle = math.pi * spiral + 2 * math.pi * _TURNS * radius
            x, y = (radius * turn(angle) + noise.gauss(0.0, 0.02) for turn in (math.cos, math.sin))
            rows.append(f"{x:.4f},{y:.4f},{name}")
    return "\n".join(rows) + "\n"
