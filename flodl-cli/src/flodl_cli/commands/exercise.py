"""`flodl exercise`: prove components here, on this machine, by the suites of their kinds."""

from __future__ import annotations

import click

from flodl_cli.completion import complete_distributions, complete_kinds, complete_names
from flodl_cli.examples import ExampleCommand
from flodl_cli.exercise.choose import choose
from flodl_cli.exercise.device import require_device
from flodl_cli.exercise.progress import Watch
from flodl_cli.exercise.prove import prove
from flodl_cli.exercise.report import print_report
from flodl_cli.exercise.tally import Tally
from flodl_cli.output.human import note
from flodl_cli.output.machine import print_json
from flodl_cli.settings import switches


@click.command(
    "exercise",
    cls=ExampleCommand,
    examples=(
        ("flodl exercise", "everything that is installed, some minutes"),
        ("flodl exercise module linear", "one, check by check"),
        ("flodl exercise losses", "a kind"),
        ("flodl exercise modules 'conv*' --device cuda", "names by a pattern, on a GPU"),
        ("flodl exercise --plugin flodl-lion --json", "what one distribution brings, as data"),
    ),
)
@click.argument("kind_or_name", metavar="[KIND]", required=False, shell_complete=complete_kinds)
@click.argument("name", metavar="[NAME]", required=False, shell_complete=complete_names)
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True, help="Where to run.")
@click.option("--plugin", metavar="DIST", help="Of one distribution only.", shell_complete=complete_distributions)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@switches(hidden=True)
def command(kind_or_name: str | None, name: str | None, device: str, plugin: str | None, as_json: bool) -> int:
    """Prove components: shapes, gradients, values, copies, states, as their kind promises.

    Each component is made as its example says, and its kind's checks run on it, whoever brought it.
    NAME may be a full name such as flodl-nn/linear, or a pattern with *. Exit code 1 when a check fails.
    """
    chosen = choose(kind_or_name, name, plugin)
    require_device(device, {component.kind for component in chosen}, where="flodl exercise")
    tally, watch = Tally(), Watch(len(chosen))
    interrupted = False
    try:
        with watch:
            prove(chosen, device, tally, watch)
    except KeyboardInterrupt:
        interrupted = True
    if as_json:
        print_json({"device": device, "interrupted": watch.now if interrupted else None, **tally.as_data()})
    elif tally.results:
        print_report(tally, device)
    if interrupted:
        note(f"\nstopped in {watch.now}, {len(chosen) - len(tally.results)} components were still to come")
        raise KeyboardInterrupt
    return 1 if tally.failed else 0
