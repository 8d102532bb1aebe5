"""Install distributions from their built wheels into the running virtual environment, each with only what it declares.

Usage: python tools/install_wheels.py [--over ENVIRONMENT] [--third-party] WHEELS NAME...

WHEELS is the folder that tools/build_wheels.py filled. The named distributions and those that they declare are
installed by file, so that no index is ever asked for a flodl distribution; a name may ask for an extra:
`flodl-core[torch]`. Third-party dependencies come from the index under constraints.txt. `--over` puts another
environment's packages (torch, the test tools) within reach: pip then counts them as installed. `--third-party`
installs the dependencies alone.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import sysconfig
from importlib.metadata import distributions
from pathlib import Path

from projects import ROOT, Project, Requirement, closure, normal, third_party

SITE_PACKAGES = Path(sysconfig.get_path("purelib"))


def pip(*arguments: str) -> None:
    """Run this environment's pip; its own words are shown only when it fails or has to fetch something."""
    done = subprocess.run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments])
    if done.returncode:
        raise SystemExit(done.returncode)


def reach(environment: Path) -> None:
    """Make the packages of another virtual environment importable in this one."""
    major, minor = sys.version_info[:2]
    packages = environment / "lib" / f"python{major}.{minor}" / "site-packages"
    if not packages.is_dir():
        raise SystemExit(f"{packages} does not exist; make it first: tox run -e base (`make test` does)")
    (SITE_PACKAGES / "over.pth").write_text(f"{packages}\n")


def wheel_of(project: Project, folder: Path) -> Path:
    """The built wheel; refused when the sources are newer."""
    wheel = folder / f"{project.package}-{project.version}-py3-none-any.whl"
    inputs = [*project.files(), project.folder / "pyproject.toml"]
    if not wheel.exists() or wheel.stat().st_mtime < max(path.stat().st_mtime for path in inputs):
        raise SystemExit(f"{wheel.name} is missing or older than its sources; build it: tox run -e wheels")
    return wheel


def installed() -> list[str]:
    """The flodl distributions that lie in this environment itself."""
    names = [normal(each.name) for each in distributions(path=[str(SITE_PACKAGES)])]
    return [name for name in names if name.startswith("flodl")]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--over", type=Path)
    parser.add_argument("--third-party", action="store_true")
    parser.add_argument("wheels", type=Path)
    parser.add_argument("names", nargs="+")
    options = parser.parse_args()
    if options.over:
        reach(options.over)
    if before := installed():
        pip("uninstall", "--yes", *before)
    asked = [Requirement.parse(name) for name in options.names]
    wanted = closure(need.name for need in asked)
    if options.third_party:
        targets = [need.text for need in third_party(wanted)]
    else:
        extras = {need.name: f"[{','.join(need.extras)}]" for need in asked if need.extras}
        targets = [f"{wheel_of(project, options.wheels)}{extras.get(project.name, '')}" for project in wanted]
    pip("install", "--no-compile", "--constraint", str(ROOT / "constraints.txt"), *targets)
    print(f"installed {'what is needed by ' if options.third_party else ''}{', '.join(each.name for each in wanted)}")


if __name__ == "__main__":
    main()
