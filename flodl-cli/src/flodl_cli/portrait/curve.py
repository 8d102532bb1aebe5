"""What a schedule does to the rate, as a curve."""

from __future__ import annotations

import click
from flodl_core.component import Example
from flodl_core.guard import said
from flodl_core.provider import Component

from flodl_cli.output.curve import BRAILLE, draw_curve
from flodl_cli.output.human import printable, speaks


def print_curve(component: Component) -> None:
    """Print what its example does, step for step; a plugin's may not be able to tell."""
    example = component.spec.example
    if example is None:
        return
    steps = _as_long_as(example)
    try:
        schedule = component.create(*example.args, **example.kwargs)
        factors = [float(schedule.factor(step)) for step in range(steps + 1)]
    except Exception as error:
        click.echo(f"\ncurve: not available, {said(error)}")
        return
    click.echo(f"\nfactor on the rate, steps 0 to {steps} of {printable(repr(schedule))}")
    for line in draw_curve(factors, plain=not speaks(BRAILLE)):
        click.echo(line)


def _as_long_as(example: Example) -> int:
    """Steps that show the whole of it: a little more than its own, and a hundred at least."""
    lengths = [max(value, default=0) if isinstance(value, tuple) else value for value in example.args]
    return max(100, round(1.2 * sum(length for length in lengths if type(length) is int)))
