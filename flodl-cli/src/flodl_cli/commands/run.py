"""`flodl run`: train what an experiment file describes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flodl_cli.examples import ExampleCommand
from flodl_cli.exit_codes import INTERRUPTED
from flodl_cli.experiment.load import load_experiment
from flodl_cli.output.human import note
from flodl_cli.settings import switches

if TYPE_CHECKING:
    from flodl_cli.training.run import Run


@click.command(
    "run",
    cls=ExampleCommand,
    examples=(
        ("flodl run examples/digits.toml", "train, report, keep the weights"),
        ("flodl run examples/digits.toml --check", "see that it would run, and stop"),
        ("flodl run experiment.toml --resume", "go on where the newest training state ends"),
    ),
)
@click.argument("file", metavar="FILE.toml", type=click.Path())
@click.option("--check", is_flag=True, help="Check the file, load the data, build the model; train nothing.")
@click.option("--resume", is_flag=True, help="Go on where the newest state in [checkpoint] folder ends.")
@switches(hidden=True)
def command(file: str, check: bool, resume: bool) -> int:
    """Train what an experiment file describes.

    The file names registered components and gives them plain values, in the tables [data] [model]
    [[model.flow]] [loss] [optimizer] [schedule] [train] [[rules]] [monitor] [checkpoint]. It is checked
    as a whole before anything heavy is imported: all faults are told together, each with its line.

    Paths are relative to the current folder. Progress goes to stderr, the report to stdout. Ctrl-C
    ends training after the batch under way, keeps what was learned, and exits with 130. Where [checkpoint]
    names a folder, SIGTERM and SIGUSR1 stop at the next batch, save the run, and exit with 75.
    """
    document, experiment = load_experiment(file)
    from flodl_cli.training.prepare import prepare  # imports torch: only once the file is known to be good

    run = prepare(document, experiment)
    note(f"{file}: {described(run)}")
    data = run.learn.data
    if data.lacks_room:
        note(f"{file}: the data stays on the host, and batches are copied: {data.reason}")
    return 0 if check else _train(run, resume)


def described(run: Run) -> str:
    """The run in a line."""
    from flodl_cli.training.device import described as device_words

    parameters = sum(parameter.numel() for parameter in run.model.parameters())
    examples = f"{len(run.learn):,} examples to learn from, {len(run.held_out):,} held out"
    return f"{examples}; {parameters:,} parameters; {device_words(run.device)}; seed {run.experiment.train.seed}"


def _train(run: Run, resume: bool) -> int:
    from flodl_cli.training.loop import train
    from flodl_cli.training.report import report

    outcome = train(run, resume=resume)
    if run.experiment.checkpoint is not None:
        run.model.save_checkpoint(run.outputs[0].real)
    for line in report(run, outcome):
        click.echo(line)
    if outcome.interrupted:
        note(f"Interrupted after {outcome.epochs} of {run.experiment.train.epochs} epochs: what was learned is kept.")
        return INTERRUPTED
    return 0
