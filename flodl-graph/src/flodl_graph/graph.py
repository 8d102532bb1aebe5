"""`Graph`: the module that users hold. Every method is one line into a room."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from types import FunctionType
from typing import Any

import torch
from flodl_core import PathError
from flodl_core.checkpoint import LoadReport, load_checkpoint, save_checkpoint
from flodl_core.errors import did_you_mean
from flodl_core.paths import module_paths, select_modules, select_parameters
from torch import Tensor, nn

from flodl_graph.ir.graph import GraphIR
from flodl_graph.ir.node import Part
from flodl_graph.observe.kept import check_tag, kept_value
from flodl_graph.observe.recorder import Recorder
from flodl_graph.part import as_module
from flodl_graph.render.summary import summary
from flodl_graph.run.carried import set_aside
from flodl_graph.run.check import check_shapes
from flodl_graph.run.source import load, source
from flodl_graph.text.toml import words_of, write_toml
from flodl_graph.tree.freeze import Stats, freeze, hold_still, is_frozen, thaw
from flodl_graph.tree.groups import Cascade, param_groups


class Graph(nn.Module):
    """A network made of named parts, as a `FlowBuilder` builds it.

    An ordinary `torch.nn.Module`: each node's module is a submodule under the node's name, and
    `forward` is generated Python (`print(graph.code)`) that calls them one after the other.

    Args:
        ir: What the graph is.
        parts: Node name to live module; a plain function is wrapped.
    """

    ir: GraphIR
    epoch: int
    carried: dict[str, Any]
    kept: dict[str, Any]
    observed: tuple[str, ...]

    def __new__(cls, *args: Any, **kwargs: Any) -> Graph:
        """Make the instance of a class of its own, since each graph has its own forward.

        A forward stored on the instance would tie it into a reference cycle, and its memory on the
        GPU would wait for the garbage collector.
        """
        own = type(cls.__name__, (cls,), {"__module__": cls.__module__, "__qualname__": cls.__qualname__})
        graph: Graph = super().__new__(own)
        return graph

    def __init__(self, ir: GraphIR, parts: Mapping[str, Part]) -> None:
        super().__init__()
        self.ir = ir
        self.epoch = 0
        self.recorder = Recorder()
        self.carried, self.kept = {}, {}
        self.observed = tuple(tag for tag, _ in ir.tags)
        for name, part in parts.items():
            self.add_module(name, as_module(part))
        self._regenerate()

    @property
    def label(self) -> str | None:
        """The graph's own name; its path inside another graph."""
        return self.ir.label

    @property
    def code(self) -> str:
        """The Python that runs: one line per node, with the line of yours that asked for it."""
        return source(self.ir, self.observed)

    def to_toml(self) -> str:
        """The words that made this graph, as TOML that `FlowBuilder.from_toml` reads.

        Raises:
            BuildError: A word was given a live object, which no text can make; with its line.
        """
        return write_toml(self.ir.flow)

    def observe(self, *tags: str) -> None:
        """Keep only these tagged values after a call; none: keep nothing, and free each value after its last use.

        Raises:
            PathError: There is no such tag.
        """
        for tag in tags:
            check_tag(self.ir, tag)
        self.observed, self.kept = tags, {}
        self._regenerate()

    def tagged(self, path: str) -> Tensor:
        """The value of a tag in the last call, with its gradient; a dotted path reaches into nested graphs.

        Raises:
            PathError: There is no such tag, it is not observed, or there was no call yet.
        """
        parent, _, tag = path.rpartition(".")
        graph = self._graph_at(parent)
        return kept_value(graph.ir, graph.kept, graph.observed, tag)

    def check(self, *examples: str | Tensor, **named: str | Tensor | None) -> str | None:
        """Run shapes through without computing anything: `graph.check("f32[B,2]", text="i64[B,T]")`.

        Inputs that are left out are unknown: everything is checked that does not need them.

        Returns:
            The output's shape, as `"f32[B,10]"`; None where it depends on data, or on inputs left out.

        Raises:
            ShapeError: At the first node where they do not fit: its name, your line, the shapes.
        """
        given = {*self.ir.inputs[: len(examples)], *named}
        named = {**named, **dict.fromkeys(name for name in self.ir.inputs if name not in given)}
        parameter = next(self.parameters(), None)
        device = torch.device("cpu") if parameter is None else parameter.device
        with self._untouched():
            return check_shapes(self, examples, named, device)

    @contextmanager
    def _untouched(self) -> Iterator[None]:
        """A block after which carried and kept values are as they were."""
        kept = [(graph, graph.kept) for _, graph in self._family()]
        for graph, _ in kept:
            graph.kept = {}
        try:
            with set_aside(graph for _, graph in self._family()):
                yield
        finally:
            for graph, values in kept:
                graph.kept = values

    def summary(self) -> str:
        """A table of the parts and their parameters."""
        return summary(self.ir, self._parts())

    def record(
        self,
        name: str | Mapping[str, float | Tensor],
        value: float | Tensor | None = None,
        *,
        prefix: str = "",
        weight: float = 1.0,
    ) -> None:
        """Add numbers to this epoch's means: `record("loss", loss)` or `record({"loss": loss, "acc": acc})`.

        Args:
            name: One name, or a mapping of names to values.
            value: The value of the one name: a float, or a tensor of one element, which is not waited for.
            prefix: Goes before every name: `"val_"`.
            weight: How much these values count in the mean, such as the rows of the batch.

        Raises:
            TrainingError: A value is no number, or the weight is not above 0.
        """
        values = name if isinstance(name, Mapping) else {name: value}
        self.recorder.record({prefix + key: item for key, item in values.items()}, weight=weight)  # type: ignore[misc]

    def flush(self) -> dict[str, float]:
        """Close the running means, of nested graphs too, as points of this epoch."""
        return {
            prefix + key: mean
            for prefix, graph in self._family()
            for key, mean in graph.recorder.flush(self.epoch).items()
        }

    def latest_metrics(self) -> dict[str, float]:
        """Dotted name and last mean of everything recorded so far, nested graphs' too."""
        latest = ((prefix, graph.recorder.latest()) for prefix, graph in self._family())
        return {prefix + key: mean for prefix, means in latest for key, mean in means.items()}

    def end_epoch(self) -> dict[str, float]:
        """Flush, count the epoch, and return the latest metrics."""
        self.flush()
        epoch = self.epoch + 1
        for _, graph in self._family():
            graph.epoch = epoch
        return self.latest_metrics()

    def reset_state(self) -> None:
        """Forget what calls left to the next one, in nested graphs too: a new sequence begins."""
        for _, graph in self._family():
            graph.carried = {}

    def detach_state(self) -> None:
        """Cut carried state off from the gradients of the calls before, in nested graphs too: BPTT ends here."""
        for _, graph in self._family():
            graph.carried = {tag: value.detach() for tag, value in graph.carried.items()}
            graph.kept = {tag: value.detach() for tag, value in graph.kept.items()}

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Evaluate in a block: eval mode, no gradients, carried state of its own; then each part as it was."""
        modes = [(module, module.training) for module in self.modules()]
        self.eval()
        try:
            with torch.no_grad(), set_aside(graph for _, graph in self._family()):
                yield
        finally:
            for module, training in modes:
                module.training = training

    def paths(self) -> tuple[str, ...]:
        """Every dotted path below this graph, in its order: prefixes of `state_dict()` keys."""
        return module_paths(self)

    def freeze(self, path: str = "", *, stats: Stats = "hold") -> None:
        """Take a part out of training: `freeze("encoder")`, `freeze("*.bias")`; no path: everything.

        Args:
            stats: `"hold"`: normalisation layers there keep the running statistics they have, also in
                training mode; `"track"`: these go on following the data.

        Raises:
            PathError: The path names nothing; with the nearest.
        """
        freeze(self, path, stats)

    def thaw(self, path: str = "") -> None:
        """Take a part into training again; no path: everything.

        Raises:
            PathError: The path names nothing; with the nearest.
        """
        thaw(self, path)

    def is_frozen(self, path: str = "") -> bool:
        """Whether nothing that the path names trains.

        Raises:
            PathError: The path names nothing; with the nearest.
        """
        return is_frozen(self, path)

    def named_parameters_at(self, path: str) -> dict[str, nn.Parameter]:
        """The parameters that a path, a parameter name or a glob names, by their full names.

        Raises:
            PathError: The path names nothing; with the nearest.
        """
        return select_parameters(self, path)

    def parameters_at(self, path: str) -> list[nn.Parameter]:
        """The same without names."""
        return list(select_parameters(self, path).values())

    def trainable_parameters(self, path: str = "") -> list[nn.Parameter]:
        """Those of them that train."""
        return [parameter for parameter in self.parameters_at(path) if parameter.requires_grad]

    def param_groups(self, cascade: Cascade) -> list[dict[str, Any]]:
        """Groups for any torch optimizer, frozen parameters left out: see `flodl_graph.tree.groups`.

        Raises:
            PathError: A pattern names nothing; with the nearest.
        """
        return param_groups(self, cascade)

    def train(self, mode: bool = True) -> Graph:
        """Set training mode; what is frozen with `stats="hold"` holds its statistics still."""
        super().train(mode)
        hold_still(self.modules())
        return self

    def load_subgraph_checkpoint(self, path: str, file: str | PathLike[str], *, partial: bool = False) -> LoadReport:
        """Read a part's parameters and buffers from a file that the part, trained alone, was saved to.

        Args:
            path: Dotted path of the part.
            partial: Load what matches, and report the rest.

        Raises:
            PathError: There is no such part; with the nearest.
            CheckpointError: The file does not fit or is damaged; nothing has changed.
        """
        (part,) = select_modules(self, path).values()
        return load_checkpoint(file, part, partial=partial)

    def save_checkpoint(self, path: str | PathLike[str]) -> None:
        """Write parameters and buffers to one safetensors file, atomically.

        The graph's words go along, as TOML, when all of them can be written down.

        Raises:
            CheckpointError: It cannot be written; what was there before is untouched.
        """
        save_checkpoint(path, self, words=words_of(self.ir.flow))

    def load_checkpoint(self, path: str | PathLike[str], *, partial: bool = False) -> LoadReport:
        """Read parameters and buffers from a file that `save_checkpoint` wrote.

        Args:
            partial: Load what matches, and report the rest.

        Raises:
            CheckpointError: It does not fit or is damaged; nothing has changed.
        """
        return load_checkpoint(path, self, partial=partial)

    def _parts(self) -> dict[str, nn.Module]:
        return {node.name: self.get_submodule(node.name) for node in self.ir.nodes}

    def _graph_at(self, path: str) -> Graph:
        graphs = {prefix.removesuffix("."): graph for prefix, graph in self._family()}
        if path not in graphs:
            raise PathError(f"there is no graph at {path!r}", mend=did_you_mean(path, [p for p in graphs if p]))
        return graphs[path]

    def _family(self) -> Iterator[tuple[str, Graph]]:
        """Itself and every graph inside it, each with the prefix of its dotted names."""
        for path, module in self.named_modules():
            if isinstance(module, Graph):
                yield (f"{path}." if path else ""), module

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Graph:
        """Carried state moves with the parameters: `to`, `cuda`, `half`."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.carried = {tag: fn(value) for tag, value in self.carried.items()}
        return self

    def _regenerate(self) -> None:
        forward: FunctionType = load(self.ir, self.observed)
        type(self).forward = forward

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _bare, (), self.__getstate__()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "carried": {}, "kept": {}}  # a run's own; tensors with history cannot be copied

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._regenerate()


def _bare() -> Graph:
    """A graph to be filled by `__setstate__`: copies and pickles get a class of their own too."""
    return Graph.__new__(Graph)


RESERVED = frozenset(dir(Graph)) | {"ir", "epoch", "recorder", "carried", "kept", "observed", "training"}
"""Names that no tag, label or input may take."""
