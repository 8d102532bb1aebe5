"""`flodl watch`: a live or finished run in the browser, from its event log."""

from __future__ import annotations

import time

import click
from flodl_core.errors import MissingDistribution

from flodl_cli.examples import ExampleCommand
from flodl_cli.output.human import note
from flodl_cli.settings import switches

_PAUSE = 0.5  # seconds between looks at the file


@click.command(
    "watch",
    cls=ExampleCommand,
    examples=(
        ("flodl watch run.jsonl", "open it at the address that is printed"),
        ("flodl watch runs/digits", "the one event log in a folder"),
        ("flodl watch run.jsonl --html run.html", "write one page that opens from disk, and stop"),
    ),
)
@click.argument("run", metavar="RUN", type=click.Path())
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Where to listen; 0: any free port. Default: 3000, or any free one."
)
@click.option(
    "--html", "page", metavar="FILE", type=click.Path(), help="Write the page to a file instead of serving it."
)
@switches(hidden=True)
def command(run: str, port: int | None, page: str | None) -> int:
    """Show a training run in the browser, while it goes on or long after.

    RUN is the event log that the sink `jsonl` writes, or the folder that holds it. The page is served
    to this machine alone, until Ctrl-C; what the run writes meanwhile appears on it.
    """
    try:
        from flodl_monitor.follow import Follower, Past, event_log_in, saved_page
        from flodl_monitor.sinks.dashboard import Dashboard
    except ImportError as error:
        raise MissingDistribution(
            f"`flodl watch` needs flodl-monitor ({error})", mend="pip install 'flodl-monitor[serve]'"
        ) from None
    log = event_log_in(run)
    if page is not None:
        click.echo(saved_page(log, page))
        return 0
    past = Past(log)  # before there is an address: what cannot be read has none
    dashboard = Dashboard(port, title=log.stem)
    try:
        follower = Follower(past, dashboard)
        note(f"{log}: {'finished' if follower.finished else 'going on'}; Ctrl-C ends watching.")
        while True:
            time.sleep(_PAUSE)
            follower.read()
    except KeyboardInterrupt:
        return 0
    finally:
        dashboard.close()
