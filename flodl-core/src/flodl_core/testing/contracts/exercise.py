"""Running the suites: every check apart from the others, whatever the component does in it."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from attrs import evolve

from flodl_core.errors import ContractError, FlodlError, MissingDistribution, PluginError
from flodl_core.guard import one_line, said
from flodl_core.provider import Component
from flodl_core.registry import Registry, components
from flodl_core.requirements import unmet
from flodl_core.testing.contracts.check import Check, Outcome, Result, Skip, Subject
from flodl_core.testing.contracts.suites import NEEDS_NO_EXAMPLE, suite_of

Started = Callable[[Component, str], None]

_VERSIONS = re.compile(r"[A-Za-z0-9._-]+[<>=!~]=?[^:]*")


def exercise(
    chosen: Component | Iterable[Component],
    *,
    device: str = "cpu",
    more: Mapping[str, Sequence[Check]] | None = None,
    registry: Registry = components,
    started: Started | None = None,
) -> Iterator[Result]:
    """Run the suite of its kind on each component; a result per check, as soon as it is known.

    Nothing that a component does ends the run: not an exception, not `sys.exit`; only Ctrl-C does. What it prints
    is swallowed, the folder it works in is a fresh one, and random generators stand afterwards where they stood.
    A component that cannot be made has no further results.

    Args:
        chosen: One component, or several.
        device: `"cpu"` or `"cuda"`.
        more: Further checks, by kind: what another distribution knows of it.
        registry: Where the references within examples are found.
        started: Told the component and the name of each check before it begins.
    """
    for component in [chosen] if isinstance(chosen, Component) else chosen:
        subject = Subject(component, device, registry)
        further = (more or {}).get(component.kind, ())
        yield from _one(subject, further, started or (lambda component, check: None))


def _one(subject: Subject, further: Sequence[Check], started: Started) -> Iterator[Result]:
    component, spec = subject.component, subject.component.spec
    started(component, "loads")
    loaded = _load(component)
    yield loaded
    if loaded.outcome != "passed":
        return
    if spec.example is None and component.kind not in NEEDS_NO_EXAMPLE:
        yield Result(component, "example", "skipped", "not exercisable: no example")
        return
    with _folder_of(spec.example.files if spec.example else {}) as folder:
        checks = [c for c in (*suite_of(component.kind), *further) if subject.device in c.devices]
        for number, check in enumerate(checks):
            started(component, check.name)
            result = _waived(_run(check, subject, folder))
            yield result
            if number == 0 and result.outcome != "passed":
                return


def _waived(result: Result) -> Result:
    """A check that the spec waives must fail, and is then skipped for the reason given."""
    reason = _reason(result.component.spec.waives.get(result.check))
    if reason is None or result.outcome == "skipped":
        return result
    if result.outcome == "failed":
        return evolve(result, outcome="skipped", reason=one_line(reason), waived=True)
    return evolve(result, outcome="failed", reason=f"its spec waives this check, which passes: {one_line(reason)}")


def _reason(waiver: str | None) -> str | None:
    """Why a check is waived here: a waiver may begin with the versions that it is for, `"torch<2.13: ..."`."""
    versions, colon, reason = (waiver or "").partition(": ")
    if colon and _VERSIONS.fullmatch(versions):
        return reason if unmet(versions) is None else None
    return waiver


def _load(component: Component) -> Result:
    try:
        component.check_requirements()
    except PluginError as error:
        return Result(component, "loads", "skipped", error.what.partition("loaded: ")[2] or error.what)
    return _run(
        Check("loads", "Its target can be imported.", _import), Subject(component, "cpu", components), Path.cwd()
    )


def _import(subject: Subject) -> None:
    subject.component.load()


def _run(check: Check, subject: Subject, folder: Path) -> Result:
    began = time.perf_counter()
    with (
        _inside(folder),
        _quiet(),
    ):  # what a component leaves open complains when it is let go, which is before this ends
        outcome, reason = _outcome(check, subject)
    return Result(subject.component, check.name, outcome, reason, time.perf_counter() - began)


def _outcome(check: Check, subject: Subject) -> tuple[Outcome, str]:
    try:
        with _same_every_time():
            skip = check.run(subject)
    except KeyboardInterrupt:
        raise
    except ContractError as error:
        return "failed", one_line(error.what)
    except SystemExit as error:
        return "failed", f"it called sys.exit({error.code!r})"
    except MissingDistribution as error:  # optional parts of its distribution, which this machine has not
        return "skipped", one_line(error.what)
    except FlodlError as error:
        return "failed", one_line(f"{type(error).__name__}: {error.what}")
    except BaseException as error:  # panics of extension modules are no Exceptions
        return "failed", said(error)
    return ("skipped", one_line(skip.reason)) if isinstance(skip, Skip) else ("passed", "")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What a component prints or warns of is no part of the answer."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _same_every_time() -> Iterator[None]:
    """Seeded generators and exact arithmetic, where torch is in use."""
    if "torch" not in sys.modules:
        yield
        return
    from flodl_core.testing.contracts.arithmetic import repeatable  # a schedule needs no torch

    with repeatable():
        yield


@contextlib.contextmanager
def _folder_of(files: Mapping[str, str]) -> Iterator[Path]:
    """A fresh folder to work in, with the example's files."""
    with tempfile.TemporaryDirectory(prefix="flodl-exercise-", ignore_cleanup_errors=True) as folder:
        for name, text in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        yield Path(folder)


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """That folder as the current one: during a check only, not while its result is looked at."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
