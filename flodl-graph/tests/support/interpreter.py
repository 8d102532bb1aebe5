"""What the words mean, said as plainly as Python can: the oracle of random graphs.

It reads the words as they were said, never what was made of them, and takes from the graph only the live
modules, in word order. Values are kept in dictionaries by tag; nothing is freed, renamed or vectorised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any

import torch
from flodl_core import as_reference
from flodl_graph.ir.steps import At, Flow, Input, Step, Tag, TagGroup, Using, Word
from torch import Tensor, nn

Said = Any  # a name, a ref, or a nested flow
NEEDS_ITS_REFERENCE = ("blend",)
MERGES: dict[str, Callable[..., Tensor]] = {
    "add": lambda *v: reduce(torch.add, v),
    "mean": lambda *v: sum(v) / len(v),
    "mul": lambda *v: reduce(torch.mul, v),
    "max": lambda *v: reduce(torch.maximum, v),
    "min": lambda *v: reduce(torch.minimum, v),
    "cat": lambda *v: torch.cat(v, -1),
}


class Interpreter:
    """One graph, by its words. Call it as the graph is called.

    Attributes:
        tags: Every tag's value in the last call, which is also what references before their tag read.
    """

    def __init__(self, flow: Flow, graph: nn.Module) -> None:
        self.flow, self.graph = flow, graph
        self.tags: dict[str, Any] = {}
        modules = iter(graph._modules.values())
        self.words = [_Meant(step, refs, modules) for step, refs in _with_references(flow)]
        self.inputs = [name for step in flow.steps if isinstance(step, Input) for name in step.names]

    def __call__(self, x: Tensor, *others: Tensor, **named: Tensor) -> Tensor:
        streams, now = [x], {**dict(zip(self.inputs, others, strict=False)), **named}
        further: dict[str, Any] = {}
        side: Any = None
        for word in self.words:
            step = word.step
            if isinstance(step, At):
                streams = [now[step.tag]]
            elif isinstance(step, Tag):
                if step.name is not None:
                    now[step.name] = streams[0] if side is None else side
                now.update({tag: further[port] for port, tag in step.ports})
                side = None
            elif isinstance(step, TagGroup):
                now.update({f"{step.name}_{index}": stream for index, stream in enumerate(streams)})
            elif isinstance(step, Word):
                refs = {key: self._value(tag, now) for key, tag in word.refs.items()}
                made, further = word.run(streams, refs)
                if step.word == "fork":
                    side = made[0]
                else:
                    streams = made
        self.tags = now
        return streams[0]

    def _value(self, tag: str, now: dict[str, Any]) -> Tensor | None:
        """A tag said before the word; else what the call before left, else None."""
        return now[tag] if tag in now else self.tags.get(tag)

    def family(self) -> Iterator[Interpreter]:
        """Itself and every interpreter inside it."""
        yield self
        for word in self.words:
            for meaning in word.meanings:
                if isinstance(meaning, Interpreter):
                    yield from meaning.family()


def _with_references(flow: Flow) -> Iterator[tuple[Step, dict[str, str]]]:
    """Each step but `using`, with what every `using` after it gives it."""
    steps = list(flow.steps)
    for index, step in enumerate(steps):
        refs: dict[str, str] = {}
        if isinstance(step, Word):
            for after in steps[index + 1 :]:
                if isinstance(after, Word | At):
                    break
                refs |= dict(after.refs) if isinstance(after, Using) else {}
        if not isinstance(step, Using):
            yield step, refs


class _Meant:
    """A step with its live modules, each read as what its words mean."""

    def __init__(self, step: Step, refs: dict[str, str], modules: Iterator[nn.Module]) -> None:
        self.step, self.refs = step, refs
        self.meanings: list[Any] = []
        if not isinstance(step, Word):
            return
        parts = [next(modules) for _ in (step.args if step.word == "split" else step.args[:1])]
        match step.word:
            case "gate" | "switch":
                chooser = parts[0].router if step.word == "gate" else parts[0].selector
                others = parts[0].experts if step.word == "gate" else parts[0].branches
                self.meanings = [_meaning(step.args[0], chooser, step)]
                self.meanings += [_meaning(s, p, step) for s, p in zip(step.args[1], others, strict=True)]
            case "loop_body":
                halt = step.kwargs.get("while_cond") or step.kwargs.get("until_cond")
                self.meanings = [_meaning(step.args[0], parts[0].body, step)]
                self.meanings += [_meaning(halt, parts[0].condition, step)] if halt else []
            case "map":
                self.meanings = [_meaning(step.args[0], parts[0].body, step)]
            case "also" if "skip" in step.kwargs:
                self.meanings = [_meaning(step.args[0], parts[0].body, step)]
                self.meanings += [_meaning(step.kwargs["skip"], parts[0].skip, step)]
            case "merge":
                self.meanings = [MERGES[as_reference(step.args[0]).name]]
            case _:
                self.meanings = [_meaning(said, part, step) for said, part in zip(step.args, parts, strict=True)]

    def run(self, streams: list[Any], refs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """The streams after the word, and its further outputs."""
        x, word = streams[0], self.step.word
        match word:
            case "split":
                return [_first(meaning(x, **_given(meaning, x, refs))) for meaning in self.meanings], {}
            case "merge":
                return [
                    self.meanings[0](*streams, *(torch.zeros_like(x) if v is None else v for v in refs.values()))
                ], {}
            case "gate":
                return self._gate(x, refs)
            case "switch":
                return self._switch(x, refs)
            case "loop_body":
                return self._loop(x, refs)
            case "map":
                return [self._map(x, refs)], {}
        made = self.meanings[0](x, **_given(self.meanings[0], x, refs))
        further = made._asdict() if hasattr(made, "_asdict") else {}
        if isinstance(self.meanings[0], Interpreter):
            further = self.meanings[0].tags
        round_it = _first(self.meanings[1](x)) if len(self.meanings) > 1 else x
        return [round_it + _first(made) if word == "also" else _first(made)], further

    def _gate(self, x: Tensor, refs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        router, *experts = self.meanings
        weights = router(x, **_given(router, x, refs))
        blended = sum(weights[:, i : i + 1] * _first(expert(x)) for i, expert in enumerate(experts))
        return [blended], {"weights": weights}

    def _switch(self, x: Tensor, refs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        selector, *branches = self.meanings
        index = selector(x, **_given(selector, x, refs))
        if self.step.kwargs["per"] == "batch":
            return [_first(branches[int(index)](x))], {"index": index}
        rows = [_first(branch(x)) for branch in branches]
        return [torch.stack([rows[int(i)][row] for row, i in enumerate(index)])], {"index": index}

    def _loop(self, x: Tensor, refs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        body, *halts = self.meanings
        said = self.step.kwargs
        for inner in (inner for part in self.meanings if isinstance(part, Interpreter) for inner in part.family()):
            inner.tags = {}
        states: list[Tensor] = []
        looks = said.get("every") or (1 if said.get("per") == "batch" else None)
        running = torch.ones(len(x), dtype=torch.bool)
        steps = torch.zeros(len(x), dtype=torch.long)
        for turn in range(said.get("for_n") or said["most"]):
            if halts and (said.get("while_cond") or turn):
                stop = halts[0](x) > 0
                rows = stop.reshape(len(x), -1).all(1) if said["per"] == "sample" else stop.all().expand(len(x))
                running = running & ~rows
                if not running.any() and looks and turn % looks == 0:
                    break
            made = _first(body(x, **_given(body, x, refs)))
            x = torch.stack([made[row] if go else x[row] for row, go in enumerate(running)])
            steps = steps + running
            if running.any() or said["per"] == "sample":
                states.append(x)
        further = torch.stack(states) if states else x.new_empty((0, *x.shape))
        return [x], {"states": further, "steps": steps if said.get("per") == "sample" and halts else steps[0]}

    def _map(self, x: Tensor, refs: dict[str, Any]) -> Tensor:
        body, slices = self.meanings[0], self.step.kwargs.get("slices")
        given = _given(body, x, refs)
        rows = x if slices is None else torch.stack([part for row in x for part in row.chunk(slices)])
        if self.step.kwargs["batched"]:
            made = _first(body(rows, **given))
        else:
            made = torch.cat([_first(body(row.unsqueeze(0), **given)) for row in rows])
        return made if slices is None else torch.stack([m.flatten() for m in made.reshape(len(x), slices, -1)])


def _meaning(said: Said, part: nn.Module, word: Word) -> Callable[..., Any]:
    """What a reference means: a nested flow by its own words, routing by its formula, the rest as torch computes it."""
    if isinstance(said, Flow):
        return Interpreter(said, part)
    name, per = as_reference(said).name, word.kwargs.get("per", "batch")
    match name:
        case "softmax_router":
            return lambda x, **refs: torch.softmax(part.linear(sum(refs.values(), x)), -1)
        case "sigmoid_router":
            return lambda x, **refs: torch.sigmoid(part.linear(sum(refs.values(), x)))
        case "fixed_selector":
            return lambda x, **refs: torch.tensor(word.args[0].kwargs["index"])
        case "argmax_selector" if per == "sample":
            return lambda x, **refs: part.linear(sum(refs.values(), x)).argmax(1)
        case "argmax_selector":
            return lambda x, **refs: part.linear(sum(refs.values(), x)).mean(0).argmax()
        case "threshold_halt":
            threshold = said.kwargs["threshold"]
            return lambda x: (x.max(1).values if per == "sample" else x.max()) - threshold
        case "learned_halt":
            return lambda x: part.linear(x)
        case "asked":
            return lambda x: part(x, wanted=("weight",))
        case "state_add":
            return lambda x, **refs: sum(refs.values(), x)
    return part


def _first(made: Any) -> Any:
    """The stream, of a module's outputs."""
    return made[0] if isinstance(made, tuple) else made


def _given(meaning: Any, x: Tensor, refs: dict[str, Any]) -> dict[str, Any]:
    """A reference whose value is not there yet is zeros where it is needed, and left out where it is not."""
    needs = isinstance(meaning, Interpreter) or type(meaning).__name__.lower() in NEEDS_ITS_REFERENCE
    filled = {key: torch.zeros_like(x) if value is None and needs else value for key, value in refs.items()}
    return {key: value for key, value in filled.items() if value is not None}
