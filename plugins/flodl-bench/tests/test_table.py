"""The tables, letter by letter."""

from __future__ import annotations

from attrs import evolve
from flodl_bench.cell import Cell
from flodl_bench.table import print_kernels, print_left_out, print_models, print_overview

EAGER = Cell(
    name="mlp",
    side="eager",
    epoch_times_ms=(100.0, 110.0),
    run_medians_ms=(100.0, 110.0),
    median_epoch_ms=105.0,
    final_loss=0.5,
    vram_mb=425.4,
    vram_reserved_mb=1442.0,
)
CAPTURED = evolve(
    EAGER,
    side="captured",
    epoch_times_ms=(52.5,),
    run_medians_ms=(52.5,),
    median_epoch_ms=52.5,
    final_loss=0.500001,
    kernels=100.0,
    kernel_us=1000.0,
)
FLODL = Cell(name="mlp", side="floDl", median_epoch_ms=69.0, batches_per_epoch=20)
FAILED = Cell(name="mlp", side="compile", error="CppCompileError: C++ compile error\x1b[31m")


def test_a_model_is_a_block(capsys):
    """The first side is what the others are compared with; what is not known is left blank."""
    print_models([EAGER, FAILED, CAPTURED, FLODL], ["mlp", "convnet"], 50, 2)
    assert capsys.readouterr().out == (
        "\n"
        "mlp                                 ms     ±  speed  active MiB  reserved MiB  loss  off by\n"
        "PyTorch eager                    105.0  7.41  1.00x         425         1,442   0.5\n"
        "torch.compile                   failed\n"
        "flodl captured (1 of 2 rounds)    52.5        2.00x         425         1,442   0.5   2e-06\n"
        "floDl (of 20 batches)             69.0        1.52x\n"
        "compile failed: CppCompileError: C++ compile error?[31m\n"
    )


def test_without_a_gpu_the_process_counts(capsys):
    """Its memory is what there is to know."""
    print_models([Cell(name="mlp", side="eager", median_epoch_ms=0.1234, rss_mb=2345.6)], ["mlp"], 50, 1)
    assert (
        capsys.readouterr().out
        == "\nmlp               ms  ±  speed  process MiB  loss  off by\nPyTorch eager  0.123     1.00x        2,346\n"
    )


def test_several_models_are_seen_at_a_glance(capsys):
    """A row for each; one model alone has been seen already."""
    other = evolve(EAGER, name="convnet", median_epoch_ms=2345.0)
    print_overview([EAGER], ["mlp"])
    print_overview([EAGER, CAPTURED, FAILED, other], ["mlp", "convnet"])
    assert capsys.readouterr().out == (
        "\nms per epoch  eager  captured  compile\nmlp           105.0      52.5   failed\nconvnet       2,345\n"
    )


def test_kernels_bound_what_a_captured_epoch_may_take(capsys):
    """Their time, and 0.8 microseconds each: 50 x (1000 + 0.8 x 100) us are 54 ms."""
    print_kernels([EAGER, CAPTURED, evolve(CAPTURED, side="captured-compile", median_epoch_ms=54.1)], 50)
    assert capsys.readouterr().out == (
        "\n"
        "kernels  side              per step  ms per epoch  + 0.8 us each  measured\n"
        "mlp      captured               100          50.0           54.0      52.5  kept\n"
        "mlp      captured-compile       100          50.0           54.0      54.1  missed\n"
    )


def test_what_is_left_out_is_said(capsys):
    """Sides with the reason, and results of models that nobody here knows."""
    print_left_out({"only on a CUDA device": ["captured", "fused-bf16"]}, [Cell(name="feedback_loop", side="floDl")])
    assert capsys.readouterr().err == (
        "left out, only on a CUDA device: captured, fused-bf16\n"
        "left out, no model of this benchmark: feedback_loop of floDl\n"
    )
