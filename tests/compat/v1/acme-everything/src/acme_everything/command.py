"""A command of `flodl`."""

import click


@click.command("acme-hello")
@click.argument("name", default="world")
def hello(name: str) -> None:
    """Greet somebody."""
    click.echo(f"hello {name}")
