"""What the words of the command line mean: models, sides, and a device to measure them on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from flodl_core import UsageError

from flodl_bench.machine import Machine
from flodl_bench.names import MODELS
from flodl_bench.sides import SIDES, Side

ONLY_CUDA = "only on a CUDA device"

_WHERE = "flodl bench"


def choose_models(words: Sequence[str]) -> tuple[str, ...]:
    """The models that are meant, each once, in the order of the table; all when none is said.

    Raises:
        UsageError: There is no such model; with the nearest names.
    """
    return _chosen("model", words, MODELS)


def choose_sides(words: Sequence[str]) -> tuple[Side, ...]:
    """The sides that are meant, likewise.

    Raises:
        UsageError: There is no such side.
    """
    return tuple(SIDES[name] for name in _chosen("side", words, tuple(SIDES)))


def choose_device(word: str, machine: Machine) -> str:
    """`"cuda"` or `"cpu"`.

    Raises:
        UsageError: A GPU is asked for, and there is none.
    """
    if word == "cuda" and machine.gpu is None:
        raise UsageError(
            f"torch {machine.torch} finds no CUDA device here",
            where=f"{_WHERE} --device cuda",
            mend="leave --device out: it then measures what a CPU can do",
        )
    return word if word != "auto" else "cuda" if machine.gpu else "cpu"


def split_sides(
    sides: Iterable[Side], device: str, machine: Machine, *, inference: bool
) -> tuple[list[Side], dict[str, list[str]]]:
    """The sides that can run here, and by reason the names of those that are left out.

    Raises:
        UsageError: None is left.
    """
    here: list[Side] = []
    left_out: dict[str, list[str]] = {}
    for side in sides:
        reason = _why_not(side, device, machine, inference=inference)
        if reason is None:
            here.append(side)
        else:
            left_out.setdefault(reason, []).append(side.name)
    if not here:
        (reason, names), *_ = left_out.items()
        raise UsageError(f"nothing is left to measure: {', '.join(names)}: {reason}", where=_WHERE, mend="--side eager")
    return here, left_out


def _why_not(side: Side, device: str, machine: Machine, *, inference: bool) -> str | None:
    if device not in side.devices:
        return "only on a CPU" if device == "cuda" else ONLY_CUDA
    if device == "cpu" and side.compile and not machine.compiler:
        return "torch.compile finds no C++ compiler"
    if inference and side.name == "fused":
        return "no optimizer takes part in inference"
    return None


def _chosen(kind: str, words: Sequence[str], known: tuple[str, ...]) -> tuple[str, ...]:
    read = {word: word.lower().replace("-", "_") for word in words}
    plain = {name.replace("-", "_"): name for name in known}
    for word, name in read.items():
        if name not in plain:
            near = get_close_matches(name, plain, n=2) or [each for each in plain if name in each][:3]
            said = " or ".join(repr(plain[each]) for each in near)
            mend = f"did you mean {said}?" if near else f"{kind}s: {', '.join(known)}"
            raise UsageError(f"no {kind} is called {word!r}", where=_WHERE, mend=mend)
    wanted = {plain[name] for name in read.values()}
    return tuple(name for name in known if name in wanted or not wanted)
