"""The words of the graph builder, one file each. This package is itself a flodl plugin.

Delete it, and a graph knows no word at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from flodl_core import Example, Layout, MergeOpSpec, ModuleSpec, WordSpec, hookimpl, ref

_LOGITS = "weight=linear.weight bias=linear.bias"


@hookimpl
def flodl_words() -> Iterator[WordSpec]:
    """The words that flodl itself brings."""
    linear, halt = ref("linear", 8, 8), ref("threshold_halt", 2.0)
    for name, target, summary, args, options in (
        ("through", "through:Through", "Pass the stream on through a module.", (linear,), {}),
        ("also", "also:Also", "Add a module's output to the stream: a residual.", (linear,), {}),
        ("fork", "fork:Fork", "Feed a side branch; the stream goes on unchanged.", (linear,), {}),
        ("split", "split:Branch", "Feed the stream to several modules, one branch each.", (linear, "gelu"), {}),
        ("merge", "merge:Merge", "Join all open branches by an op.", ("mean",), {}),
        (
            "gate",
            "gate:Gate",
            "Run every expert, blend them by a router's weights.",
            (ref("softmax_router", 8), (linear, "gelu")),
            {},
        ),
        (
            "switch",
            "switch:Switch",
            "Run the branch that a selector chooses.",
            (ref("argmax_selector", 8), (linear, "gelu")),
            {"per": "sample"},
        ),
        (
            "loop_body",
            "loop_body:Loop",
            "Feed a module its own output, n times or until a condition says stop.",
            (linear,),
            {"while_cond": halt, "most": 3},
        ),
        ("map", "map:Map", "Apply a module to each element, or to each slice of the features.", (linear,), {}),
    ):
        example = Example(args=args, kwargs=options, inputs=("f32[4,8]",))
        yield WordSpec(name=name, target=f"flodl_graph.words.{target}", summary=summary, example=example)


@hookimpl
def flodl_modules() -> Iterator[ModuleSpec]:
    """What routes, selects and halts; and the simplest memory."""
    for name, target, summary, args, tensors in (
        ("softmax_router", "routers:SoftmaxRouter", "Weights of experts that sum to 1.", (8, 3), _LOGITS),
        ("sigmoid_router", "routers:SigmoidRouter", "Weights of experts, each on its own.", (8, 3), _LOGITS),
        ("argmax_selector", "selectors:ArgmaxSelector", "The branch with the largest logit.", (8, 3), _LOGITS),
        ("fixed_selector", "selectors:FixedSelector", "Always the same branch.", (1,), ""),
        ("threshold_halt", "halts:ThresholdHalt", "Stop when the largest element exceeds a threshold.", (2.0,), ""),
        ("learned_halt", "halts:LearnedHalt", "Stop when a learned logit is above 0.", (8,), _LOGITS),
        ("state_add", "state:StateAdd", "The stream plus everything it is given.", (), ""),
    ):
        yield ModuleSpec(
            name=name,
            target=f"flodl_graph.routing.{target}",
            summary=summary,
            category="routing",
            aliases=(target.partition(":")[2],),
            example=Example(args=args, inputs=("f32[4,8]",)),
            layout=Layout(name, tensors),
        )


@hookimpl
def flodl_merge_ops() -> Iterator[MergeOpSpec]:
    """The merge ops that flodl itself brings."""
    for name, aliases, summary in (
        ("add", ("sum",), "Sum of the branches."),
        ("mean", (), "Mean of the branches."),
        ("mul", ("prod",), "Product of the branches."),
        ("max", ("maximum",), "Largest of the branches, by element."),
        ("min", ("minimum",), "Smallest of the branches, by element."),
        ("cat", ("concat",), "Branches one after another along a dimension."),
        ("stack", (), "Branches along a new dimension."),
    ):
        yield MergeOpSpec(
            name=name,
            target=f"flodl_graph.merge_ops:{name.capitalize()}",
            summary=summary,
            aliases=(name.capitalize(), *aliases),
            example=Example(inputs=("f32[4,8]", "f32[4,8]")),
            oracle=f"flodl_graph.oracles:{name}",
        )
