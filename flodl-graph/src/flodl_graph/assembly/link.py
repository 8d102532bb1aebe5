"""A plan to the frozen graph: every name decided and checked, every reference tied to its value."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator, Mapping
from itertools import chain, count
from typing import Literal, TypeAlias, final

from attrs import define, field
from flodl_core import BuildError
from flodl_core.errors import did_you_mean
from flodl_core.where import Where
from torch import nn

from flodl_graph.assembly.draft import STREAM_IN, Draft, Plan, Port, RefDraft, Slot
from flodl_graph.assembly.record import recorded
from flodl_graph.graph import Graph
from flodl_graph.ir.checks import Given, Names, faults, unknown_tag
from flodl_graph.ir.graph import Carry, GraphIR
from flodl_graph.ir.node import AbstractNode, Part, Value
from flodl_graph.ir.steps import Flow
from flodl_graph.part import once_a_forward

Absence: TypeAlias = Literal["none", "omit", "zeros"]
"""What a module gets for a carried value before there is one: None, nothing at all, or zeros."""


def link(plan: Plan, flow: Flow, reserved: Collection[str]) -> GraphIR:
    """Name the nodes and tie the references; what is wrong is added to the plan's errors.

    Args:
        reserved: Names that every graph has already.
    """
    for draft in plan.drafts:
        draft.name = _name(draft, plan)
    _check_names(plan, reserved)
    _part_namesakes(plan)
    return _Link(plan).run(flow)


def _name(draft: Draft, plan: Plan) -> str:
    """The label of the graph it holds, else its first tag, else its counted name."""
    label = draft.part.label if isinstance(draft.part, Graph) else None
    first = next((tag.name for tag in plan.tags if tag.slot is draft), None)
    return label or first or draft.counted


def _check_names(plan: Plan, reserved: Collection[str]) -> None:
    given = [Given("input" if tag.name in plan.inputs else "tag", tag.name, tag.where) for tag in plan.tags]
    if plan.label is not None:
        given.append(Given("label", plan.label.name, plan.label.where))
    tagged = {tag.slot for tag in plan.tags if isinstance(tag.slot, Draft) and tag.name == tag.slot.name}
    counted = tuple(draft.name for draft in plan.drafts if draft.name == draft.counted and draft not in tagged)
    plan.errors += faults(Names(tuple(given), counted, reserved))
    tags = {tag.name for tag in plan.tags}
    plan.errors += [
        BuildError(f"tag group {name!r} has the name of a tag", where=where, mend="one name for each")
        for name, _, where in plan.groups
        if name in tags
    ]


def _part_namesakes(plan: Plan) -> None:
    """A nested graph's label is a path here: another part cannot have it, the same part takes its counted name."""
    held: dict[str, Draft] = {}
    for draft in plan.drafts:
        if draft.name in held:
            if held[draft.name].part is not draft.part and not _told(plan, draft.name):
                plan.errors.append(
                    BuildError(
                        f"two parts of this graph are called {draft.name!r}",
                        where=draft.where,
                        mend="give the nested graphs different labels, or take another tag",
                    )
                )
            draft.name = draft.counted
        held[draft.name] = draft


def _told(plan: Plan, name: str) -> bool:
    """Whether a name was given twice as a tag, which is an error of its own."""
    return [tag.name for tag in plan.tags].count(name) > 1


@final
@define
class _Link:
    plan: Plan
    values: dict[Slot, Value] = field(factory=dict)
    carries: dict[tuple[str, bool], tuple[Value, Slot]] = field(factory=dict)  # tag and zeros to name, what is carried

    def run(self, flow: Flow) -> GraphIR:
        plan = self.plan
        inputs = (self._stream_name(), *plan.inputs)
        self.values = {STREAM_IN: inputs[0]}
        self.values.update({name: name for name in plan.inputs})
        nodes = tuple(self._node(draft) for draft in plan.drafts)
        return GraphIR(
            inputs=inputs,
            nodes=nodes,
            output=self.values[plan.streams[0]],
            tags=tuple((tag.name, self.values[tag.slot]) for tag in plan.tags if tag.slot in self.values),
            groups=tuple((name, tags) for name, tags, _ in plan.groups),
            carries=tuple(
                Carry(tag=tag, value=self.values[slot], before=before, zeros=zeros)
                for (tag, zeros), (before, slot) in self.carries.items()
            ),
            internal=_internal(plan),
            label=plan.label.name if plan.label else None,
            flow=recorded(flow),
        )

    def _node(self, draft: Draft) -> AbstractNode:
        """The frozen node. A word that joins streams reads what `using` names as further streams, in that order."""
        joins = draft.node.effect == "join"
        streams = tuple(self.values[slot] for slot in draft.streams)
        refs = tuple(self._refs(draft, joins))
        omitted = tuple(dict.fromkeys(word for word, _, absence in refs if absence == "omit"))
        taps = tuple(_taps(self.plan, draft))
        self.values[draft] = draft.name
        self.values.update({Port(draft, port): value for port, value in taps})
        if joins:
            streams, refs = (*streams, *(value for _, value, _ in refs)), ()
            self._check_joins(draft)
        return draft.node(
            name=draft.name,
            streams=streams,
            refs=tuple((word, value) for word, value, _ in refs),
            omitted=omitted,
            results=draft.results,
            on_demand=draft.on_demand,
            taps=taps,
            where=draft.where,
            counted=draft.counted,
            **draft.fields,
        )

    def _refs(self, draft: Draft, joins: bool) -> Iterator[tuple[str, Value, Absence | None]]:
        """Keyword, value, and for a carried value what stands in for it at first."""
        absences = None if joins else _absences(draft.node.addressed(draft.part))
        self._check_required(draft, absences or {})
        for ref in draft.refs:
            absence: Absence | None = "zeros" if absences is None else absences.get(ref.word, absences.get("**"))
            if absence is None:
                accepted = [word for word in absences or () if word != "**"]
                self.plan.errors.append(_unaccepted(draft, ref.word, accepted, ref.where))
            elif ref.slot in self.values:
                yield ref.word, self.values[ref.slot], None
            elif (slot := self.plan.tagged(ref.tag)) is None:
                self.plan.errors.append(self._unknown(ref))
            else:
                value = self._carried(ref.tag, slot, zeros=absence == "zeros")
                alone = [other.word for other in draft.refs].count(ref.word) == 1
                yield ref.word, value, absence if alone or absence == "zeros" else "omit"  # a tuple is whole, or not

    def _unknown(self, ref: RefDraft) -> BuildError:
        """A tag that is not there; or that is one of a graph inside, which must bring it out."""
        error = unknown_tag("using", ref.tag, (tag.name for tag in self.plan.tags), ref.where)
        port = ref.tag.rpartition(".")[2]  # paths are for the graph that is built
        inside = next((draft for draft in self.plan.drafts if port in draft.results[1:]), None)
        if inside is None:
            return error
        mend = f"{inside.name} has it as an output: say tag({port}={port!r}) after it"
        mend += f", and using({port!r})" if port != ref.tag else ""
        return BuildError(error.what, where=error.where, mend=mend)

    def _check_required(self, draft: Draft, absences: Mapping[str, Absence]) -> None:
        """Everything that a module cannot do without is there."""
        given = {ref.word for ref in draft.refs}
        missing = [word for word, absence in absences.items() if absence == "zeros" and word not in given]
        if missing:
            self.plan.errors.append(
                BuildError(
                    f"{draft.name} needs {' and '.join(map(repr, missing))} besides the stream",
                    where=draft.where,
                    mend=f"tag a value and say using({missing[0]}=its_tag)",
                )
            )

    def _carried(self, tag: str, slot: Slot, *, zeros: bool) -> Value:
        """A reference that comes before its tag reads what the call before left there."""
        if (tag, zeros) not in self.carries:
            before = self._free(f"{tag}_before", f"{tag}_before_or_zeros", f"{tag}_of_the_call_before")
            self.carries[tag, zeros] = before, slot
        return self.carries[tag, zeros][0]

    def _check_joins(self, draft: Draft) -> None:
        if len(draft.streams) + len(draft.refs) < 2:
            self.plan.errors.append(
                BuildError(
                    f"{draft.node.word}() joins open branches, and there is one stream",
                    where=draft.where,
                    mend="split() before it, or name what joins it with using()",
                )
            )

    def _stream_name(self) -> str:
        """`x`, unless the user named the bare input, or uses `x` for something else."""
        own = [tag.name for tag in self.plan.tags if tag.slot == STREAM_IN]
        return own[0] if own else self._free("x", "stream", "stream_in")

    def _free(self, *wishes: str) -> str:
        """The first of some names that nothing else has; the last one, with underscores, if all are taken."""
        taken = {draft.name for draft in self.plan.drafts} | {tag.name for tag in self.plan.tags}
        taken |= {before for before, _ in self.carries.values()}
        longer = (wishes[-1] + "_" * number for number in count(1))
        return next(name for name in chain(wishes, longer) if name not in taken)


def _internal(plan: Plan) -> tuple[str, ...]:
    """Tags that nobody outside may read: those said to be internal, and those that begin with an underscore."""
    groups = {name: tags for name, tags, _ in plan.groups}
    tags = [tag.name for tag in plan.tags if tag.name not in plan.inputs]
    said: set[str] = set()
    for name, where in plan.internal:
        if name in plan.inputs:
            plan.errors.append(BuildError(f"internal({name!r}) names an input, which comes from outside", where=where))
        elif name not in tags and name not in groups:
            plan.errors.append(unknown_tag("internal", name, (*tags, *groups), where))
        said.update(groups.get(name, (name,)))
    return tuple(tag for tag in tags if tag in said or tag.startswith("_"))


def _taps(plan: Plan, draft: Draft) -> Iterator[tuple[str, Value]]:
    """Further outputs of a draft that are tagged; of several tags the first is the value's name."""
    named: set[str] = set()
    for tag in plan.tags:
        if isinstance(tag.slot, Port) and tag.slot.draft is draft and tag.slot.name not in named:
            named.add(tag.slot.name)
            yield tag.slot.name, tag.name


@once_a_forward
def _absences(part: Part) -> Mapping[str, Absence] | None:
    """For each keyword that a module's forward takes: what stands in for a value that is not there yet.

    `"**"` stands for any keyword; None when the module cannot be asked.
    """
    try:
        signature = inspect.signature(part.forward if isinstance(part, nn.Module) else part)
    except (ValueError, TypeError):
        return None
    besides_stream = list(signature.parameters.values())[1:]
    named = [p for p in besides_stream if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name != "wanted"]
    absences: dict[str, Absence] = {p.name: _absence(p) for p in named}
    if any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):
        absences["**"] = "omit"
    return absences


def _absence(parameter: inspect.Parameter) -> Absence:
    if parameter.default is parameter.empty:
        return "zeros"
    return "none" if parameter.default is None else "omit"


def _unaccepted(draft: Draft, word: str, accepted: Collection[str], where: Where) -> BuildError:
    hint = did_you_mean(word, accepted) or (f"it takes {', '.join(sorted(accepted))}" if accepted else None)
    return BuildError(
        f"{draft.name} takes no argument {word!r} besides the stream",
        where=where,
        mend=f"{hint}; using(its_name={word!r}) renames" if hint else "a module whose forward takes it",
    )
