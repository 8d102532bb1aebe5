"""What a command promises: it is one, and has a help text. flodl-cli checks that it prints it."""

from __future__ import annotations

from flodl_core.testing.contracts.check import Check, Subject
from flodl_core.testing.contracts.promise import require


def builds(subject: Subject) -> None:
    """A command object, with help."""
    command = subject.component.load()
    for name in ("main", "get_help"):
        require(callable(getattr(command, name, None)), f"its target, a {type(command).__name__}, is no click.Command")
    require(bool(getattr(command, "help", None)), "it has no help text")


SUITE = (Check("builds", "A click.Command with a help text.", builds),)
