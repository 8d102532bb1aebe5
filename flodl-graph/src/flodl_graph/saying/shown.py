"""What was said, read back: a builder at a prompt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flodl_core import Ref

from flodl_graph.ir.steps import At, Flow, Input, Internal, Label, Step, Tag, TagGroup, Using, Word

_MOST = 30  # steps: more than a prompt has lines are counted


def shown(flow: Flow) -> str:
    """A flow as the words that make it; of a long one the beginning, and how long it is."""
    words = "".join(f".{_step(step)}" for step in flow.steps[:_MOST])
    more = f" ... {len(flow.steps) - _MOST} more" if len(flow.steps) > _MOST else ""
    return f"FlowBuilder(){words}{more}"


def _step(step: Step) -> str:
    match step:
        case Word():
            return f"{step.word}({', '.join(_arguments(step))})"
        case Tag():
            return f"tag({', '.join([*([repr(step.name)] if step.name else []), *_named(dict(step.ports))])})"
        case Using():
            same = [repr(word) for word, tag in step.refs if word == tag]
            return f"using({', '.join([*same, *_named({w: tags for w, tags in step.refs if w != tags})])})"
        case TagGroup() | Label():
            return f"{'label' if isinstance(step, Label) else 'tag_group'}({step.name!r})"
        case At():
            return f"at({step.tag!r})"
        case Input() | Internal():
            return f"{'input' if isinstance(step, Input) else 'internal'}({', '.join(map(repr, step.names))})"


def _arguments(step: Word) -> Iterator[str]:
    first, *further = step.args or (None,)
    if isinstance(first, Ref) and not further and not {*first.kwargs} & {*step.kwargs}:  # a name, then arguments
        yield from (repr(first.name), *map(_value, first.args), *_named(first.kwargs))
    elif step.args:
        yield _value(first)
    yield from map(_value, further)
    yield from _named({key: value for key, value in step.kwargs.items() if value is not None})


def _named(values: Mapping[str, Any]) -> list[str]:
    return [f"{name}={_value(value)}" for name, value in values.items()]


def _value(value: Any) -> str:
    """A nested flow in its words; an object as its class, since modules print whole pages."""
    if isinstance(value, Flow):
        return shown(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if value is None or isinstance(value, str | bool | int | float | Ref):
        return repr(value)
    return str(getattr(value, "__name__", f"<{type(value).__name__}>"))
