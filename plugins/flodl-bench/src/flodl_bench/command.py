"""`flodl bench`: measure, side by side, and say it in tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from flodl_core import PluginError

from flodl_bench.asked import Asked
from flodl_bench.cell import Cell
from flodl_bench.choice import ONLY_CUDA, choose_device, choose_models, choose_sides, split_sides
from flodl_bench.guests import read_guest
from flodl_bench.machine import Machine
from flodl_bench.measure import Plan, measure
from flodl_bench.names import MODELS
from flodl_bench.process import CellFailed, Deadline, OutOfTime, Process
from flodl_bench.progress import Progress
from flodl_bench.results import Results
from flodl_bench.sides import SIDES
from flodl_bench.table import print_kernels, print_left_out, print_models, print_overview

_COUNT = click.IntRange(min=1)


def _complete(names: Iterable[str]) -> Callable[..., list[str]]:
    return lambda context, parameter, incomplete: [name for name in names if name.startswith(incomplete)]


@click.command(
    "bench",
    epilog=f"Models: {', '.join(MODELS)}.\n\nSides: {', '.join(SIDES)}. Without a CUDA device: "
    f"{', '.join(side.name for side in SIDES.values() if 'cpu' in side.devices)}.",
)
@click.argument("models", metavar="[MODEL]...", nargs=-1, shell_complete=_complete(MODELS))
@click.option(
    "--side",
    "sides",
    metavar="SIDE",
    multiple=True,
    shell_complete=_complete(SIDES),
    help="Only this one; may be given several times.",
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", help="Default: a GPU if any.")
@click.option("--rounds", type=_COUNT, default=3, show_default=True, help="How often every side has its turn.")
@click.option("--epochs", type=_COUNT, help="Timed epochs of a round. Default: 20, on a CPU 5.")
@click.option("--batches", type=_COUNT, default=50, show_default=True, help="Batches of an epoch.")
@click.option(
    "--shrink",
    type=click.Choice(["1", "2", "4", "8", "16"]),
    help="Divide widths, batches and lengths of the models. Default: 1, on a CPU 4.",
)
@click.option(
    "--read-loss",
    type=click.Choice(["epoch", "batch"]),
    default="epoch",
    show_default=True,
    help="When the host reads the loss.",
)
@click.option("--inference", is_flag=True, help="Learn nothing: the loss alone, in evaluation mode.")
@click.option("--kernels", is_flag=True, help="Also count the GPU's kernels in captured steps, and their time.")
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Keep all results in a file.")
@click.option(
    "--budget", type=click.FloatRange(min=1), metavar="SECONDS", help="Measure no longer; the next call goes on."
)
@click.option(
    "--with", "guests", metavar="FILE|GUEST", multiple=True, help="Show another framework's results beside them."
)
@click.option("--together", type=_COUNT, metavar="N", help="Processes that wait side by side: fewer need less memory.")
def command(**words: Any) -> int:
    """Train ten models by PyTorch and by flodl, side by side, and compare time, memory and loss.

    Every side of a model has a process of its own and its turn in each round. Ctrl-C ends it and shows
    what is measured; with --json the same command goes on later. Exit code 1 when a side failed.
    """
    asked = Asked(**words)
    deadline = Deadline.after(asked.budget)
    models, wanted = choose_models(asked.models), choose_sides(asked.sides)
    strangers = [cell for word in asked.guests for cell in read_guest(word, models)]
    machine = _look()
    device = choose_device(asked.device, machine)
    sides, left_out = split_sides(wanted, device, machine, inference=asked.inference)
    plan = Plan(
        models=models,
        sides=sides,
        device=device,
        setting=asked.setting(machine, device),
        rounds=asked.rounds,
        kernels=asked.kernels and device == "cuda",
        together=asked.together,
        deadline=deadline,
    )
    if asked.kernels and not plan.kernels:
        left_out.setdefault(ONLY_CUDA, []).append("--kernels")
    results = Results(asked.file, plan.setting)
    click.echo(plan.setting.described(plan.rounds), err=True)
    print_left_out(left_out, [cell for cell in strangers if cell.name not in MODELS])
    try:
        _measure(plan, results)
    finally:
        _show(plan, results, strangers, kept=asked.file is not None)
    return 1 if any(cell.error for cell in plan.cells(results)) else 0


def _look() -> Machine:
    """What there is to measure on; torch and CUDA are started elsewhere, and this process stays light."""
    with Process("flodl_bench.machine") as process:
        try:
            return Machine(**process.answer(Deadline()))
        except CellFailed as error:
            raise PluginError(f"torch cannot be used: {error}", where="flodl bench", mend="flodl doctor") from None


def _measure(plan: Plan, results: Results) -> None:
    """Until all is measured, the time is over, or the user has seen enough."""
    with Progress(plan.missing(results)) as progress, suppress(OutOfTime):
        measure(plan, results, progress)


def _show(plan: Plan, results: Results, strangers: Sequence[Cell], *, kept: bool) -> None:
    """Everything that is known of what was asked for."""
    cells = plan.cells(results)
    shown = [*cells, *strangers]
    print_models(shown, plan.models, plan.setting.batches_per_epoch, plan.rounds)
    print_overview(shown, plan.models)
    print_kernels(cells, plan.setting.batches_per_epoch)
    missing = plan.missing(results)
    if missing:
        mend = "the same command goes on" if kept else "with --json FILE another call could go on"
        click.echo(f"\n{missing} measurement{'s are' if missing > 1 else ' is'} missing: {mend}", err=True)
