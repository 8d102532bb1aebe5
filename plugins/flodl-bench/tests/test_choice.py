"""What the words of the command line mean."""

from __future__ import annotations

import pytest
from flodl_bench.choice import choose_device, choose_models, choose_sides, split_sides
from flodl_bench.machine import Machine
from flodl_bench.names import MODELS
from flodl_bench.sides import SIDES
from flodl_core import UsageError

CPU = Machine(torch="2.13.0", cpu="CPU, 2 threads", gpu=None, compiler=True)
GPU = Machine(torch="2.13.0", cpu="CPU, 2 threads", gpu="NVIDIA H200", compiler=True)


def names(sides):
    return [side.name for side in sides]


def test_models_come_in_the_order_of_the_table():
    """All when none is named; each once; hyphens and capitals are slips of the hand."""
    assert MODELS == choose_models([])
    assert ("mlp", "gru_seq") == choose_models(["GRU-seq", "mlp", "mlp"])


def test_sides_likewise():
    """By the names that the help lists."""
    assert list(SIDES) == names(choose_sides([]))
    assert ["eager", "captured-compile"] == names(choose_sides(["captured_compile", "eager"]))


@pytest.mark.parametrize(
    ("word", "mend"),
    [("mpl", "did you mean 'mlp'\\?"), ("gru", "did you mean 'gru_seq'\\?"), ("zzz", "models: mlp, convnet, .*")],
)
def test_a_mistyped_model_is_suggested(word, mend):
    """The nearest, what contains it, or all of them."""
    with pytest.raises(UsageError, match=f"no model is called '{word}'\n  at: flodl bench\n  try: {mend}$"):
        choose_models([word])


def test_a_mistyped_side_is_suggested():
    """By its own spelling."""
    with pytest.raises(UsageError, match=r"no side is called 'captrued'\n.*\n  try: did you mean 'captured'"):
        choose_sides(["captrued"])


def test_the_device_is_a_gpu_if_there_is_one():
    """Unless another is asked for."""
    assert ["cuda", "cpu", "cpu"] == [choose_device("auto", GPU), choose_device("cpu", GPU), choose_device("auto", CPU)]
    with pytest.raises(UsageError, match=r"torch 2.13.0 finds no CUDA device here\n  at: .*cuda\n  try: leave"):
        choose_device("cuda", CPU)


def test_a_cpu_measures_what_it_can():
    """The rest is left out, with the reason."""
    here, left_out = split_sides(SIDES.values(), "cpu", CPU, inference=False)
    assert ["eager", "fused", "compile", "flodl", "flodl-compile"] == names(here)
    assert {"only on a CUDA device": [name for name in SIDES if name not in names(here)]} == left_out


def test_a_gpu_measures_the_rest():
    """All that the benchmark promises; tf32 and bf16 for two sides alone."""
    here, left_out = split_sides(SIDES.values(), "cuda", GPU, inference=False)
    assert {"only on a CPU": ["flodl-compile"]} == left_out
    rows = {(side.flodl, side.fused, side.compile, side.capture, side.precision) for side in here}
    assert {
        (False, False, None, False, "fp32"),
        (False, True, None, False, "fp32"),
        (False, True, "default", False, "fp32"),
        (False, True, "reduce-overhead", False, "fp32"),
        (True, False, None, False, "fp32"),
        (True, False, None, True, "fp32"),
        (True, False, "default", True, "fp32"),
        (False, True, None, False, "tf32"),
        (True, False, "default", True, "tf32"),
        (False, True, None, False, "bf16"),
        (True, False, "default", True, "bf16"),
    } == rows


def test_what_lacks_a_compiler_or_a_purpose_is_left_out():
    """torch.compile on a CPU without one; an optimizer where nothing is learned."""
    bare = Machine(torch="2.13.0", cpu="CPU, 2 threads", gpu=None, compiler=False)
    here, left_out = split_sides(SIDES.values(), "cpu", bare, inference=True)
    assert ["eager", "flodl"] == names(here)
    assert ["compile", "flodl-compile"] == left_out["torch.compile finds no C++ compiler"]
    assert ["fused"] == left_out["no optimizer takes part in inference"]


def test_nothing_left_is_an_error():
    """Rather than an empty table."""
    with pytest.raises(UsageError, match="nothing is left to measure: captured: only on a CUDA device"):
        split_sides([SIDES["captured"]], "cpu", CPU, inference=False)
