"""Every wrong use is told, all at once, with the user's line and a way to mend it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
from flodl_core import BuildError, ComponentError, FlodlError, UnknownComponent, WordError, ref
from flodl_graph import FlowBuilder
from torch import nn


def failure(builder: FlowBuilder) -> FlodlError:
    with pytest.raises(FlodlError) as caught:
        builder.build()
    return caught.value


def here() -> int:
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


def test_a_misspelt_name_is_told_with_the_line_and_the_nearest() -> None:
    """Three lines: what, at, try."""
    error, line = failure(FlowBuilder("linear", 2, 2).through("geul")), here()
    assert isinstance(error, UnknownComponent)
    assert error.what == "no module is called 'geul'"
    assert str(error.where).endswith(f"test_mistakes.py:{line}")
    assert error.mend is not None
    assert error.mend.startswith("did you mean 'gelu'")


def test_all_mistakes_are_told_together() -> None:
    """One build, every fault, each with its own line."""
    flow = FlowBuilder("linaer", 2, 2)
    flow = flow.through("linear", 2, 2, bais=False)
    flow = flow.through("linear", "two", 2)
    error = failure(flow.tag("not-a-name"))
    told = [part.what for part in error.parts]
    assert told == [
        "no module is called 'linaer'",
        "linear takes no argument 'bais'",
        "linear: argument 'in_features' is int, got 'two' (str)",
        "tag 'not-a-name' is no identifier",
    ]
    assert 4 == len({str(part.where) for part in error.parts}) or error.parts[0].where != error.parts[1].where


@pytest.mark.parametrize(
    ("flow", "what"),
    [
        (FlowBuilder("gelu").split("relu"), "split() opens at least 2 branches, got 1"),
        (FlowBuilder(lambda x, h: x + h).using("h"), "using('h') names no tag and no input"),
        (FlowBuilder("gelu").using("h"), "gelu_1 takes no argument 'h' besides the stream"),
        (FlowBuilder(nn.Bilinear(2, 2, 2)), "bilinear_1 needs 'input2' besides the stream"),
        (FlowBuilder("gelu").at("h"), "at('h') names no tag and no input"),
        (FlowBuilder("gelu").merge("add"), "merge() joins open branches, and there is one stream"),
        (FlowBuilder("gelu").tag(weights="w"), "gelu_1 has no output 'weights' besides the stream"),
        (FlowBuilder("gelu").word("fork", "relu").through("tanh"), "relu_1 beside the stream is never used"),
        (FlowBuilder().using("h"), "using() speaks to the module written last, and there is none"),
        (FlowBuilder("gelu").tag("a").through("relu").tag("a"), "tag 'a' is given twice"),
        (FlowBuilder("gelu").tag("train"), "tag 'train' is a name that every graph needs itself"),
        (FlowBuilder("gelu").tag("class"), "tag 'class' is no identifier"),
        (FlowBuilder("gelu").label("a.b"), "label 'a.b' is no identifier"),
        (FlowBuilder("gelu").through("gelu").tag("gelu_1"), "tag 'gelu_1' is already the name of an untagged node"),
        (FlowBuilder(nn.Linear), "a module is due, got the class Linear"),
        (FlowBuilder(3), "a module is due, got 3"),
        (FlowBuilder("gelu").word("through"), "through(): missing a required argument: 'module'"),
        (FlowBuilder("gelu").word("thruogh", "gelu"), "no word is called 'thruogh'"),
        (FlowBuilder(ref("linear", 2)), "linear: missing a required argument: 'out_features'"),
    ],
)
def test_wording(flow: FlowBuilder, what: str) -> None:
    """Each mistake has one plain sentence."""
    error = failure(flow if isinstance(flow, FlowBuilder) else flow.merge("add"))
    assert what == error.parts[0].what


def test_using_an_argument_the_module_does_not_take() -> None:
    """References are checked against the module's signature."""
    error = failure(FlowBuilder("linear", 2, 2).tag("h").through("gelu").using("h"))
    assert isinstance(error, BuildError)
    assert error.what == "gelu_1 takes no argument 'h' besides the stream"


def test_arguments_after_an_object() -> None:
    """Arguments belong to names; the error comes at once, at the word."""
    with pytest.raises(BuildError, match="arguments follow a name, and a Linear is none"):
        FlowBuilder(nn.Linear(2, 2), 3)


def test_a_failing_constructor_is_told_at_the_users_line() -> None:
    """Torch's own refusal, wrapped once."""
    error = failure(FlowBuilder("dropout", p=1.5))
    assert isinstance(error, ComponentError)
    assert error.what.startswith("dropout: dropout probability has to be between 0 and 1")
    assert "test_mistakes.py" in str(error.where)


def test_errors_inside_a_nested_flow_keep_their_own_line() -> None:
    """The inner line, not the outer one."""
    inner, line = FlowBuilder("gleu"), here()
    error = failure(FlowBuilder("gelu").through(inner))
    assert str(error.where).endswith(f":{line}")


def test_a_builder_never_changes() -> None:
    """Flows can share a beginning."""
    base = FlowBuilder("linear", 2, 2)
    one, two = base.through("gelu"), base.through("relu")
    assert ["linear_1", "gelu_1"] == [node.name for node in one.build().ir.nodes]
    assert ["linear_1", "relu_1"] == [node.name for node in two.build().ir.nodes]
    with pytest.raises(AttributeError, match="never changes"):
        base.anything = 1  # type: ignore[attr-defined]


def test_an_unknown_word_as_a_method_suggests() -> None:
    """At a prompt, a misspelt word is told with the nearest; `hasattr` and `getattr` go on as for anything else."""
    with pytest.raises(WordError, match=r"no word 'thrugh'\n  at: .*_mistakes.py:\d+\n  try: did you mean 'through'"):
        FlowBuilder("gelu").thrugh("gelu")  # type: ignore[attr-defined]
    assert not hasattr(FlowBuilder("gelu"), "thrugh")
    assert getattr(FlowBuilder("gelu").split("relu", "tanh"), "build", None) is None


@pytest.mark.parametrize(
    ("say", "what"),
    [
        (lambda: FlowBuilder("gelu").tag(3), "tag() takes names, got 3"),
        (lambda: FlowBuilder("gelu").tag("h", weights=3), "tag() takes names, got 3"),
        (lambda: FlowBuilder("gelu").label(3), "label() takes names, got 3"),
        (lambda: FlowBuilder("gelu").at(3), "at() takes names, got 3"),
        (lambda: FlowBuilder().input(["a", "b"]), "input() takes names, got ['a', 'b']"),
        (lambda: FlowBuilder("gelu").through(None), "a module is due, got None"),
        (lambda: FlowBuilder("gelu")(3), "a FlowBuilder is not a network yet"),
        (lambda: FlowBuilder.from_toml(3), "a flow's text is due, got 3"),
        (lambda: FlowBuilder().gate("softmax_router", "tanh", dim=4).build(), "a list of modules is due, got 'tanh'"),
        (lambda: FlowBuilder().gate("softmax_router", ["tanh", None], dim=4).build(), "got ['tanh', None]"),
    ],
)
def test_what_is_no_name_and_no_module(say: Callable[[], object], what: str) -> None:
    """Told at the word that got it."""
    with pytest.raises(BuildError) as caught:
        say()
    assert what in caught.value.what
    assert "test_mistakes.py:" in str(caught.value.where)


def test_a_tag_of_a_graph_inside() -> None:
    """Tags are private; the message says how the graph brings one out."""
    inner = FlowBuilder("linear", 2, 2).tag("hidden").through("gelu").label("encoder")
    error = failure(FlowBuilder(inner).through("state_add").using("hidden"))
    assert error.what == "using('hidden') names no tag and no input"
    assert error.mend == "encoder has it as an output: say tag(hidden='hidden') after it"


@pytest.mark.parametrize(
    ("half", "what"),
    [
        (
            FlowBuilder("gelu").split("relu", "tanh"),
            "split() opened branches, and has no 'build' yet|merge() them first",
        ),
        (FlowBuilder("gelu").fork("relu"), "fork() opened a side branch, and has no 'build' yet|tag() it first"),
        (FlowBuilder("gelu").loop_body("relu"), "loop_body() begins a loop, and has no 'build' yet|say for_n(3)"),
        (FlowBuilder("gelu").map("relu"), "map() begins a map, and has no 'build' yet|say each(), over() or slices()"),
    ],
)
def test_a_word_that_is_half_said(half: Any, what: str) -> None:
    """What is missing is told, and where, as every mistake in words; it is a missing attribute besides."""
    with pytest.raises(BuildError) as caught:
        half.build()
    told, _, mend = what.partition("|")
    assert caught.value.what == told
    assert str(caught.value.mend).startswith(mend)
    assert "test_mistakes.py:" in str(caught.value.where)
    assert isinstance(caught.value, AttributeError)


def test_a_builder_taken_for_a_graph() -> None:
    """The graph has what the builder has not."""
    with pytest.raises(AttributeError, match=r"a FlowBuilder has no 'parameters' yet, the graph has\n.*\n  try: build"):
        FlowBuilder("gelu").parameters()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["self", "wanted", "flodl", "train"])
def test_names_that_a_forward_needs(name: str) -> None:
    """A tag would stand in its way, and is told so."""
    error = failure(FlowBuilder("gelu").tag(name))
    assert error.what == f"tag {name!r} is a name that every graph needs itself"


def test_a_node_may_be_tagged_as_it_would_be_called() -> None:
    """Its own counted name is nobody else's."""
    assert "gelu_1" in dict(FlowBuilder("gelu").tag("gelu_1").build().named_children())


def test_a_half_said_word_is_no_module() -> None:
    """Where a module is due, what has to follow is told."""
    with pytest.raises(BuildError) as caught:
        FlowBuilder().through(FlowBuilder("gelu").loop_body("tanh"))
    assert "loop_body() begins a loop, and is no module yet" == caught.value.what
    assert "say for_n(3), while_cond() or until_cond() first" == caught.value.mend
    with pytest.raises(BuildError, match="split\\(\\) opened branches, and is no module yet"):
        FlowBuilder().gate("softmax_router", [FlowBuilder().split("relu", "tanh"), "gelu"], dim=2)


def test_branches_in_a_list() -> None:
    """They come one after the other; one module is told otherwise."""
    error = failure(FlowBuilder().split(["relu", "tanh"]).merge("add"))
    first = error.parts[0]
    assert ("split() opens at least 2 branches, got a list", "split(a, b): one after the other") == (
        first.what,
        first.mend,
    )


def test_a_tag_given_twice_is_one_mistake() -> None:
    """Told once, and not again as two parts of one name."""
    error = failure(FlowBuilder("linear", 2, 2).tag("a").through("relu").tag("a"))
    assert ["tag 'a' is given twice"] == [part.what for part in error.parts]


@pytest.mark.parametrize(("name", "plain"), [("\ufb01x", "fix"), ("\u210c", "H")])
def test_a_name_that_python_reads_otherwise(name: str, plain: str) -> None:
    """Ligatures and fancy letters: in code, `\ufb01x` is `fix`."""
    for flow in (FlowBuilder("tanh").tag(name), FlowBuilder("tanh").label(name), FlowBuilder("tanh").input(name)):
        error = failure(flow)
        assert error.what.endswith(f" reads as {plain!r} in Python")
        assert f"write {plain!r}" == error.mend


def test_names_in_any_script() -> None:
    """Python's rule: letters of all languages."""
    graph = (
        FlowBuilder("linear", 2, 2).tag("gr\u00f6\u00dfe").through("relu").tag("\u03bb").label("\u6a21\u578b").build()
    )
    y = graph(torch.ones(1, 2))
    assert y.equal(graph.tagged("\u03bb"))
    assert graph.hash == FlowBuilder.from_toml(graph.to_toml()).build().hash
    assert ["gr\u00f6\u00dfe.weight", "gr\u00f6\u00dfe.bias"] == [*graph.state_dict()]


@pytest.mark.parametrize(
    ("say", "what", "mend"),
    [
        (
            lambda: FlowBuilder("gelu").at("late").through("relu").tag("late"),
            "at('late') goes on from a tag that comes later",
            "tag('late') first; using() alone reads what the call before left",
        ),
        (lambda: FlowBuilder("gelu").map("relu").over("hdden"), "over('hdden') names no tag and no input", None),
        (
            lambda: FlowBuilder(FlowBuilder("gelu").tag("_own").through("relu").label("inner")).tag(_own="own"),
            "inner has no output '_own' besides the stream: it is internal to it",
            "without internal(), and without a leading underscore",
        ),
        (
            lambda: FlowBuilder(FlowBuilder("gelu").tag("h").label("inner")).through("state_add").using(h="inner.h"),
            "using('inner.h') names no tag and no input",
            "inner has it as an output: say tag(h='h') after it, and using('h')",
        ),
        (
            lambda: FlowBuilder("gelu").tag("head").split("gelu", "relu").tag_group("head").merge("add"),
            "tag group 'head' has the name of a tag",
            "one name for each",
        ),
        (
            lambda: FlowBuilder().split("gelu", "relu").tag_group("a").tag_group("a").merge("add"),
            "tag group 'a' is given twice",
            "two names for two groups",
        ),
        (
            lambda: FlowBuilder().split(["gelu", "relu"]).merge("add"),
            "split() opens at least 2 branches, got a list",
            "split(a, b): one after the other",
        ),
        (lambda: FlowBuilder("gelu").merge("add").using("hdden"), "using('hdden') names no tag and no input", None),
    ],
)
def test_one_mistake_is_one_error_with_a_way_out(say: Callable[[], FlowBuilder], what: str, mend: str | None) -> None:
    """What a person meant is guessed from what there is; what follows from a mistake is no further one."""
    (error,) = failure(say()).parts
    assert what == error.what
    assert mend in (None, error.mend)
