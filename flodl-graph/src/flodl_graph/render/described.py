"""A module in a few words: its class, and the arguments that are not the usual ones."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence

from torch import nn

from flodl_graph.render.drawing import Weight
from flodl_graph.render.letters import shortened

_MOST = 34  # characters of a description


def described(part: nn.Module, noun: str) -> str:
    """`Linear(2, 16)`: the noun that the node gives, and the module's own `extra_repr` without what is usual.

    >>> described(nn.Linear(2, 16), "Linear"), described(nn.GELU(), "GELU"), described(nn.Dropout(0.2), "Dropout")
    ('Linear(2, 16)', 'GELU', 'Dropout(p=0.2)')
    """
    said = [_plain(word) for word in _arguments(part, noun)]
    text, most = _call(noun, said), len(said)
    while len(text) > _MOST and most > 1:
        most -= 1
        text = _call(noun, [*said[:most], "…"])
    return shortened(text, _MOST)


def _arguments(part: nn.Module, noun: str) -> Iterator[str]:
    """Those of the module's class; of an op, whose `extra_repr` is its whole call."""
    said = _said(part)
    if noun == type(part).__name__:
        yield from _unusual(part)
    elif said.startswith(f"{noun}(") and said.endswith(")"):
        yield from _split(said[len(noun) + 1 : -1])


def _call(noun: str, said: Sequence[str]) -> str:
    return f"{_plain(noun)}({', '.join(said)})" if said else _plain(noun)


def weight_of(part: nn.Module) -> Weight:
    """The parameters of a part, each counted once."""
    counts = [(p.numel(), p.requires_grad) for p in part.parameters()]
    return Weight(sum(count for count, _ in counts), sum(count for count, trains in counts if trains))


def counted(number: int) -> str:
    """A number in three digits.

    >>> counted(272), counted(1234), counted(25_600_000)
    ('272', '1.2K', '25.6M')
    """
    for unit, name in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "K")):
        if number >= unit:
            return f"{number / unit:.1f}{name}"
    return str(number)


def _unusual(part: nn.Module) -> Iterator[str]:
    """What `extra_repr` says, less what equals the constructor's default; the first arguments without names."""
    usual = _defaults(type(part))
    for word in _split(_said(part)):
        key, equals, value = word.partition("=")
        if not equals:
            yield word
        elif usual.get(key) is inspect.Parameter.empty:
            yield value
        elif key not in usual or repr(usual[key]) != value:
            yield word


def _said(part: nn.Module) -> str:
    try:
        return str(part.extra_repr())
    except Exception:  # a picture is no place to learn of a mistake in somebody's repr
        return ""


def _defaults(kind: type[nn.Module]) -> Mapping[str, object]:
    try:
        parameters = inspect.signature(kind).parameters
    except (ValueError, TypeError):
        return {}
    return {name: parameter.default for name, parameter in parameters.items()}


def _split(text: str) -> Iterator[str]:
    """Words between commas that stand in no bracket."""
    depth, start = 0, 0
    for index, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            yield text[start:index].strip()
            start = index + 1
    if last := text[start:].strip():
        yield last


def _plain(text: str) -> str:
    """One line, without addresses: these differ from run to run."""
    one_line = re.sub(r" at 0x[0-9a-f]+", "", " ".join(text.split()))
    return re.sub(r"\((\d+),\)", r"\1", one_line)  # (16,) as 16
