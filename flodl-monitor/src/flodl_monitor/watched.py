"""A model that is looked at: what it is made of, and which of its parts changed sides between two epochs."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Mapping
from typing import Any, final

from flodl_monitor.about import PARTS, About, Part, facts
from flodl_monitor.drawing import drawing_of

DROP = 0.5
"""A learning rate that falls to this share, or below, from one epoch to the next has dropped,"""
STILL = 0.9
"""if before it had kept so much of itself: a schedule that falls all the time, as a cosine does, has no drops."""


@final
class Watched:
    """A model and what a run says of itself.

    Args:
        source: A graph, a module, or a step that has a `model`.
        settings: Names and values to show.
        profile: Where its time goes; handed to the model when it draws itself.
    """

    def __init__(self, source: object, settings: Mapping[str, Any], profile: object = None) -> None:
        self._model: Any = getattr(source, "model", source)
        self._settings = facts(settings)
        self._heat = {} if profile is None else {"profile": profile}
        self._parts = dict(_parts(self._model))
        self._all = list({id(one): one for own in self._parts.values() for one in own}.values())
        self._learning = self._flags()
        self._frozen = self._look()

    def about(self) -> About:
        """All that is known now.

        Raises:
            ValueError: It draws itself in a way that no page may show; `plain` leaves the drawing out.
        """
        draw = getattr(self._model, "svg", None)
        return self.plain(drawing_of(draw(**self._heat)) if callable(draw) else None)

    def plain(self, drawing: list[Any] | None = None) -> About:
        """The same, with this drawing or none."""
        counts = {path: sum(map(_size, own)) for path, own in self._parts.items()}
        return About(
            title=str(getattr(self._model, "label", None) or type(self._model).__name__),
            settings=self._settings,
            environment=environment(),
            parts=tuple(Part(path, counts[path], self._frozen[path]) for path in self._parts),
            drawing=drawing,
        )

    def changes(self) -> list[str]:
        """Which parts were frozen or thawed since the last look, the outermost of each."""
        flags = self._flags()
        if flags == self._learning:  # nearly always: this is asked at the end of every epoch
            return []
        self._learning = flags
        before, self._frozen = self._frozen, self._look()
        turned = [path for path in self._parts if before[path] != self._frozen[path]]
        outer = [path for path in turned if not any(path.startswith(f"{other}.") for other in turned)]
        return [f"{'freeze' if self._frozen[path] else 'thaw'} {path}" for path in outer]

    def _flags(self) -> list[bool]:
        return [one.requires_grad for one in self._all]

    def _look(self) -> dict[str, bool]:
        return {path: not any(one.requires_grad for one in own) for path, own in self._parts.items()}


@final
class Rate:
    """Sees a learning rate drop."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._share: float | None = None

    def changes(self, source: object) -> list[str]:
        """The drop since the last look, if there is one."""
        rate = getattr(source, "lr", None)
        if not isinstance(rate, float):
            return []
        before, self._last = self._last, rate
        share, self._share = self._share, rate / before if before else None
        falls = share is not None and share < STILL
        dropped = before is not None and 0 < rate <= before * DROP and not falls
        return [f"lr {before:.3g} to {rate:.3g}"] if dropped else []


def environment() -> dict[str, str]:
    """What the run runs on; nothing that names a person or a machine. Imports nothing that is not there already."""
    told = {
        "Python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "CPU cores": str(os.cpu_count()),
    }
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        told["PyTorch"] = str(torch.__version__)
        if torch.cuda.is_initialized():
            told["GPU"] = str(torch.cuda.get_device_name())
    return told


def _size(parameter: Any) -> int:
    """How many numbers; of a lazy layer that has seen no input yet none."""
    try:
        return int(parameter.numel())
    except ValueError:
        return 0


def _parts(model: Any) -> Iterator[tuple[str, list[Any]]]:
    """Paths with the parameters below them: those that a graph has labelled, of another module its own names."""
    if not callable(getattr(model, "named_parameters", None)):
        return
    named = dict(model.named_parameters())
    paths = model.paths() if callable(getattr(model, "paths", None)) else [name for name, _ in model.named_modules()]
    for path in [path for path in map(str, paths) if path][:PARTS]:
        if own := [one for name, one in named.items() if name.startswith(f"{path}.")]:
            yield path, own
