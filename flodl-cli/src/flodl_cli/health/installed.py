"""What installation metadata says; damaged metadata says less, and is no error."""

from __future__ import annotations

from importlib import metadata


def versions_of(name: str) -> list[str]:
    """The versions that are installed, the one that is imported first; `""` for one that does not say."""
    return list(dict.fromkeys(map(_version, _installations(name))))


def requirements_of(name: str) -> list[str]:
    """What it cannot do without, as PEP 508 strings; what only an extra asks for is left out."""
    for distribution in _installations(name)[:1]:
        try:
            return [text for text in distribution.requires or () if "extra" not in text.partition(";")[2]]
        except Exception:  # damaged metadata: pip check has the details
            return []
    return []


def _installations(name: str) -> list[metadata.Distribution]:
    try:
        return list(metadata.distributions(name=name))
    except Exception:  # an unreadable folder on the path
        return []


def _version(distribution: metadata.Distribution) -> str:
    try:
        return distribution.version or ""
    except Exception:  # no METADATA, or none that can be read
        return ""
