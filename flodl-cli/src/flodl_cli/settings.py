"""The switches that every command takes, before its name or after it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar, final

import click
from attrs import define
from flodl_core.policy import ALLOW
from flodl_core.registry import components

STRICT = "FLODL_STRICT_PLUGINS"
_Command = TypeVar("_Command", bound=Callable[..., Any])


@final
@define
class Settings:
    """What the switches said, for the one place that turns errors into exit codes."""

    command: str = "flodl"
    debug: bool = False
    strict: bool = False

    @classmethod
    def from_environment(cls) -> Settings:
        """As the environment has it: FLODL_STRICT_PLUGINS=1."""
        return cls(strict=os.environ.get(STRICT, "").lower() not in ("", "0", "false", "no"))


def switches(*, hidden: bool) -> Callable[[_Command], _Command]:
    """Add the switches to a command. Shown in the help of `flodl`, hidden but understood after a command's name."""

    def add(command: _Command) -> _Command:
        for option in (
            click.option("--debug", help="Show the traceback of an error.", **_set("debug", hidden)),
            click.option(
                "--strict", help=f"Exit with 1 when a plugin has a problem; also {STRICT}=1.", **_set("strict", hidden)
            ),
            click.option(
                "--no-plugins",
                help=f"Load no third-party plugin; also {ALLOW}= (set, but empty).",
                is_flag=True,
                expose_value=False,
                is_eager=True,
                hidden=hidden,
                callback=_without_plugins,
            ),
        ):
            command = option(command)
        return command

    return add


def _set(name: str, hidden: bool) -> dict[str, Any]:
    def callback(context: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value:
            setattr(context.find_root().ensure_object(Settings), name, True)

    return {"is_flag": True, "expose_value": False, "is_eager": True, "hidden": hidden, "callback": callback}


def _without_plugins(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    """Through the environment, so that child processes keep to it too; put back when the command ends."""
    if not value or context.resilient_parsing:
        return
    before = os.environ.get(ALLOW)
    context.find_root().call_on_close(lambda: _restore(before))
    os.environ[ALLOW] = ""
    components.refresh()


def _restore(before: str | None) -> None:
    if before is None:
        os.environ.pop(ALLOW, None)
    else:
        os.environ[ALLOW] = before
