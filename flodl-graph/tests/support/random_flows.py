"""Random flows over all words: every stream is [rows, width], every tag of a stream fits every reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, final

from attrs import define, field
from flodl_core import ref
from flodl_graph import FlowBuilder
from hypothesis import strategies as st

WIDTH = 4
MERGES = ("add", "mean", "mul", "max", "min")


@st.composite
def flows(draw: Callable[..., Any]) -> FlowBuilder:
    """A flow of up to nine words, some with flows inside."""
    return Writer(draw, WIDTH, depth=0).flow(draw(st.integers(1, 9)))


@final
@define
class Writer:
    """Writes one flow, and remembers what may be referred to.

    Args:
        tags: Named so far: [rows, width].
        scalars: Named so far: one number, which fits everywhere.
        promised: Referred to, and not named yet.
        serial: Numbers for names; flows inside take theirs from the same.
    """

    draw: Callable[..., Any]
    width: int
    depth: int
    tags: list[str] = field(factory=list)
    scalars: list[str] = field(factory=list)
    promised: list[str] = field(factory=list)
    serial: Iterator[int] = field(factory=count)

    def flow(self, words: int, *, needs: str | None = None) -> FlowBuilder:
        """Write it. `needs`: the one further input that it takes."""
        flow = FlowBuilder()
        if needs is not None:
            flow, self.tags = flow.input(needs), [needs]
        elif self.depth == 0 and self.flip():
            self.tags = [f"side{n}" for n in range(self.number(1, 2))]
            flow = flow.input(*self.tags)
        for _ in range(words):
            flow = self.pick(WORDS)(self, flow)
        for tag in self.promised:
            flow = flow.through("linear", self.width, self.width).tag(tag)
        return flow.label(self.name("net")) if self.flip() else flow

    # choices

    def number(self, least: int, most: int) -> int:
        return int(self.draw(st.integers(least, most)))

    def flip(self) -> bool:
        return bool(self.draw(st.booleans()))

    def pick(self, choices: Any) -> Any:
        return self.draw(st.sampled_from(tuple(choices)))

    def name(self, stem: str) -> str:
        return f"{stem}_{next(self.serial)}"

    def later(self) -> str:
        """A tag that is promised: from here on it is a forward reference."""
        if not self.promised or self.flip():
            self.promised.append(self.name("later"))
        return str(self.pick(self.promised))

    def any_tag(self) -> str:
        """A tag from before, or one that is yet to come."""
        return self.later() if not self.tags or self.number(0, 5) == 0 else str(self.pick(self.tags))

    # modules

    def module(self, width: int | None = None) -> Any:
        """Something from [rows, width] to the same."""
        width = width or self.width
        kinds = ["linear", "tanh", "relu", "layer_norm", "pair", "asked", "flow", "recall"]
        kind = self.pick(kinds if self.depth < 2 else kinds[:4])
        if kind == "flow":
            return self.inside(width).flow(self.number(1, 3))
        if kind in ("linear", "layer_norm"):
            return ref(kind, *[width] * (2 if kind == "linear" else 1))
        return ref(kind, width) if kind == "recall" else kind

    def reader(self) -> Any:
        """Something that takes `other`."""
        match self.number(0, 3 if self.depth < 2 else 2):
            case 0:
                return "blend"
            case 1:
                return ref("recall", self.width)
            case 2:
                return "state_add"
        return self.inside(self.width).flow(self.number(1, 3), needs="other")

    def inside(self, width: int) -> Writer:
        return Writer(self.draw, width, self.depth + 1, serial=self.serial)

    def halt(self) -> Any:
        if self.flip():
            return ref("threshold_halt", threshold=self.pick([-5.0, 0.2, 1.0]))
        return ref("learned_halt", dim=self.width)


def through(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    return flow.through(writer.module())


def tag(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    """A promised name, if there is one; sometimes two names for one value."""
    for _ in range(writer.number(1, 2)):
        name = writer.promised.pop() if writer.promised else writer.name("t")
        flow = flow.tag(name)
        writer.tags.append(name)
    return flow


def refer(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    word = writer.pick(["through", "also"])
    return flow.word(word, writer.reader()).using(other=writer.any_tag())


def refer_to_several(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    names = dict.fromkeys([writer.any_tag(), writer.any_tag(), *writer.scalars[:1]])
    return flow.through("state_add").using(*names).through("tanh")


def also(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    return flow.also(writer.module())


def also_with_skip(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    """A residual with a way round of its own."""
    return flow.also(writer.module(), skip=writer.module())


def fork(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    if writer.flip():
        name = writer.name("scalar")
        writer.scalars.append(name)
        return flow.fork("scalar").tag(name)
    name = writer.name("side")
    writer.tags.append(name)
    if writer.flip():
        return flow.fork(writer.module()).tag(name)
    tag = writer.any_tag()
    return flow.fork(writer.reader()).using(other=tag).tag(name)


def split(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    number = writer.number(2, 3)
    if writer.flip():
        tag = writer.any_tag()
        split = flow.split(*(writer.reader() for _ in range(number))).using(other=tag)
    else:
        split = flow.split(*(writer.module() for _ in range(number)))
    if writer.flip():
        group = writer.name("group")
        split = split.tag_group(group)
        writer.tags += [f"{group}_{index}" for index in range(number)]
    if writer.flip():
        return split.merge(writer.pick(MERGES)).through("tanh")
    return split.merge("cat", dim=-1).through("linear", number * writer.width, writer.width)


def join(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    tags = list(dict.fromkeys(writer.any_tag() for _ in range(writer.number(1, 2))))
    return flow.merge(writer.pick(MERGES)).using(*tags).through("tanh")


def at(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    return flow.at(writer.pick(writer.tags)) if writer.tags else flow.through("tanh")


def loop(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    body = flow.loop_body(writer.reader() if (refers := writer.flip()) else writer.module())
    how = {"per": writer.pick(["batch", "sample"])} | ({"every": 2} if writer.flip() else {})
    match writer.number(0, 2):
        case 0:
            flow = body.for_n(writer.number(1, 3))
        case 1:
            flow = body.while_cond(writer.halt(), writer.number(1, 4), **how)
        case _:
            flow = body.until_cond(writer.halt(), writer.number(1, 4), **how)
    flow = flow.using(other=writer.any_tag()) if refers else flow
    stops_early = "every" in how and how["per"] == "sample"  # then it has fewer states, the last ones being equal
    ports = {port: writer.name(port) for port in ("states", "steps")[stops_early:] if writer.flip()}
    return flow.tag(**ports) if ports else flow


def gate(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    experts = [writer.module() for _ in range(writer.number(2, 3))]
    flow = flow.gate(writer.pick(["softmax_router", "sigmoid_router"]), experts, dim=writer.width)
    flow = flow.using(writer.any_tag()) if writer.flip() else flow
    return flow.tag(weights=writer.name("weights")) if writer.flip() else flow


def switch(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    branches = [writer.module() for _ in range(writer.number(2, 3))]
    if writer.flip():
        flow = flow.switch("fixed_selector", branches, index=writer.number(0, len(branches) - 1))
    else:
        flow = flow.switch("argmax_selector", branches, per=writer.pick(["batch", "sample"]), dim=writer.width)
        flow = flow.using(writer.any_tag()) if writer.flip() else flow
    return flow.tag(index=writer.name("index")) if writer.flip() else flow


def over_rows(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    """Each row on its own; what a body may refer to then is one number for all."""
    if writer.tags and writer.flip():
        return flow.map(writer.module()).over(writer.pick(writer.tags))
    if writer.scalars and writer.flip():
        return flow.map("blend").each().using(other=writer.pick(writer.scalars))
    return flow.map(writer.module()).each()


def over_slices(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    slices = writer.pick([n for n in (1, 2, 4) if writer.width % n == 0])
    body = flow.map(writer.module(writer.width // slices))
    return (body.batched() if writer.flip() else body).slices(slices)


def outputs(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    """A module's further output as a value of its own."""
    name = writer.name("weight")
    writer.tags.append(name)
    return flow.word(writer.pick(["through", "also"]), writer.pick(["pair", "asked"])).tag(weight=name)


def from_inside(writer: Writer, flow: FlowBuilder) -> FlowBuilder:
    """A tag of a flow inside as an output of the whole."""
    if writer.depth > 1:
        return flow.through("tanh")
    inside, name = writer.inside(writer.width), writer.name("brought")
    body = inside.flow(writer.number(1, 3))
    brought = [tag for tag in inside.tags if tag.startswith(("side_", "group_", "weight_"))]  # none names an input
    if not brought:
        return flow.through(body)
    writer.tags.append(name)
    return flow.through(body).tag(**{writer.pick(brought): name})


WORDS = (
    through, tag, tag, refer, refer_to_several, also, also_with_skip, fork, split, join, at, loop, gate, switch,
    over_rows, over_slices, outputs, from_inside,
)  # fmt: skip
