"""The words of the graph builder, one file each. This package is itself a flodl plugin.

Delete it, and a graph knows no word at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from flodl_core import Example, MergeOpSpec, WordSpec, hookimpl


@hookimpl
def flodl_words() -> Iterator[WordSpec]:
    """The words that flodl itself brings."""
    for name, target, summary in (
        ("through", "through:Through", "Pass the stream on through a module."),
        ("also", "also:Also", "Add a module's output to the stream: a residual."),
        ("fork", "fork:Fork", "Feed a side branch; the stream goes on unchanged."),
        ("split", "split:Branch", "Feed the stream to several modules, one branch each."),
        ("merge", "merge:Merge", "Join all open branches by an op."),
    ):
        yield WordSpec(name=name, target=f"flodl_graph.words.{target}", summary=summary)


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
        target = f"flodl_graph.merge_ops:{name.capitalize()}"
        example = Example(inputs=("f32[4,8]", "f32[4,8]"))
        yield MergeOpSpec(name=name, target=target, summary=summary, aliases=aliases, example=example)
