"""The plugins that can be begun: for each kind of component one small, real thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from attrs import frozen


@final
@frozen
class Beginning:
    """What a new plugin of a kind begins with.

    Args:
        component: The name of its one component, and of the file that holds it.
        description: Of the distribution, in a sentence.
        needs: What it imports beside flodl-core.
        tests_need: What only its tests, and the checks of `flodl check`, import.
    """

    component: str
    description: str
    needs: tuple[str, ...] = ("torch>=2.6",)
    tests_need: tuple[str, ...] = ()


BEGINNINGS: Mapping[str, Beginning] = {
    "module": Beginning("snake", "An activation for what repeats, for flodl.", tests_need=("flodl-graph", "flodl-nn")),
    "loss": Beginning("poly1", "Cross entropy and its first polynomial term, for flodl."),
    "optimizer": Beginning("signum", "An optimizer with steps of one size, for flodl."),
    "scheduler": Beginning("sawtooth", "A learning rate that begins anew, for flodl.", ("attrs>=25.4", "flodl-nn")),
    "merge_op": Beginning(
        "smooth_max", "A soft maximum of branches, for flodl.", tests_need=("flodl-graph", "flodl-nn")
    ),
    "sink": Beginning("markdown", "Training runs as Markdown tables, for flodl.", ("flodl-monitor",)),
    "initializer": Beginning("sparse_sign", "Parameters of three values, for flodl."),
    "op": Beginning("softcap", "A bound that bends, for flodl.", tests_need=("flodl-graph", "flodl-nn")),
    "word": Beginning(
        "highway",
        "Highways through flodl's graphs.",
        ("attrs>=25.4", "flodl-graph", "torch>=2.6"),
        ("flodl-nn",),
    ),
    "dataset": Beginning("spirals", "Two spirals to tell apart, for flodl."),
    "probe": Beginning("load", "The machine's load, for flodl's monitor.", ()),
    "command": Beginning("census", "Counts the components of every distribution, for flodl.", ("click>=8.2",)),
}
"""By kind."""
