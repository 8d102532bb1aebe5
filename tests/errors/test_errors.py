"""Wrong programs, one for each class of error at least, each beside the very lines that it ends with."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import flodl_core.errors
import pytest
import torch
from flodl_core import FlodlError, components, hookimpl

FOLDER = Path(__file__).parent / "programs"
PROGRAMS = sorted(FOLDER.glob("*.py"))
SHOWN = "\n# it ends with\n"  # after this line a program shows its message, as comments
ELSEWHERE = {  # what only a command line, two installed plugins or a missing package can bring about: tested there
    "ContractError",
    "UsageError", "ExperimentError", "AmbiguousComponent", "MissingDistribution",
}  # fmt: skip


@hookimpl
def flodl_modules() -> tuple[()]:
    return ()


NOTHING = SimpleNamespace(flodl_modules=flodl_modules)


def message(program: Path) -> str:
    """The class and the lines of the error that a program ends with; places are shown by file name."""
    with pytest.raises(FlodlError) as caught:
        runpy.run_path(str(program))
    lines = f"{type(caught.value).__name__}: {caught.value}"
    return re.sub(r"(?m)^(  at: )\S*/(\S+\.py:\d+)$", r"\1\2", lines)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_it_ends_with_the_lines_it_shows(program: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is wrong, where, how to mend it: to the letter."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    _, _, shown = program.read_text().partition(SHOWN)
    expected = "\n".join(line.removeprefix("#").removeprefix(" ") for line in shown.splitlines())
    told = message(program)
    components.register(NOTHING, "mine")  # in place of what a program brought
    assert expected == told


def test_every_class_of_error_has_a_program() -> None:
    """But for those that no program of a few lines can raise."""
    kinds = {name for name, value in vars(flodl_core.errors).items() if isinstance(value, type)}
    kinds = {name for name in kinds if issubclass(getattr(flodl_core.errors, name), FlodlError)} - {"FlodlError"}
    raised = {program.read_text().partition(SHOWN)[2].removeprefix("# ").split(":")[0] for program in PROGRAMS}
    assert kinds - ELSEWHERE <= raised
