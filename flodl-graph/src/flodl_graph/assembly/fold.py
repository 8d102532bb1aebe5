"""The words, taken one after the other, to a plan. A word that fails is told, and the rest is read on."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache
from typing import Any, final

from attrs import define, field
from flodl_core import BuildError, Component, FlodlError, PluginError, components
from flodl_core.errors import did_you_mean
from flodl_core.where import Where

from flodl_graph.assembly.draft import STREAM_IN, Draft, Plan, Port, RefDraft, Slot, TagDraft
from flodl_graph.assembly.naming import Counters, component_name
from flodl_graph.assembly.recipes import Find, Nested, bound_words, said_component
from flodl_graph.ir.checks import unknown_tag
from flodl_graph.ir.node import AbstractNode, Part
from flodl_graph.ir.placed import placed
from flodl_graph.ir.steps import At, Flow, Input, Internal, Label, Step, Tag, TagGroup, Using, Word
from flodl_graph.ports import makes_on_demand, outputs_of


def fold(flow: Flow, build: Nested) -> Plan:
    """Read a flow; what is wrong with it is in the plan's errors.

    Args:
        build: Makes a nested flow.
    """
    return _Fold(build).run(flow)


@final
@define
class _Fold:
    build: Nested
    plan: Plan = field(factory=Plan)
    addressed: list[Draft] | None = field(factory=list)  # what `using` speaks to; None: a word that failed
    side: Draft | None = None  # a side branch that the next tag names
    steps: Sequence[Step] = ()  # the whole flow
    counters: Counters = field(factory=Counters)
    find: Find = field(factory=lambda: cache(components.find))  # each name is looked up once

    def run(self, flow: Flow) -> Plan:
        self.steps = flow.steps
        for step in flow.steps:
            try:
                self._take(step)
            except FlodlError as error:
                self.plan.errors += [placed(part, step.where) for part in error.parts]
        if flow.steps:
            self._close(flow.steps[-1].where)
        return self.plan

    def _take(self, step: Step) -> None:
        match step:
            case Word():
                self._word(step)
            case Tag():
                self._tag(step)
            case TagGroup():
                self._tag_group(step)
            case Using():
                self._using(step)
            case At():
                self._at(step)
            case Input():
                self.plan.inputs += step.names
                self.plan.tags += [TagDraft(name, name, step.where) for name in step.names]
            case Label():
                self.plan.label = step
            case Internal():
                self.plan.internal += [(name, step.where) for name in step.names]

    def _word(self, step: Word) -> None:
        self.addressed = None
        self._needs_no_tag()
        node = _node_class(self.find("word", step.word))
        match node.effect:
            case "branch":
                self.addressed = self._branches(node, step)
            case "join":
                streams, self.plan.streams = self.plan.streams, [STREAM_IN]  # joined, even if the op turns out wrong
                self.addressed = [self._draft(node, step, streams)]
            case "advance" | "side":
                self.addressed = [self._draft(node, step, [self._stream(step.word)])]
        if node.effect == "side":
            self.side = self.addressed[0]
        else:
            self.plan.streams = list(self.addressed)

    def _branches(self, node: type[AbstractNode], step: Word) -> list[Draft]:
        stream = self._stream(step.word)
        if len(step.args) < 2:
            self.plan.streams = [STREAM_IN] * 2  # that they cannot be merged is no further mistake
            listed = isinstance(next(iter(step.args), None), list)
            raise BuildError(
                f"{step.word}() opens at least 2 branches, got {'a list' if listed else len(step.args)}",
                mend=f"{step.word}(a, b): one after the other" if listed else "use through() for one module",
            )
        self.plan.streams = [STREAM_IN] * len(step.args)  # open, even if a module turns out wrong
        each = [Word(word=step.word, args=(arg,), kwargs=step.kwargs, where=step.where) for arg in step.args]
        return [self._draft(node, one, [stream]) for one in each]

    def _draft(self, node: type[AbstractNode], step: Word, streams: list[Slot]) -> Draft:
        words = bound_words(node, step, self.build)
        fields, part = _asked(node, step, words)
        said = said_component(node, step, self.find) if node.noun is None else None
        noun = node.noun if node.noun is not None else said.name if said else component_name(node.addressed(part))
        counted = self.counters.next(noun or node.word)
        made_of_it = any(part is value for value in words.values())
        results = outputs_of(part, said if made_of_it else None) or (("stream", *node.outputs) if node.outputs else ())
        on_demand = bool(results) and makes_on_demand(part)
        draft = Draft(node, fields, part, counted, results, on_demand, streams, step.where)
        self.plan.drafts.append(draft)
        return draft

    def _tag(self, step: Tag) -> None:
        named: Slot = self.side or self._stream("tag")
        self.side = None
        if step.name is not None:
            self.plan.tags.append(TagDraft(step.name, named, step.where))
        for port, tag in step.ports:
            self.plan.tags.append(TagDraft(tag, self._port(port, step.where) or named, step.where))

    def _port(self, port: str, where: Where) -> Port | None:
        """A further output; None where there is none, which is told: that its name is used is no further mistake."""
        if self.addressed is None:  # nor is it what a word would have that failed
            return None
        draft = self.addressed[0] if self.addressed else None
        further = draft.results[1:] if draft else ()
        if draft is None or port not in further:
            self.plan.errors.append(placed(_no_port(draft, port, further), where))
            return None
        return Port(draft, port)

    def _tag_group(self, step: TagGroup) -> None:
        streams = self.plan.streams
        if len(streams) < 2:
            raise BuildError(
                "tag_group() names open branches, and there is one stream", mend="use tag() for one stream"
            )
        if any(step.name == name for name, _, _ in self.plan.groups):
            raise BuildError(f"tag group {step.name!r} is given twice", mend="two names for two groups")
        names = tuple(f"{step.name}_{index}" for index in range(len(streams)))
        self.plan.tags += [TagDraft(name, slot, step.where) for name, slot in zip(names, streams, strict=True)]
        self.plan.groups.append((step.name, names, step.where))

    def _using(self, step: Using) -> None:
        if self.addressed is None:
            return
        if not self.addressed:
            raise BuildError(
                "using() speaks to the module written last, and there is none", mend="put it after through()"
            )
        for draft in self.addressed:
            for word, tags in step.refs:
                if any(word == other.word for other in draft.refs):
                    raise BuildError(f"using() gives {word!r} twice to one module", mend=f"using(other_name={tags!r})")
                for tag in [tags] if isinstance(tags, str) else tags:
                    draft.refs.append(RefDraft(word, tag, self.plan.tagged(tag), step.where))

    def _at(self, step: At) -> None:
        self._needs_no_tag()
        self._stream("at")
        slot = self.plan.tagged(step.tag)
        if slot is None:
            raise self._nowhere(step)
        self.plan.streams, self.addressed = [slot], []

    def _nowhere(self, step: At) -> BuildError:
        tags = [other for other in self.steps if isinstance(other, Tag)]
        if any(step.tag in (other.name, *dict(other.ports).values()) for other in tags):
            what = f"{step.said}({step.tag!r}) goes on from a tag that comes later"
            return BuildError(what, mend=f"tag({step.tag!r}) first; using() alone reads what the call before left")
        return unknown_tag(step.said, step.tag, (tag.name for tag in self.plan.tags))

    def _stream(self, word: str) -> Slot:
        if len(self.plan.streams) != 1:
            raise BuildError(
                f"{word}() takes one stream, {len(self.plan.streams)} branches are open", mend="merge() them first"
            )
        return self.plan.streams[0]

    def _needs_no_tag(self) -> None:
        side, self.side = self.side, None
        if side is not None:
            self.plan.errors.append(
                BuildError(f"{side.counted} beside the stream is never used", where=side.where, mend="tag() it")
            )

    def _close(self, where: Where) -> None:
        self._needs_no_tag()
        if len(self.plan.streams) != 1:
            self.plan.errors.append(
                BuildError(
                    f"the flow ends with {len(self.plan.streams)} open branches",
                    where=where,
                    mend='end it with merge("add") or another op',
                )
            )


def _no_port(draft: Draft | None, port: str, further: Sequence[str]) -> BuildError:
    subject = "the input" if draft is None else getattr(draft.part, "label", None) or draft.counted
    what = f"{subject} has no output {port!r} besides the stream"
    if draft is not None and port in getattr(getattr(draft.part, "ir", None), "internal", ()):
        return BuildError(f"{what}: it is internal to it", mend="without internal(), and without a leading underscore")
    nearest = did_you_mean(port, further) or f"it has {', '.join(further)}"
    return BuildError(what, mend=nearest if further else f"tag({port!r}) names the stream")


def _node_class(component: Component) -> type[AbstractNode]:
    node = component.load()
    if not (inspect.isclass(node) and issubclass(node, AbstractNode)):
        raise PluginError(
            f"word {component.name!r} is no subclass of AbstractNode",
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
