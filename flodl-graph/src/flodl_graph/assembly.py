"""From words to a graph: one pass over the steps, then names, then checks; all faults together."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, TypeAlias, final

from attrs import define, field
from flodl_core import BuildError, FlodlError, PluginError, components
from flodl_core.errors import did_you_mean, join_errors
from flodl_core.where import Where
from torch import nn

from flodl_graph.graph import RESERVED, Graph
from flodl_graph.ir.checks import Given, Names, faults, unknown_tag
from flodl_graph.ir.graph import GraphIR
from flodl_graph.ir.node import AbstractNode, Part
from flodl_graph.ir.steps import Flow, Input, Label, Step, Tag, TagGroup, Using, Word
from flodl_graph.naming import Counters, component_name
from flodl_graph.recipes import bound_words, made_of_data, said_component

Slot: TypeAlias = "str | _Draft"
"""A value before names are final: a parameter of `forward`, or the node that makes it."""


def assemble(flow: Flow) -> Graph:
    """Make the modules of a flow, in word order, and the graph that holds them.

    Raises:
        BuildError: Everything that is wrong, each with the user's line.
    """
    return _Assembly().run(flow)


@final
@define(eq=False)
class _Draft:
    """A node while its names are still open."""

    node: type[AbstractNode]
    fields: dict[str, Any]
    part: Part
    counted: str
    streams: list[Slot]
    where: Where
    refs: list[tuple[str, str, Where]] = field(factory=list)  # keyword, tag, line
    name: str = ""


@final
@define
class _Assembly:
    """What is known while the words are read, one after the other."""

    drafts: list[_Draft] = field(factory=list)
    streams: list[Slot] = field(factory=lambda: [""])  # the open ones; "" is forward's first parameter
    addressed: list[_Draft] | None = field(factory=list)  # what `using` speaks to; None: a word that failed
    inputs: list[str] = field(factory=list)
    tags: list[tuple[str, Slot, Where]] = field(factory=list)
    groups: list[tuple[str, tuple[str, ...]]] = field(factory=list)
    label: Label | None = None
    counters: Counters = field(factory=Counters)
    errors: list[FlodlError] = field(factory=list)

    def run(self, flow: Flow) -> Graph:
        for step in flow.steps:
            try:
                self._take(step)
            except FlodlError as error:
                self.errors += [_placed(part, step.where) for part in error.parts]
        self._finish_streams(flow)
        self._name()
        if self.errors:
            raise join_errors(list({str(error): error for error in self.errors}.values()))
        return Graph(self._ir(flow), {draft.name: draft.part for draft in self.drafts})

    def _take(self, step: Step) -> None:
        match step:
            case Word():
                self._word(step)
            case Tag():
                self.tags.append((step.name, self._stream("tag"), step.where))
            case TagGroup():
                self._tag_group(step)
            case Using():
                self._using(step)
            case Input():
                self._input(step)
            case Label():
                self.label = step

    def _word(self, step: Word) -> None:
        self.addressed = None
        node = _node_class(step)
        if node.effect == "branch":
            self.addressed = self._branches(node, step)
        elif node.effect == "join":
            streams, self.streams = self._all_streams(step), [""]  # joined, even if the op turns out wrong
            self.addressed = [self._draft(node, step, streams)]
        else:
            self.addressed = [self._draft(node, step, [self._stream(step.word)])]
        self.streams = list(self.addressed)

    def _branches(self, node: type[AbstractNode], step: Word) -> list[_Draft]:
        stream = self._stream(step.word)
        if len(step.args) < 2:
            raise BuildError(
                f"{step.word}() opens at least 2 branches, got {len(step.args)}", mend="use through() for one module"
            )
        self.streams = [""] * len(step.args)  # open, even if a module turns out wrong
        each = [Word(word=step.word, args=(arg,), kwargs=step.kwargs, where=step.where) for arg in step.args]
        return [self._draft(node, one, [stream]) for one in each]

    def _draft(self, node: type[AbstractNode], step: Word, streams: list[Slot]) -> _Draft:
        fields, part = _asked(node, step, bound_words(node, step, assemble))
        noun = (said_component(node, step) or component_name(part)) if node.named_by_part else node.word
        counted = self.counters.next(noun)
        draft = _Draft(node, fields, part, counted, streams, step.where)
        self.drafts.append(draft)
        return draft

    def _tag_group(self, step: TagGroup) -> None:
        if len(self.streams) < 2:
            raise BuildError(
                "tag_group() names open branches, and there is one stream", mend="use tag() for one stream"
            )
        names = tuple(f"{step.name}_{index}" for index in range(len(self.streams)))
        self.tags += [(name, slot, step.where) for name, slot in zip(names, self.streams, strict=True)]
        self.groups.append((step.name, names))

    def _using(self, step: Using) -> None:
        if self.addressed is None:
            return
        if not self.addressed:
            raise BuildError(
                "using() speaks to the module written last, and there is none", mend="put it after through()"
            )
        for draft in self.addressed:
            for word, tag in step.refs:
                if any(word == other for other, _, _ in draft.refs):
                    raise BuildError(f"using() gives {word!r} twice to one module", mend=f"using(other_name={tag!r})")
                draft.refs.append((word, tag, step.where))

    def _input(self, step: Input) -> None:
        self.inputs += step.names
        self.tags += [(name, name, step.where) for name in step.names]

    def _stream(self, word: str) -> Slot:
        if len(self.streams) != 1:
            raise BuildError(
                f"{word}() takes one stream, {len(self.streams)} branches are open", mend="merge() them first"
            )
        return self.streams[0]

    def _all_streams(self, step: Word) -> list[Slot]:
        if len(self.streams) < 2:
            raise BuildError(f"{step.word}() joins open branches, and there is one stream", mend="split() before it")
        return self.streams

    def _finish_streams(self, flow: Flow) -> None:
        if len(self.streams) != 1:
            self.errors.append(
                BuildError(
                    f"the flow ends with {len(self.streams)} open branches",
                    where=flow.steps[-1].where,
                    mend='end it with merge("add") or another op',
                )
            )

    def _name(self) -> None:
        """Label, else first tag, else the counted name; then every name is checked."""
        for draft in self.drafts:
            tags = [name for name, slot, _ in self.tags if slot is draft]
            label = draft.part.label if isinstance(draft.part, Graph) else None
            draft.name = label or (tags[0] if tags else draft.counted)
        self._check_names()
        self._check_labels()
        self._check_refs()

    def _check_names(self) -> None:
        given = [Given("input" if name in self.inputs else "tag", name, where) for name, _, where in self.tags]
        if self.label is not None:
            given.append(Given("label", self.label.name, self.label.where))
        counted = tuple(draft.name for draft in self.drafts if draft.name == draft.counted)
        self.errors += faults(Names(tuple(given), counted, RESERVED))

    def _check_labels(self) -> None:
        """A nested graph's label is a path here: no other node may have it."""
        held: dict[str, _Draft] = {}
        for draft in self.drafts:
            if draft.name in held and held[draft.name].part is not draft.part:
                self.errors.append(
                    BuildError(
                        f"two parts of this graph are called {draft.name!r}",
                        where=draft.where,
                        mend="give the nested graphs different labels, or another tag",
                    )
                )
            if draft.name in held:
                draft.name = draft.counted
            held[draft.name] = draft

    def _check_refs(self) -> None:
        known = {name: slot for name, slot, _ in self.tags}
        made: set[Slot] = {"", *self.inputs}
        for draft in self.drafts:
            if draft.refs:
                self._check_refs_of(draft, known, made)
            made.add(draft)

    def _check_refs_of(self, draft: _Draft, known: dict[str, Slot], made: set[Slot]) -> None:
        accepted = _keywords(draft.part)
        for word, tag, where in draft.refs:
            slot = known.get(tag)
            if slot is None:
                self.errors.append(unknown_tag(tag, known, where))
            elif slot not in made:
                self.errors.append(
                    BuildError(
                        f"using({tag!r}) comes before the value it names", where=where, mend=f"tag({tag!r}) earlier"
                    )
                )
            if draft.node.effect != "join" and accepted is not None and word not in accepted:
                self.errors.append(_unaccepted(draft, word, accepted, where))

    def _ir(self, flow: Flow) -> GraphIR:
        tags = {name: slot for name, slot, _ in self.tags}
        inputs = (self._first_input(), *self.inputs)
        names: dict[Slot, str] = {"": inputs[0], **{name: name for name in self.inputs}}
        value: dict[Slot, str] = {draft: draft.name for draft in self.drafts}
        value.update(names)
        nodes = [_node(draft, value, tags) for draft in self.drafts]
        return GraphIR(
            inputs=inputs,
            nodes=tuple(nodes),
            output=value[self.streams[0]],
            tags=tuple((name, value[slot]) for name, slot, _ in self.tags),
            groups=tuple(self.groups),
            label=self.label.name if self.label else None,
            flow=flow if all(made_of_data(step) for step in flow.steps if isinstance(step, Word)) else None,
        )

    def _first_input(self) -> str:
        """`x`, unless the user named the bare input, or uses `x` for something else."""
        own = [name for name, slot, _ in self.tags if slot == ""]
        taken = {draft.name for draft in self.drafts} | {name for name, slot, _ in self.tags if slot != ""}
        return next(name for name in (*own, "x", "stream", "stream_in", "x_in") if name not in taken)


def _node_class(step: Word) -> type[AbstractNode]:
    component = components.find("word", step.word)
    node = component.load()
    if not (inspect.isclass(node) and issubclass(node, AbstractNode)):
        raise PluginError(
            f"word {step.word!r} is no subclass of AbstractNode",
            where=f"{component.spec.target}, of {component.origin}",
        )
    return node


def _asked(node: type[AbstractNode], step: Word, words: dict[str, Any]) -> tuple[dict[str, Any], Part]:
    """Ask the word for its node; whatever it raises is told at the user's line."""
    try:
        return node.from_words(**words)
    except FlodlError:
        raise
    except Exception as error:
        raise BuildError(f"{step.word}() failed: {type(error).__name__}: {error}") from error


def _node(draft: _Draft, value: dict[Slot, str], tags: dict[str, Slot]) -> AbstractNode:
    """The frozen node. A word that joins streams reads what `using` names as further streams, in that order."""
    refs = tuple((word, value[tags[tag]]) for word, tag, _ in draft.refs)
    streams = tuple(value[slot] for slot in draft.streams)
    if draft.node.effect == "join":
        streams, refs = (*streams, *(read for _, read in refs)), ()
    return draft.node(name=draft.name, streams=streams, refs=refs, where=draft.where, **draft.fields)


def _keywords(part: Part) -> frozenset[str] | None:
    """The keywords that a module's forward takes; None when it takes any, or cannot be asked."""
    try:
        signature = inspect.signature(part.forward if isinstance(part, nn.Module) else part)
    except (ValueError, TypeError):
        return None
    parameters: Sequence[inspect.Parameter] = list(signature.parameters.values())
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    return frozenset(named[1:])  # the first is the stream


def _unaccepted(draft: _Draft, word: str, accepted: frozenset[str], where: Where) -> BuildError:
    hint = did_you_mean(word, accepted) or (f"it takes {', '.join(sorted(accepted))}" if accepted else None)
    return BuildError(
        f"{draft.name} takes no argument {word!r} besides the stream",
        where=where,
        mend=f"{hint}; using(its_name={word!r}) renames" if hint else "a module whose forward takes it",
    )


def _placed(error: FlodlError, where: Where) -> FlodlError:
    """The same error at the user's line; a place of its own that is not the user's goes into the text."""
    if isinstance(error.where, Where):
        return error
    what = error.what if error.where is None else f"{error.what} ({error.where})"
    placed = type(error)(what, where=where, mend=error.mend)
    placed.__cause__ = error.__cause__
    return placed
