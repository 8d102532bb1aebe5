"""`flodl`: the one place that turns an error into three lines and an exit code.

0: done. 1: findings, a failed run. 2: usage and bad input. 75: saved, stopped by a signal. 130: interrupted.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from importlib import metadata
from typing import TextIO

import click
from click.shell_completion import shell_complete
from flodl_core.errors import (
    CheckpointError,
    FlodlError,
    MissingDistribution,
    MonitorError,
    PluginError,
    TrainingError,
    UsageError,
)
from flodl_core.registry import components

from flodl_cli.completion import COMPLETE
from flodl_cli.exit_codes import FINDINGS, INTERRUPTED, USAGE
from flodl_cli.group import ComponentGroup
from flodl_cli.output.human import note
from flodl_cli.output.words import counted
from flodl_cli.settings import Settings, switches

_FAILURES = (TrainingError, CheckpointError, MonitorError, MissingDistribution, PluginError)


def _version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(f"flodl {metadata.version('flodl-cli')}")
        context.exit()


@click.group(
    cls=ComponentGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    examples=(
        ("flodl list modules 'conv*'", "what there is"),
        ("flodl show module linear", "where it comes from, what it takes"),
        ("flodl run examples/digits.toml", "train"),
    ),
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@switches(hidden=False)
def cli() -> None:
    """Networks as data flow, by name, on PyTorch.

    Exit codes: 0 done, 1 findings or a failed run, 2 usage and bad input, 75 saved and stopped
    by a signal, 130 interrupted.
    """


def main(args: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code.

    Args:
        args: Without the program's name; default: this process's.
    """
    settings = Settings.from_environment()
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()  # a shell's `>&-` leaves None
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a summary with an accent must not end the command in a C locale
            stream.reconfigure(errors="backslashreplace")
    before, warnings.formatwarning = warnings.formatwarning, _as_a_remark
    try:
        return _run(sys.argv[1:] if args is None else list(args), settings)
    except FlodlError as error:
        _print_error(error, settings)
        return FINDINGS if isinstance(error, _FAILURES) else USAGE
    except (KeyboardInterrupt, click.Abort):
        note("\nInterrupted.")
        return INTERRUPTED
    except BrokenPipeError:  # `| head` has read enough; Python must not complain at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        _print_error(_unforeseen(error), settings, error)
        return FINDINGS
    finally:
        warnings.formatwarning = before


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


def _run(args: list[str], settings: Settings) -> int:
    if instruction := os.environ.get(COMPLETE):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # a remark would land in the middle of the line being typed
        return shell_complete(cli, {}, "flodl", COMPLETE, instruction)
    try:
        with _click_errors(settings), cli.make_context("flodl", args, obj=settings) as context:
            code = cli.invoke(context)
    except click.exceptions.Exit as end:
        code = end.exit_code
    sys.stdout.flush()
    return _judge(code if isinstance(code, int) else 0, settings)


def _as_a_remark(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """A warning in a line: the place in the code that caused it says nothing to who typed a command."""
    return f"{category.__name__}: {' '.join(str(message).split())}\n"


def _judge(code: int, settings: Settings) -> int:
    """Under --strict a problem with a plugin is a finding."""
    problems = components.problems() if settings.strict else ()
    if code or not problems:
        return code
    note(f"{counted(len(problems), 'problem')} with plugins, and --strict is on")
    return FINDINGS


@contextlib.contextmanager
def _click_errors(settings: Settings) -> Iterator[None]:
    """Click's own errors as ours."""
    try:
        yield
    except click.exceptions.NoArgsIsHelpError as error:
        note(error.format_message())
        raise click.exceptions.Exit(USAGE) from None
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else settings.command
        near = getattr(error, "possibilities", None) or ()
        what = str(getattr(error, "message", "") or error.format_message()).strip()
        if not what or isinstance(error, click.BadParameter):
            what = error.format_message()
        what = what.replace("not a valid integer range", "no whole number").replace(
            "not a valid float range", "no number"
        )
        mend = f"did you mean {' or '.join(near)}?" if near else f"{path} --help"
        raise UsageError(f"{what[:1].lower()}{what[1:]}".rstrip("."), where=path, mend=mend) from None


def _unforeseen(error: Exception) -> FlodlError:
    """A mistake of ours, or of a plugin's command: said like any other, with the line it happened in."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    said = " ".join(str(error).split())
    return FlodlError(f"{said or 'no message'}", where=f"{last.filename}:{last.lineno}", mend="--debug shows all of it")


def _print_error(error: FlodlError, settings: Settings, cause: Exception | None = None) -> None:
    if settings.debug:
        traceback.print_exception(cause or error)
        return
    for part in error.parts:
        where = part.where or settings.command
        whole = FlodlError(part.what, where=where, mend=part.mend or f"{settings.command} --help")
        text = f"{type(cause or part).__name__}: {whole}"
        note("".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text))
