"""Exit codes, the three lines, streams."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from importlib import metadata

import pytest
from flodl_core.testing import environment


def command_plugin(install, body, name="acme-cli", command="hello", **more):
    """A plugin with one command whose function has this body."""
    module = f"{name.replace('-', '_')}_commands"
    source = f"import click\n@click.command()\ndef run():\n    {body}\n"
    spec = f'CommandSpec(name="{command}", target="{module}:run", summary="Says hello.")'
    return install(name, "flodl_commands", spec, files={f"{module}.py": source, **more})


def test_version(flodl):
    """`--version` is one line."""
    assert f"flodl {metadata.version('flodl-cli')}\n" == flodl("--version").stdout


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_lists_commands_with_summaries(flodl, flag):
    """Help names every command, the examples and the exit codes."""
    done = flodl(flag)
    assert 0 == done.returncode
    for word in ("completion", "doctor", "list", "plugins", "run", "show", "Examples:", "130 interrupted"):
        assert word in " ".join(done.stdout.split())


def test_no_command_is_usage(flodl):
    """`flodl` alone shows the help on stderr and exits with 2."""
    done = flodl()
    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("Usage: flodl")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["lst"], ["UsageError: no command is called 'lst'", "  at: flodl", "  try: did you mean 'list'?"]),
        (["list", "--jsn"], ["UsageError: no such option '--jsn'", "  at: flodl list", "  try: did you mean --json?"]),
        (["--versio"], ["UsageError: no such option '--versio'", "  at: flodl", "  try: did you mean --version?"]),
        (["new", "plugn"], ["UsageError: no such command 'plugn'", "  at: flodl new", "  try: did you mean 'plugin'?"]),
        (["new", "moon"], ["UsageError: no such command 'moon'", "  at: flodl new", "  try: flodl new --help"]),
        (
            ["list", "--category"],
            [
                "UsageError: option '--category' requires an argument",
                "  at: flodl list",
                "  try: flodl list --help",
            ],
        ),
        (
            ["watch", "run.jsonl", "--port", "high"],
            [
                "UsageError: invalid value for '--port': 'high' is no whole number",
                "  at: flodl watch",
                "  try: flodl watch --help",
            ],
        ),
        (["show"], ["UsageError: missing argument 'NAME'", "  at: flodl show", "  try: flodl show --help"]),
    ],
)
def test_mistyped_command_line_is_three_lines(flodl, arguments, expected):
    """A wrong command line is told in our form, with a suggestion, and exits with 2."""
    done = flodl(*arguments)
    assert (2, "") == (done.returncode, done.stdout)
    said = re.sub(r"no such option: (--\w+)", r"no such option '\1'", done.stderr)  # as click before 8.4 says it
    said = re.sub(r"did you mean '(--\w+)'", r"did you mean \1", said)
    assert expected == said.splitlines()


def test_surplus_argument_is_usage(flodl):
    """A third argument where two are due is a usage error."""
    done = flodl("plugins", "what")
    assert 2 == done.returncode
    assert 3 == len(done.stderr.splitlines())


def test_plugin_command_runs(flodl, install):
    """A command of a plugin runs by its bare name, written with - or _."""
    command_plugin(install, "click.echo('hi')", command="say_hello")
    assert "hi\n" == flodl("say-hello").stdout == flodl("say_hello").stdout
    assert "say_hello" in flodl("--help").stdout


def test_plugin_command_cannot_shadow(flodl, install):
    """A plugin's `list` never replaces ours; its full name runs it."""
    command_plugin(install, "click.echo('mine now')", command="list")
    done = flodl("list")
    assert 0 == done.returncode
    assert "mine now" not in done.stdout
    assert "mine now\n" == flodl("acme-cli/list").stdout
    assert "acme-cli/list" in flodl("--help").stdout


def test_broken_plugin_command_is_unavailable_in_help(flodl, install):
    """Help says which command cannot run, and why, without importing it."""
    install("gone", "flodl_commands", 'CommandSpec(name="gone", target="gone_away:run", summary="Gone.")')
    install(
        "needy", "flodl_commands", 'CommandSpec(name="needy", target="a:b", summary="N.", requires=("unheard-of",))'
    )
    words = " ".join(flodl("--help").stdout.split())
    assert "gone (unavailable: gone_away cannot be found)" in words
    assert "needy (unavailable: it requires unheard-of, which is not installed)" in words


def test_running_a_broken_plugin_command_is_three_lines(flodl, install):
    """It names the target and the distribution."""
    install("gone", "flodl_commands", 'CommandSpec(name="gone", target="gone_away:run", summary="Gone.")')
    done = flodl("gone")
    assert 1 == done.returncode
    assert 3 == len(done.stderr.splitlines())
    assert "gone 1.0" in done.stderr


def test_command_that_is_no_click_command(flodl, install):
    """A target of another type is the plugin's mistake, said so."""
    install(
        "odd",
        "flodl_commands",
        'CommandSpec(name="odd", target="odd_command:run", summary="Odd.")',
        files={"odd_command.py": "def run(): ..."},
    )
    done = flodl("odd")
    assert 1 == done.returncode
    assert done.stderr.startswith("PluginError: command 'odd' cannot be run: odd_command:run is no click.Command")


def test_unforeseen_error_has_no_traceback(flodl, install):
    """A bug in a command is three lines with its file and line; --debug shows the traceback."""
    command_plugin(install, "1 / 0")
    done = flodl("hello")
    assert 1 == done.returncode
    first, where, _ = done.stderr.splitlines()
    assert "ZeroDivisionError: division by zero" == first
    assert where.endswith("acme_cli_commands.py:4")
    assert "Traceback" in flodl("--debug", "hello").stderr


def test_debug_shows_the_traceback_of_our_errors(flodl):
    """`--debug` stands before the command or after it."""
    for arguments in (["--debug", "show", "module", "nothing"], ["show", "module", "nothing", "--debug"]):
        done = flodl(*arguments)
        assert 2 == done.returncode
        assert "Traceback" in done.stderr


def test_broken_pipe_is_silent(flodl, install, site, here):
    """`flodl list | head -1` says nothing on stderr."""
    specs = [f'OpSpec(name="op{i}", target="a:b", summary="{"long " * 400}")' for i in range(200)]
    install("many", "flodl_ops", *specs)
    flodl_line = f"'{sys.executable}' -m flodl_cli"
    for arguments in ("list", "list --json"):
        line = f"{flodl_line} {arguments} | head -n 1"
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            cwd=here,
            env=environment(site),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams(site, here, closed):
    """A command whose streams are closed does its work, as one that writes to nowhere."""
    line = f"'{sys.executable}' -m flodl_cli list modules {closed}"
    done = subprocess.run(["bash", "-c", line], cwd=here, env=environment(site), capture_output=True, timeout=60)
    assert (0, b"") == (done.returncode, done.stderr)


def hears_interrupts() -> None:
    """A shell starts background jobs deaf to Ctrl-C, and their children inherit that: the tests may be such a job."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_interrupt_is_130(flodl, install, site, here):
    """Ctrl-C in a command ends it with 130 and without a traceback."""
    command_plugin(install, "print('ready', flush=True); import time; time.sleep(30)")
    child = subprocess.Popen(
        [sys.executable, "-m", "flodl_cli", "hello"],
        cwd=here,
        env=environment(site),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hears_interrupts,
    )
    assert child.stdout is not None
    assert "ready\n" == child.stdout.readline()
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert (130, "Interrupted.") == (child.returncode, err.strip())


def test_exit_code_of_a_command_is_kept(flodl, install):
    """What a plugin's command returns, or exits with, is the exit code."""
    command_plugin(install, "return 5")
    assert 5 == flodl("hello").returncode
    command_plugin(install, "import sys; sys.exit(6)", name="other-cli", command="bye")
    assert 6 == flodl("bye").returncode
