"""The user's words. Each returns a new builder: a parent link and one more frozen step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, final

from attrs import evolve
from flodl_core import BuildError, Reference, UnknownComponent, as_reference, components
from flodl_core.reference import Ref
from flodl_core.where import Where, caller
from torch import Tensor

from flodl_graph.assembly.assemble import assemble
from flodl_graph.graph import Graph
from flodl_graph.ir.steps import At, Flow, Input, Internal, Label, Step, Tag, TagGroup, Using, Word
from flodl_graph.text.tables import Places, flow_of
from flodl_graph.text.toml import read_toml

Module: TypeAlias = Reference
"""Where a module is due: one, a function, a registered name, a `ref`, or an unbuilt `FlowBuilder`.

An object is itself (used twice: shared weights). A name, a ref and a builder are recipes: each
place gets a module of its own, made by `build()`.
"""

Per: TypeAlias = Literal["batch", "sample"]
"""Who decides, where something is chosen or stopped: the whole batch as one, or each row for itself."""


class _Chain:
    """Steps so far, as a link to the builder before and one step. Never changes."""

    __slots__ = ("_parent", "_step")

    _parent: _Chain | None
    _step: Step | None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__} never changes; each word returns a new one")

    def _link(self, parent: _Chain | None, step: Step | None) -> None:
        object.__setattr__(self, "_parent", parent)
        object.__setattr__(self, "_step", step)

    def flow(self) -> Flow:
        """Everything said so far, as frozen data."""
        steps: list[Step] = []
        link: _Chain | None = self
        while link is not None:
            if link._step is not None:
                steps.append(link._step)
            link = link._parent
        return Flow(tuple(reversed(steps)))


@final
class FlowBuilder(_Chain):
    r"""A network described as data flow, word by word.

    The builder never changes: each word returns a new one, so that flows can share a beginning.

    Args:
        module: The first module, as for `through`; left out: the bare input.
        args: Arguments of its constructor, when it is given by name.
        kwargs: Keyword arguments of its constructor, likewise.

    >>> model = FlowBuilder("linear", 2, 16).through("gelu").also("linear", 16, 16).label("small").build()
    >>> print("\n".join(line.split("#")[0].rstrip() for line in model.code.splitlines()))
    def forward(self, x):
        x = self.linear_1(x)
        x = self.gelu_1(x)
        x = x + self.linear_2(x)
        return x
    """

    __slots__ = ()

    def __init__(self, module: Module = None, *args: Any, **kwargs: Any) -> None:
        given = module is not None or args or kwargs
        self._link(None, _word_step("through", (_recipe(module, args, kwargs),), {}) if given else None)

    @classmethod
    def from_tables(
        cls,
        tables: Sequence[Mapping[str, Any]],
        where: Places | None = None,
        *,
        label: str | None = None,
        inputs: Sequence[str] = (),
    ) -> FlowBuilder:
        """A flow read from tables of plain data, as a TOML file holds them: see `flodl_graph.text`.

        Args:
            where: The user's place of the n-th table, for messages; default: the calling line.
            label: The graph's name.
            inputs: Further parameters of forward.

        Raises:
            BuildError: Tables that are no words; all of them, together.
        """
        here = caller()
        return _grown(flow_of(tables, where or (lambda _: here), label=label, inputs=inputs))

    @classmethod
    def from_toml(cls, text: str, file: str | None = None) -> FlowBuilder:
        """A flow read from TOML text, as `Graph.to_toml` writes it.

        Args:
            file: Where the text comes from, for messages; default: the calling line.

        Raises:
            BuildError: It is no TOML, or no flow; all faults together.
        """
        return _grown(read_toml(text, caller() if file is None else Where(file)))

    def word(self, word: str, *args: Any, **kwargs: Any) -> FlowBuilder:
        """Any registered word, by name: `.word("highway", ref("linear", 8, 8), dim=8)`.

        Keyword arguments that the word does not know go to the constructor of its first argument,
        where that is a name.
        """
        return self._then(_word_step(word, args, kwargs))

    def through(self, module: Module, *args: Any, **kwargs: Any) -> FlowBuilder:
        """Pass the stream on through a module: `.through("linear", 2, 16, bias=False)`.

        Args:
            module: A module, a function, a name, a ref or an unbuilt builder.
            args: Arguments of the constructor, when `module` is a name.
            kwargs: Keyword arguments of the constructor, likewise.
        """
        return self._then(_word_step("through", (_recipe(module, args, kwargs),), {}))

    def also(self, module: Module, *args: Any, skip: Module = None, **kwargs: Any) -> FlowBuilder:
        """Add a module's output to the stream, a residual connection: `stream + module(stream)`.

        A tag after it names the sum.

        Args:
            module: As for `through`, with its constructor's arguments.
            skip: A module for the way round, where the shape changes: `skip(stream) + module(stream)`;
                with arguments inside a `ref`.
        """
        round_it = {} if skip is None else {"skip": skip}
        return self._then(_word_step("also", (_recipe(module, args, kwargs),), round_it))

    def fork(self, module: Module, *args: Any, **kwargs: Any) -> Fork:
        """Feed a side branch, which the `tag` that must follow names; the stream goes on unchanged.

        Args: as for `through`.
        """
        return _fork(self, _word_step("fork", (_recipe(module, args, kwargs),), {}))

    def gate(self, router: Module, experts: Sequence[Module], **kwargs: Any) -> FlowBuilder:
        """Run every expert and blend them by the router's weights: `.gate("softmax_router", [a, b], dim=16)`.

        Args:
            router: As for `through`; made of a name it is told how many experts there are.
            experts: At least two, each as for `through`, with arguments inside a `ref`.
            kwargs: Keyword arguments of the router's constructor, when it is given by name.
        """
        return self._then(_word_step("gate", (_recipe(router, (), kwargs), experts), {}))

    def switch(self, selector: Module, branches: Sequence[Module], *, per: Per = "batch", **kwargs: Any) -> FlowBuilder:
        """Run the branch that the selector chooses: `.switch("argmax_selector", [light, heavy], dim=16)`.

        Args:
            selector: As for `through`; made of a name it is told how many branches there are.
            branches: At least two, each as for `through`, with arguments inside a `ref`.
            per: `"batch"`: one index for all; `"sample"`: an index for each row, and nothing waits for the host.
            kwargs: Keyword arguments of the selector's constructor, when it is given by name.
        """
        return self._then(_word_step("switch", (_recipe(selector, (), kwargs), branches), {"per": per}))

    def loop_body(self, module: Module, *args: Any, **kwargs: Any) -> LoopBody:
        """Feed a module its own output; `for_n`, `while_cond` or `until_cond` says how long.

        Args: as for `through`.
        """
        return LoopBody(self, _recipe(module, args, kwargs))

    def map(self, module: Module, *args: Any, **kwargs: Any) -> MapBody:
        """Apply a module to parts of the stream; `each`, `over` or `slices` says which.

        Args: as for `through`.
        """
        return MapBody(self, _recipe(module, args, kwargs))

    def merge(self, op: Reference, *args: Any, **kwargs: Any) -> FlowBuilder:
        """Join the stream with what `using` names after it, in that order: `.merge("cat", dim=1).using("skip")`.

        Args: as for `Split.merge`.
        """
        return self._then(_word_step("merge", (_recipe(op, args, kwargs),), {}))

    def split(self, *modules: Module) -> Split:
        """Feed the stream to several modules; the branches stay open until `merge`.

        Args:
            modules: At least two, each as for `through`, with arguments inside a `ref`.
        """
        return _split(self, _word_step("split", modules, {}))

    def using(self, *tags: str, **renamed: str | Sequence[str]) -> FlowBuilder:
        """Hand tagged values to the module written last: `using("h")` passes `h=`, `using(hx="h")` passes `hx=`.

        Several tags under one name arrive as a tuple: `using(hx=("h", "c"))`.
        """
        return self._then(_using_step(tags, renamed))

    def tag(self, name: str | None = None, **ports: str) -> FlowBuilder:
        """Name the stream as it is here. The first tag also names the node, and so its path and its parameters.

        Args:
            name: The stream's name.
            ports: Names for further outputs of the module written last: `.tag("out", weights="w")`.
        """
        return self._then(_tag_step(name, ports))

    def at(self, tag: str) -> FlowBuilder:
        """Let the stream go on from a tag or an input; what it was stays readable by its own tag."""
        where = caller()
        return self._then(At(tag=_name("at", tag, where), where=where))

    def input(self, *names: str) -> FlowBuilder:
        """Further parameters of `forward`, after the stream; each is a tag too."""
        where = caller()
        return self._then(Input(names=tuple(_name("input", name, where) for name in names), where=where))

    def label(self, name: str) -> FlowBuilder:
        """The graph's own name, which is its path inside another graph."""
        where = caller()
        return self._then(Label(name=_name("label", name, where), where=where))

    def internal(self, *tags: str) -> FlowBuilder:
        """Keep tags, or tag groups, to this graph: a graph around it can neither read them nor sees their paths.

        Tags that begin with an underscore are internal anyway.
        """
        where = caller()
        return self._then(Internal(names=tuple(_name("internal", tag, where) for tag in tags), where=where))

    def build(self, *example: str | Tensor, **named: str | Tensor) -> Graph:
        """Make every module, in word order, and the graph that holds them.

        Args:
            example: Shapes to run through it at once, `"f32[B,2]"`, or tensors: see `Graph.check`.
            named: Shapes of further inputs.

        Raises:
            FlodlError: Everything that is wrong, each with your file and line. Nothing is half built.
        """
        graph = assemble(self.flow())
        if example or named:
            graph.check(*example, **named)
        return graph

    def _then(self, step: Step) -> FlowBuilder:
        return _extended(self, step)

    if not TYPE_CHECKING:  # for people at a prompt; type checkers know `.word("highway", ...)`

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            if hasattr(Graph, name):
                raise AttributeError(f"a FlowBuilder has no {name!r} yet, the graph has: build() it first")
            try:
                components.find("word", name)
            except UnknownComponent as error:
                raise AttributeError(f"FlowBuilder has no word {name!r}; {error.mend}") from None
            return partial(self.word, name)

        def __call__(self, *inputs: Any, **named: Any) -> Any:
            """Say that this is no network yet."""
            raise BuildError("a FlowBuilder is not a network yet", where=caller(), mend="call what build() returns")


@final
class Fork(_Chain):
    """A side branch. It can be given references, and must be named: nothing else could ever read it."""

    __slots__ = ()

    def using(self, *tags: str, **renamed: str | Sequence[str]) -> Fork:
        """Hand tagged values to the side branch, as `FlowBuilder.using` does to a module."""
        return _fork(self, _using_step(tags, renamed))

    def tag(self, name: str | None = None, **ports: str) -> FlowBuilder:
        """Name the side branch, and further outputs of its module; the stream goes on before it."""
        return _extended(self, _tag_step(name, ports))


@final
class Split(_Chain):
    """Open branches. They can be named and given references, and must be merged to go on."""

    __slots__ = ()

    def using(self, *tags: str, **renamed: str | Sequence[str]) -> Split:
        """Hand tagged values to every branch, as `FlowBuilder.using` does to one module."""
        return _split(self, _using_step(tags, renamed))

    def tag_group(self, name: str) -> Split:
        """Name the branches `name_0`, `name_1`, ..."""
        where = caller()
        return _split(self, TagGroup(name=_name("tag_group", name, where), where=where))

    def merge(self, op: Reference, *args: Any, **kwargs: Any) -> FlowBuilder:
        """Join the branches, in order: `.merge("mean")`, `.merge("cat", dim=1)`.

        Args:
            op: A registered merge op, a ref to one, or any function of the branches.
            args: Arguments of its factory, when it is given by name.
            kwargs: Keyword arguments of its factory, likewise.
        """
        return _extended(self, _word_step("merge", (_recipe(op, args, kwargs),), {}))


@final
class LoopBody:
    """A loop that has yet to be told how long it runs."""

    __slots__ = ("_body", "_parent")

    def __init__(self, parent: FlowBuilder, body: Module) -> None:
        self._parent, self._body = parent, body

    def for_n(self, n: int) -> FlowBuilder:
        """Run exactly `n` times."""
        return self._loop(for_n=n)

    def while_cond(
        self, condition: Module, most: int, *, per: Per = "batch", every: int | None = None, **kwargs: Any
    ) -> FlowBuilder:
        """Ask before each turn; a signal above 0 means stop: `.while_cond("threshold_halt", 10, threshold=5.0)`.

        Args:
            condition: As for `through`; called with the state.
            most: At most so many turns.
            per: `"batch"`: stop when every element is > 0; `"sample"`: a row that has stopped keeps its state.
            every: Let the host look whether all has stopped after so many turns only; the result is the
                same. Without it the host looks each turn per batch, and never per sample.
            kwargs: Keyword arguments of the condition's constructor, when it is given by name.
        """
        return self._loop(while_cond=_recipe(condition, (), kwargs), most=most, per=per, every=every)

    def until_cond(
        self, condition: Module, most: int, *, per: Per = "batch", every: int | None = None, **kwargs: Any
    ) -> FlowBuilder:
        """Ask after each turn but the last; otherwise as `while_cond`."""
        return self._loop(until_cond=_recipe(condition, (), kwargs), most=most, per=per, every=every)

    def _loop(self, **options: Any) -> FlowBuilder:
        return self._parent._then(_word_step("loop_body", (self._body,), options))


@final
class MapBody:
    """A map that has yet to be told over what it goes."""

    __slots__ = ("_batched", "_body", "_parent")

    def __init__(self, parent: FlowBuilder, body: Module, *, batched: bool = False) -> None:
        self._parent, self._body, self._batched = parent, body, batched

    def batched(self) -> MapBody:
        """Give the module everything at once: it treats rows alike, you promise."""
        return MapBody(self._parent, self._body, batched=True)

    def each(self) -> FlowBuilder:
        """Over the elements of the first dimension, each kept as a batch of one."""
        return self._map(self._parent)

    def over(self, tag: str) -> FlowBuilder:
        """Over the elements of a tagged value; the stream goes on from the result."""
        return self._map(self._parent.at(tag))

    def slices(self, n: int) -> FlowBuilder:
        """Over `n` equal slices of the last dimension."""
        return self._map(self._parent, slices=n)

    def _map(self, parent: FlowBuilder, **options: Any) -> FlowBuilder:
        return parent._then(_word_step("map", (self._body,), {**options, "batched": self._batched}))


def _unfinished(what: str, mend: str) -> Any:
    """`__getattr__` of a word that is half said."""

    def getattr_(self: object, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(f"{what}, and has no {name!r} yet; {mend}")

    return getattr_


if not TYPE_CHECKING:  # type checkers see that these have nothing more
    Fork.__getattr__ = _unfinished("fork() opened a side branch", "tag() it first")
    Split.__getattr__ = _unfinished("split() opened branches", "merge() them first")
    LoopBody.__getattr__ = _unfinished("loop_body() begins a loop", "say for_n(3), while_cond() or until_cond() first")
    MapBody.__getattr__ = _unfinished("map() begins a map", "say each(), over() or slices() first")


def _extended(parent: _Chain | None, step: Step | None) -> FlowBuilder:
    grown = object.__new__(FlowBuilder)
    grown._link(parent, step)
    return grown


def _split(parent: _Chain, step: Step) -> Split:
    split = object.__new__(Split)
    split._link(parent, step)
    return split


def _fork(parent: _Chain, step: Step) -> Fork:
    fork = object.__new__(Fork)
    fork._link(parent, step)
    return fork


def _tag_step(name: str | None, ports: Mapping[str, str]) -> Tag:
    where = caller()
    if name is None and not ports:
        raise BuildError("tag() names something", where=where, mend='tag("hidden")')
    for given in (*([] if name is None else [name]), *ports.values()):
        _name("tag", given, where)
    return Tag(name=name, ports=tuple(ports.items()), where=where)


def _name(word: str, name: Any, where: Where) -> str:
    """What must be a name."""
    if not isinstance(name, str):
        raise BuildError(f"{word}() takes names, got {name!r}", where=where, mend=f'{word}("encoded")')
    return name


def _grown(flow: Flow) -> FlowBuilder:
    builder = _extended(None, None)
    for step in flow.steps:
        builder = _extended(builder, step)
    return builder


def _word_step(word: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Word:
    return Word(
        word=word,
        args=tuple(_said(value) for value in args),
        kwargs={key: _said(value) for key, value in kwargs.items()},
        where=caller(),
    )


def _using_step(tags: Sequence[str], renamed: Mapping[str, str | Sequence[str]]) -> Using:
    where = caller()
    refs = [*((tag, tag) for tag in tags), *renamed.items()]
    return Using(refs=tuple((word, _tags(value, where)) for word, value in refs), where=where)


def _tags(value: Any, where: Where) -> str | tuple[str, ...]:
    """One tag, or at least two that arrive together."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and len(value) > 1 and all(isinstance(tag, str) for tag in value):
        return tuple(value)
    raise BuildError(
        f"using() takes tags, got {value!r}", where=where, mend='using("encoded"), or using(hx=("h", "c")) for a tuple'
    )


def _recipe(module: Module, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """A name with its constructor's arguments as one ref; anything else must come without."""
    reference = as_reference(module)
    if isinstance(module, str) and isinstance(reference, Ref):
        return evolve(reference, args=tuple(args), kwargs=dict(kwargs))
    where = caller()
    if args or kwargs:
        raise BuildError(
            f"arguments follow a name, and {_named(module)} is none",
            where=where,
            mend="make the object with its arguments, or give the name",
        )
    if module is None:
        raise BuildError("a module is due, got None", where=where, mend="give a module, a name, a ref or a flow")
    return module


def _said(value: Any) -> Any:
    """An unbuilt builder as the flow it said, inside lists and tuples too."""
    if isinstance(value, _Chain):
        return value.flow()
    if isinstance(value, list | tuple):
        return [_said(item) for item in value]
    return value


def _named(value: Any) -> str:
    return value.__name__ if isinstance(value, type) else f"a {type(value).__name__}"
