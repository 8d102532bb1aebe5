"""Our words said again to floDl's builder: which nodes it would number how, and tie to what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias, final

from attrs import define, field
from flodl_core import CheckpointError
from flodl_core.where import Where

from flodl_graph.fdl.replica import INPUT, Edge, NodeId, Replica
from flodl_graph.ir.graph import GraphIR
from flodl_graph.ir.node import AbstractNode
from flodl_graph.ir.steps import At, Flow, Input, Label, Step, Tag, TagGroup, Using, Word

NameOf: TypeAlias = Callable[[AbstractNode], str]
"""What floDl calls the module, or the merge op, of a node; raises where floDl has none such."""

_COUNTED_AS = {"loop_body": "loop", "gate": "gate", "switch": "switch", "map": "map"}
_MODULES = frozenset({"through", "also", "fork", "split"})
_MERGES = frozenset({"add", "mean"})


def replay(ir: GraphIR, name_of: NameOf) -> Replica:
    """The graph that floDl's builder makes of the words that made ours.

    Raises:
        CheckpointError: A word, or what it was given, that floDl does not have; with the user's line.
    """
    return _Replay(iter(ir.nodes), name_of).run(ir.flow)


def beyond(what: str, where: Where | str | None = None) -> CheckpointError:
    """The error for what floDl cannot hold."""
    return CheckpointError(
        f"an .fdl file cannot hold this graph: floDl has {what}", where=where, mend="save it as .safetensors"
    )


@final
@define
class _Replay:
    """floDl's builder, as far as names go. Only the order of the calls counts, and each numbers its nodes at once."""

    ours: Iterator[AbstractNode]
    name_of: NameOf
    nodes: dict[NodeId, str | None] = field(factory=dict)
    edges: list[Edge] = field(factory=list)
    tags: dict[str, NodeId] = field(factory=dict)
    inputs: list[tuple[str, NodeId]] = field(factory=list)
    current: list[NodeId] = field(factory=list)
    addressed: list[NodeId] = field(factory=list)
    side: NodeId | None = None
    means: set[NodeId] = field(factory=set)

    def run(self, flow: Flow) -> Replica:
        steps = _as_told_to_flodl(flow)
        if not (steps and isinstance(steps[0], Word) and steps[0].word == "through"):
            self._enter(self._node("identity"))
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            self._take(step, following)
        return Replica(self.nodes, tuple(self.edges), self.tags, tuple(self.inputs), self.current[0])

    def _take(self, step: Step, following: Step | None) -> None:
        match step:
            case Word():
                self._word(step)
            case Input():
                self._input(step)
            case Tag():
                self._tag(step)
            case TagGroup():
                self.tags |= {f"{step.name}_{number}": node for number, node in enumerate(self.current)}
            case Using():
                self._using(step)
            case At():
                if not (isinstance(following, Word) and following.word == "map" and "slices" not in following.kwargs):
                    raise beyond("no at(), only map().over(tag)", step.where)
                self.current = [self.tags[step.tag]]
            case Label():
                pass

    def _word(self, step: Word) -> None:
        node = next(self.ours)
        if node.word == "merge":
            self._merge(node)
        elif node.word == "split":
            branches = [node, *(next(self.ours) for _ in step.args[1:])]
            self.current = self.addressed = [self._module(branch) for branch in branches]
        elif node.word == "fork":
            self.side = self._module(node)
            self.addressed = [self.side]
        elif node.word == "also":
            self._also(node)
        elif node.word in _COUNTED_AS or node.word in _MODULES:
            made = self._module(node)
            self.current, self.addressed = [made], [made]
        else:
            raise beyond(f"no word {node.word!r}", step.where)

    def _also(self, node: AbstractNode) -> None:
        if getattr(node, "skips", False):
            raise beyond("no also() with a skip path of its own", node.where)
        (stream,) = self.current
        module, total = self._node(self.name_of(node), node.name), self._node("add")
        self.edges += [Edge(stream, module, INPUT), Edge(stream, total, "input_0"), Edge(module, total, "input_1")]
        self.current, self.addressed = [total], [module]

    def _merge(self, node: AbstractNode) -> None:
        op = self.name_of(node)
        if op not in _MERGES or len(self.current) < 2:
            said = f"no merge({op!r})" if op not in _MERGES else "no merge() of one stream with tags"
            raise beyond(f"{said}, it adds or averages open branches", node.where)
        merged = self._node("merge")
        self.edges += [Edge(branch, merged, f"input_{number}") for number, branch in enumerate(self.current)]
        self.means |= {merged} if op == "mean" else set()
        self.current, self.addressed = [merged], [merged]

    def _module(self, node: AbstractNode) -> NodeId:
        """A node that runs a module on the stream; the first one is the graph's input."""
        made = self._node(_COUNTED_AS.get(node.word) or self.name_of(node), node.name)
        if self.current:
            self.edges.append(Edge(self.current[0], made, INPUT))
        else:
            self._enter(made)
        return made

    def _input(self, step: Input) -> None:
        for name in step.names:
            self.tags[name] = self._node(f"input_{name}")
            self.inputs.append((name, self.tags[name]))

    def _tag(self, step: Tag) -> None:
        if step.ports or step.name is None:
            raise beyond("one output per module, no tags of further ones", step.where)
        self.tags[step.name] = self.side or self.current[0]
        self.side = None

    def _using(self, step: Using) -> None:
        for target in self.addressed:
            if target in self.means:
                raise beyond("no mean() over tags beside the branches", step.where)
            for tag in _tags(step):
                source = self.tags.get(tag, target)
                if source == target:  # a tag to come: floDl reads what the call before left by a node of its own
                    source = self._node(f"state_read_{tag}")
                self.edges.append(Edge(source, target, f"ref_{tag}"))

    def _node(self, kind: str, ours: str | None = None) -> NodeId:
        made = f"{kind}_{len(self.nodes) + 1}"
        self.nodes[made] = ours
        return made

    def _enter(self, node: NodeId) -> None:
        self.inputs.append((INPUT, node))
        self.current, self.addressed = [node], [node]


def _tags(step: Using) -> Iterator[str]:
    """Every tag that is handed over, one or several under a keyword; floDl knows no keywords but the tags."""
    for _, tags in step.refs:
        yield from [tags] if isinstance(tags, str) else tags


def _as_told_to_flodl(flow: Flow) -> list[Step]:
    """The steps as floDl's builder would be told them: it cannot begin with an input, only with a module."""
    steps: list[Step] = [step for step in flow.steps if not isinstance(step, Label)]
    first = next((number for number, step in enumerate(steps) if not isinstance(step, Input)), 0)
    begins = steps and isinstance(steps[first], Word) and steps[first].word == "through"  # type: ignore[union-attr]
    return [steps[first], *steps[:first], *steps[first + 1 :]] if begins else steps
