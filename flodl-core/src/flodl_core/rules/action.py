"""Actions: what a rule does when it fires. Frozen data; a training step carries them out."""

from __future__ import annotations

import abc
import math
from typing import Any, ClassVar, Literal, Protocol, final

from attrs import field, frozen

from flodl_core.errors import TrainingError
from flodl_core.rules.checks import is_number


class Controls(Protocol):
    """What actions act upon."""

    def check(self, path: str) -> None:
        """Whether a path names a part. Raises PathError where it does not."""

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


def _check_path(action: AbstractAction, _: object, path: Any) -> None:
    """`freeze(model, "encoder")` is meant to happen at once, which an action does not: it waits for its rule."""
    if isinstance(path, str):
        return
    word = action.word
    at_once = f"; at once it is done by flodl_core.freezing.{word}(model, path)" if word in ("freeze", "thaw") else ""
    raise TrainingError(
        f"the part that a rule's {word} acts on is named by a path, got a {type(path).__name__}",
        mend=f'{word}({"0.5, " if word == "scale_lr" else ""}"encoder.read"){at_once}',
    )


@final
@frozen
class Freeze(AbstractAction):
    """Take a part out of training.

    Args:
        path: A path or glob of the model, `"encoder.read"` or `"*.bias"`.
        stats: Running statistics of the part's normalisation: `"hold"` them, or let them `"track"` the data.

    Raises:
        TrainingError: The path is no text, or `stats` is another word.

    >>> freeze("encoder", stats="track")
    Freeze(path='encoder', stats='track')
    """

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
    """Take a part into training again.

    Args:
        path: A path or glob of the model.
        moments: `"keep"`: the optimizer goes on with what it knew of the part; `"reset"`: it begins anew.

    Raises:
        TrainingError: The path is no text, or `moments` is another word.

    >>> print(thaw("encoder.read"))
    thaw('encoder.read')
    """

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
    """Multiply the learning rate of a part, from the next step on; a schedule goes on from the new base.

    Args:
        factor: What the rate is multiplied by, above 0.
        path: A path or glob of the model; left out: everything that is trained.

    Raises:
        TrainingError: The factor is no number above 0, or the path is no text.

    >>> print(scale_lr(0.5, "encoder"))
    scale_lr(0.5, 'encoder')
    """

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
