"""Is what a component requires installed? Asked by name and version, before anything is imported."""

from __future__ import annotations

from importlib import metadata

from flodl_core.guard import said


def unmet(text: str) -> str | None:
    """Why a PEP 508 requirement is not met; None when it is, or when its marker says it does not apply here.

    >>> unmet("attrs>=1")
    >>> unmet("no-such-thing")
    'which is not installed'
    """
    try:
        from packaging.requirements import Requirement  # few specs require anything; listing pays nothing

        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            return None
        version = metadata.version(requirement.name)
        fits = requirement.specifier.contains(version, prereleases=True)
    except metadata.PackageNotFoundError:
        return "which is not installed"
    except Exception as error:  # no PEP 508 string, metadata without a readable version, packaging itself gone
        return f"which cannot be checked ({said(error)})"
    return None if fits else f"and {requirement.name} {version} is installed"
