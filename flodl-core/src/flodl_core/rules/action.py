"""Actions: what a rule does when it fires. Frozen data; a training step carries them out."""

from __future__ import annotations

import abc
import math
from typing import ClassVar, Literal, Protocol, final

from attrs import field, frozen

from flodl_core.errors import TrainingError
from flodl_core.rules.checks import is_number, is_text


class Controls(Protocol):
    """What actions act upon."""

    def freeze(self, path: str, stats: Literal["hold", "track"]) -> None:
        """Take a part out of training."""

    def thaw(self, path: str, moments: Literal["keep", "reset"]) -> None:
        """Take a part into training again."""

    def scale_lr(self, factor: float, path: str) -> None:
        """Multiply the rates of a part; of everything where the path is empty."""

    def stop(self) -> None:
        """Let training end with this epoch."""

    def save(self) -> None:
        """Save the state of the run."""


@frozen
class AbstractAction(abc.ABC):
    """One thing to do."""

    word: ClassVar[str]

    @abc.abstractmethod
    def act(self, controls: Controls) -> None:
        """Do it."""


def _check_path(_: object, __: object, path: str) -> None:
    if path and not is_text(path):
        raise TrainingError(f"a part of the model is named by a path, got {path!r}", mend='thaw("encoder.read")')


@final
@frozen
class Freeze(AbstractAction):
    """Take a part out of training."""

    word: ClassVar[str] = "freeze"

    path: str = field(validator=_check_path)
    stats: Literal["hold", "track"] = "hold"

    def __attrs_post_init__(self) -> None:
        if self.stats not in ("hold", "track"):
            raise TrainingError(f'stats is "hold" or "track", got {self.stats!r}')

    def act(self, controls: Controls) -> None:
        """Do it."""
        controls.freeze(self.path, self.stats)

    def __str__(self) -> str:
        return f"freeze({self.path!r}{'' if self.stats == 'hold' else f', stats={self.stats!r}'})"


@final
@frozen
class Thaw(AbstractAction):
    """Take a part into training again."""

    word: ClassVar[str] = "thaw"

    path: str = field(validator=_check_path)
    moments: Literal["keep", "reset"] = "keep"

    def __attrs_post_init__(self) -> None:
        if self.moments not in ("keep", "reset"):
            raise TrainingError(f'moments is "keep" or "reset", got {self.moments!r}')

    def act(self, controls: Controls) -> None:
        """Do it."""
        controls.thaw(self.path, self.moments)

    def __str__(self) -> str:
        return f"thaw({self.path!r}{'' if self.moments == 'keep' else f', moments={self.moments!r}'})"


@final
@frozen
class ScaleLr(AbstractAction):
    """Multiply the learning rate of a part."""

    word: ClassVar[str] = "scale_lr"

    factor: float
    path: str = field(default="", validator=_check_path)

    def __attrs_post_init__(self) -> None:
        if not is_number(self.factor) or not 0 < self.factor < math.inf:
            raise TrainingError(
                f"a rate is scaled by a number above 0, got {self.factor!r}", mend='scale_lr(0.5, "encoder")'
            )

    def act(self, controls: Controls) -> None:
        """Do it."""
        controls.scale_lr(self.factor, self.path)

    def __str__(self) -> str:
        return f"scale_lr({self.factor!r}{f', {self.path!r}' if self.path else ''})"


@final
@frozen
class Stop(AbstractAction):
    """End training with this epoch."""

    word: ClassVar[str] = "stop"

    def act(self, controls: Controls) -> None:
        """Do it."""
        controls.stop()

    def __str__(self) -> str:
        return "stop()"


@final
@frozen
class Save(AbstractAction):
    """Save the state of the run."""

    word: ClassVar[str] = "save"

    def act(self, controls: Controls) -> None:
        """Do it."""
        controls.save()

    def __str__(self) -> str:
        return "save()"


ACTIONS: tuple[type[AbstractAction], ...] = (Freeze, Thaw, ScaleLr, Stop, Save)

freeze, thaw, scale_lr, stop, save = Freeze, Thaw, ScaleLr, Stop, Save
