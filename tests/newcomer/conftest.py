"""A plugin of every kind as `flodl new plugin` writes it; and empty environments over the one that runs the tests."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest
from flodl_cli.conformance.sources import as_installed
from flodl_cli.scaffold.kinds import BEGINNINGS
from flodl_cli.scaffold.plugin import plugin_files
from flodl_cli.scaffold.stage import write_folder

SCRIPTS = {"flodl": "flodl_cli.main:main", "pip": "pip._internal.cli.main:main", "pytest": "pytest:console_main"}


@pytest.fixture(scope="package")
def new_plugins(tmp_path_factory):
    """By kind: the folder of a new plugin; all of them count as installed, here and in child processes."""
    home, folders = tmp_path_factory.mktemp("plugins"), {}
    with contextlib.ExitStack() as stack:
        for kind in BEGINNINGS:
            package = f"new_{kind}"
            folders[kind] = home / package.replace("_", "-")
            write_folder(folders[kind], plugin_files(folders[kind].name, package, kind), where="here")
            stack.enter_context(as_installed(folders[kind]))
        yield folders


class Environment:
    """A virtual environment that has what the running one has, and nothing of its own yet.

    Args:
        home: Where it is made.
        start: The folder in which its user begins.
    """

    def __init__(self, home: Path, start: Path) -> None:
        venv.create(home, with_pip=False, symlinks=True)
        self.bin, self.folder = home / "bin", start
        start.mkdir()
        (packages,) = home.glob("lib/python*/site-packages")
        below = sysconfig.get_path("purelib")
        # Not merely on the path: what is installed there by .pth files counts too.
        (packages / "below.pth").write_text(f"import site; site.addsitedir({below!r})\n")
        for name, target in SCRIPTS.items():
            module, _, function = target.partition(":")
            script = self.bin / name
            lines = [f"#!{self.bin / 'python'}", "import sys", f"from {module} import {function}"]
            script.write_text("\n".join([*lines, f"sys.exit({function}())", ""]))
            script.chmod(0o755)

    def type(self, commands: str) -> str:
        """What a shell of this environment prints; it goes on in the folder where the commands before ended."""
        here = self.bin.parent / "here"
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("FLODL_", "PYTHON", "PIP_"))}
        env = {
            **kept,
            "PATH": f"{self.bin}{os.pathsep}{kept['PATH']}",
            "COLUMNS": "120",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",  # nothing is fetched
            "PIP_NO_BUILD_ISOLATION": "0",  # pip reads this one the other way round
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_ROOT_USER_ACTION": "ignore",
        }
        command = ["bash", "-e", "-c", f"{commands}\npwd > {here}"]
        done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
        self.folder = Path(here.read_text().rstrip("\n"))
        return done.stdout


@pytest.fixture
def new_environment(tmp_path):
    """Make an environment: `new_environment("mine")`, whose user begins in the folder `tmp_path / "at-mine"`."""
    return lambda name: Environment(tmp_path / name, tmp_path / f"at-{name}")
