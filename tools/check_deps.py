"""Compare what each distribution imports with what it declares, and keep plugins to public names.

Usage: python tools/check_deps.py

Reported, a line each: an import of something that is not declared; a declared dependency that nothing imports; a
plugin that reaches below `flodl_core`'s public page; a dependency without a pin in constraints.txt. What stands under
TYPE_CHECKING may name any third-party package that some distribution here declares. Tests may add pytest, hypothesis
and, where torch is declared, numpy.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from imports import Import, imports_of
from projects import ROOT, Project, Requirement, normal, projects, third_party

# What a distribution is imported by, where the two names differ.
MODULES = {"scikit-learn": ["sklearn"], "attrs": ["attr", "attrs"], "nvidia-ml-py": ["pynvml"]}
TEST_TOOLS = {"pytest", "hypothesis"}
# `flodl run` needs them all and says which is missing: optional by design. Only its own room may import them, and that
# room is imported when called.
OPTIONAL = {"flodl-cli": {"flodl_nn", "flodl_graph", "flodl_monitor", "torch"}}
ROOM = {"flodl-cli": "flodl_cli.training"}
# Declared though nothing here imports it, with the reason.
CARRIED = {
    ("flodl-core", "safetensors"): "our files are its format; doctests and tests read them back with it",
    ("flodl-bench", "flodl-cli"): "`flodl bench` is typed there",
}
# The umbrella asks for these by name, on its page of lazy names or not at all: it brings them.
BY_NAME = {"flodl": {"flodl_core", "flodl_nn", "flodl_graph", "flodl_monitor", "flodl_cli"}}
# What single tests need, which say so in one line and are skipped where it is not.
WHERE_INSTALLED = {"flodl-graph": {"onnx"}, "flodl-monitor": {"playwright"}}
# What a plugin may import of the distributions that it extends.
ROOMS = ("autograd", "capture", "checkpoint", "freezing", "paths", "rules", "tensor", "testing", "trends")
PUBLIC = {"flodl_core", "flodl_nn", "flodl_graph", "flodl_monitor", *(f"flodl_core.{room}" for room in ROOMS)}


def modules_for(needs: Iterable[Requirement]) -> dict[str, str]:
    """Import name -> distribution."""
    return {module: need.name for need in needs for module in MODULES.get(need.name, [need.name.replace("-", "_")])}


def declared(project: Project) -> dict[str, str]:
    """Import name -> declared distribution, extras included."""
    return modules_for([*project.requirements, *(need for needs in project.extras.values() for need in needs)])


def declared_from_afar(project: Project, known: dict[str, Project]) -> dict[str, str]:
    """What arrives because an extra of another distribution is asked for, such as flodl-core[torch]."""
    asked = [(known[need.name], extra) for need in project.requirements if need.name in known for extra in need.extras]
    return modules_for(need for other, extra in asked for need in other.extras.get(extra, ()))


def place(each: Import) -> str:
    return f"{each.file.relative_to(ROOT)}:{each.line} imports {each.name or 'relatively'}"


def source_problems(project: Project, known: dict[str, Project]) -> Iterator[str]:
    """Imports of the package that its declared dependencies do not cover, and dependencies that it does not use."""
    mine = {project.package, *declared(project)}
    optional = OPTIONAL.get(project.name, set())
    typing = set(modules_for(third_party(known.values())))
    used = list(imports_of(project.files()))
    for each in used:
        for_typing = each.typing_only and each.module in typing | optional | {"typing_extensions"}
        when_called = each.lazy or in_room(each, project)
        if not (for_typing or (when_called if each.module in optional else each.module in mine)):
            yield f"{place(each)}, which {project.name} does not declare"
        elif eager_room(each, project):
            yield f"{place(each)}, which is to be imported when called"
        elif project.folder.parent.name == "plugins" and each.module != project.package and reaches_inside(each):
            yield f"{place(each)}, which is not for plugins: public names come from {each.module}"
    yield from unused_problems(project, {each.module for each in used} | BY_NAME.get(project.name, set()))


def in_room(each: Import, project: Project) -> bool:
    """Does this import stand in the room for optional parts?"""
    return project.name in ROOM and (project.source / ROOM[project.name].replace(".", "/")) in each.file.parents


def eager_room(each: Import, project: Project) -> bool:
    """Does this import pull that room in before anything is called?"""
    room = ROOM.get(project.name, "")
    inside = in_room(each, project) or each.lazy or each.typing_only
    return bool(room) and not inside and (each.name == room or each.name.startswith(f"{room}."))


def reaches_inside(each: Import) -> bool:
    return each.module.startswith("flodl") and each.name not in PUBLIC


def unused_problems(project: Project, used: set[str]) -> Iterator[str]:
    mine = declared(project)
    needed = {mine[module] for module in used & set(mine)}
    for name in sorted(set(mine.values()) - needed):
        if (project.name, name) in CARRIED:
            continue
        yield f"{project.name} declares {name} and never imports it"


def test_problems(project: Project, known: dict[str, Project]) -> Iterator[str]:
    """Imports of the distribution's own tests that an isolated environment would not have."""
    allowed = {project.package, *declared(project), *declared_from_afar(project, known)}
    files = sorted(project.tests.rglob("*.py"))
    tools = TEST_TOOLS | ({"numpy"} if "torch" in allowed else set()) | {file.stem for file in files}
    tools |= WHERE_INSTALLED.get(project.name, set())
    for each in imports_of(files):
        if not (each.module in allowed | tools or each.typing_only):
            yield f"{place(each)}, which the tests of {project.name} may not use"


def pin_problems() -> Iterator[str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {normal(line.split("==")[0]) for line in lines if "==" in line and not line.startswith("#")}
    for need in third_party(projects()):
        if need.name not in pinned:
            yield f"{need.name} has no pin in constraints.txt; make constraints"


def problems() -> Iterator[str]:
    known = {project.name: project for project in projects()}
    for project in known.values():
        yield from source_problems(project, known)
        if project.folder != ROOT:
            yield from test_problems(project, known)
    yield from pin_problems()


if __name__ == "__main__":
    found = list(problems())
    print("\n".join(found) or "imports and declared dependencies agree")
    sys.exit(bool(found))
