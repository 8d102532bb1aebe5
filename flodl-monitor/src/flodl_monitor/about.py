"""`About`: what a run is of. Said when it begins, and again when a part of it is frozen or thawed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from attrs import field, frozen

from flodl_monitor.drawing import checked_drawing

PARTS, FACTS, WORDS = 500, 200, 500
"""At most so many parts, so many facts of a sort, so many letters in one."""


@final
@frozen
class Part:
    """A part of what is trained.

    Args:
        path: Dotted, as metrics are named.
        parameters: How many numbers it learns, those of its own parts included.
        frozen: Whether none of them is being trained.
    """

    path: str
    parameters: int
    frozen: bool = False


@final
@frozen(kw_only=True)
class About:
    """What a page shows beside the curves. All of it text and numbers.

    Args:
        title: Of the model.
        settings: What the run was started with, hyper-parameters above all.
        environment: What it runs on.
        parts: In the model's order.
        drawing: See `flodl_monitor.drawing`; None: there is none.
    """

    title: str = ""
    settings: Mapping[str, str] = field(factory=dict)
    environment: Mapping[str, str] = field(factory=dict)
    parts: tuple[Part, ...] = ()
    drawing: list[Any] | None = None


def about_to_json(about: About) -> dict[str, Any]:
    """Plain data that JSON can hold."""
    return {
        "title": about.title,
        "settings": dict(about.settings),
        "environment": dict(about.environment),
        "parts": [[part.path, part.parameters, part.frozen] for part in about.parts],
        "drawing": about.drawing,
    }


def about_from_json(plain: Mapping[str, Any]) -> About:
    """What `about_to_json` gave; from a file that anybody may have written, so it is checked again.

    Raises:
        ValueError, LookupError, TypeError, AttributeError: It is something else.
    """
    drawing = plain["drawing"]
    return About(
        title=str(plain["title"])[:WORDS],
        settings=facts(plain["settings"]),
        environment=facts(plain["environment"]),
        parts=tuple(Part(str(path), int(count), bool(frozen)) for path, count, frozen in plain["parts"][:PARTS]),
        drawing=None if drawing is None else checked_drawing(drawing),
    )


def facts(given: Mapping[str, Any]) -> dict[str, str]:
    """Names and values as text, tables within tables by dotted name.

    >>> facts({"lr": 0.01, "data": {"name": "digits"}, "clip": None})
    {'lr': '0.01', 'data.name': 'digits', 'clip': 'None'}
    """
    told: dict[str, str] = {}
    for name, value in given.items():
        inner = facts(value) if isinstance(value, Mapping) else None
        for key, text in ({"": str(value)} if inner is None else inner).items():
            if len(told) < FACTS:
                told[f"{name}.{key}" if key else str(name)] = text[:WORDS]
    return told
