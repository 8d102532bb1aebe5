"""Every error that flodl raises on purpose: what went wrong, where, how to mend it.

    FlodlError
    |- BuildError            words that do not make a graph                          ValueError
    |  `- WordError          a word that there is not, or not yet                    AttributeError
    |- ShapeError            shapes that do not fit each other                       ValueError, RuntimeError
    |- TensorError           a device, a type or a seed that cannot be used here     ValueError
    |- RoutingError          a selector that chose what is not there                 IndexError
    |- ComponentError        arguments that a component cannot take                  ValueError, TypeError
    |- UnknownKind           no such kind of component                               KeyError
    |- UnknownComponent      no such name                                            KeyError
    |- AmbiguousComponent    one name, two plugins                                   LookupError
    |- PathError             a dotted path or glob that names nothing in a model     LookupError
    |- PluginError           a plugin, or what it points at, that cannot be loaded   ImportError
    |- MissingDistribution   a part of flodl that is not installed                   ImportError
    |- ExperimentError       an experiment file that cannot be run                   ValueError
    |- TrainingError         a training step or loop used wrongly                    RuntimeError
    |- MonitorError          a monitor, sink or probe used wrongly                   ValueError
    |- CheckpointError       a checkpoint that cannot be written, read or loaded     ValueError
    |- ContractError         a component that does not keep what its kind promises   AssertionError
    `- UsageError            a command line or a drawing that cannot be carried out    ValueError

Each also is the builtin that Python users would catch. Inner code states the fact; the public
door adds the place, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches


class FlodlError(Exception):
    """What went wrong, where, and how to mend it.

    >>> print(BuildError("gate() blends at least 2 experts, got 1", where="train.py:16", mend="use through() for one"))
    gate() blends at least 2 experts, got 1
      at: train.py:16
      try: use through() for one
    """

    __str__ = Exception.__str__  # KeyError would show the repr, newlines and all

    def __init__(self, what: str, *, where: object = None, mend: str | None = None) -> None:
        self.what, self.where, self.mend = what, where, mend
        self.parts: tuple[FlodlError, ...] = (self,)
        lines = [what, f"  at: {where}" if where else None, f"  try: {mend}" if mend else None]
        Exception.__init__(self, "\n".join(line for line in lines if line))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.where, self.mend, self.parts if len(self.parts) > 1 else ())


class BuildError(FlodlError, ValueError):
    """The words given to a builder do not make a graph."""


class WordError(BuildError, AttributeError):
    """A word that there is not, or not at this place of a flow; also an AttributeError, as for any missing method."""


class ShapeError(FlodlError, ValueError, RuntimeError):
    """Shapes that do not fit each other; also a RuntimeError, as torch's own."""


class TensorError(FlodlError, ValueError):
    """A device, an element type or a seed that cannot be used here."""


class RoutingError(FlodlError, IndexError):
    """A selector chose a branch that is not there."""


class ComponentError(FlodlError, ValueError, TypeError):
    """A component was given arguments it cannot take."""


class UnknownKind(FlodlError, KeyError):
    """There is no such kind of component."""


class UnknownComponent(FlodlError, KeyError):
    """The registry was asked for a name that nobody registered."""


class AmbiguousComponent(FlodlError, LookupError):
    """A bare name that several plugins registered."""


class PathError(FlodlError, LookupError):
    """A dotted path or a glob names nothing in a model."""


class PluginError(FlodlError, ImportError):
    """A plugin, or the object one of its specs points at, cannot be loaded."""


class MissingDistribution(FlodlError, ImportError):
    """A part of flodl, or a library it needs for this, is not installed."""


class ExperimentError(FlodlError, ValueError):
    """An experiment file cannot be run."""


class TrainingError(FlodlError, RuntimeError):
    """A training step or a training loop is used wrongly."""


class MonitorError(FlodlError, ValueError):
    """A monitor, a sink or a probe is used wrongly."""


class CheckpointError(FlodlError, ValueError):
    """A checkpoint cannot be written, read or loaded."""


class ContractError(FlodlError, AssertionError):
    """A component does not keep what its kind promises."""


class UsageError(FlodlError, ValueError):
    """What was asked cannot be carried out: a command line's words, or a drawing's options and file."""


def join_errors(errors: Sequence[FlodlError]) -> FlodlError:
    """One error that tells all: the only one itself, or one of the first one's class.

    >>> both = join_errors([BuildError("a"), BuildError("b", mend="c")])
    >>> print(both)
    2 errors
    a
    b
      try: c
    >>> [part.what for part in both.parts]
    ['a', 'b']
    """
    parts = tuple(part for error in errors for part in error.parts)
    if len(parts) == 1:
        return parts[0]
    joined = type(parts[0])(f"{len(parts)} errors\n" + "\n".join(str(part) for part in parts))
    joined.parts = parts
    return joined


def did_you_mean(
    word: str, known: Iterable[str], *, n: int = 3, meaning: Mapping[str, str] | None = None
) -> str | None:
    """A question with the nearest known words, or None when nothing is near.

    Args:
        n: How many are asked at most.
        meaning: What to ask instead of some words: the name instead of an alias.

    >>> did_you_mean("geul", ["gelu", "relu", "linear"])
    "did you mean 'gelu'?"
    >>> did_you_mean("LAYER-NORM", ["layer_norm", "LayerNorm"], meaning={"LayerNorm": "layer_norm"})
    "did you mean 'layer_norm'?"
    """
    plain = {_plain(name): (meaning or {}).get(name, name) for name in sorted(set(known))}
    word = _plain(word[:100])
    close = get_close_matches(word, plain, n=2 * n, cutoff=0.6) or [name for name in plain if word in name]
    nearest = list(dict.fromkeys(plain[name] for name in close))[:n]
    return f"did you mean {' or '.join(map(repr, nearest))}?" if word and nearest else None


def _plain(word: str) -> str:
    """Case and hyphens are slips of the hand, not other words."""
    return word.lower().replace("-", "_")


def _rebuild(
    kind: type[FlodlError], what: str, where: object, mend: str | None, parts: tuple[FlodlError, ...]
) -> FlodlError:
    error = kind(what, where=where, mend=mend)
    error.parts = parts or error.parts
    return error
