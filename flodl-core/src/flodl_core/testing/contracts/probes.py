"""What a probe promises: `sample()` gives numbers by name, `close()` lets go."""

from __future__ import annotations

from collections.abc import Mapping

from flodl_core.testing.contracts.check import Check, Subject
from flodl_core.testing.contracts.promise import require

_SAMPLES = 5


def builds(subject: Subject) -> None:
    """It can be sampled and closed."""
    probe = subject.make()
    for name in ("sample", "close"):
        require(callable(getattr(probe, name, None)), f"its product, a {type(probe).__name__}, has no {name}()")
    probe.close()


def samples(subject: Subject) -> None:
    """Readings are numbers by name; what cannot be read is absent."""
    probe = subject.make()
    for _ in range(_SAMPLES):
        reading = probe.sample()
        require(isinstance(reading, Mapping), f"a sample is a {type(reading).__name__}, not a mapping")
        for name, number in reading.items():
            plain = isinstance(name, str) and isinstance(number, (int, float)) and not isinstance(number, bool)
            require(plain, f"a reading is {name!r}: {number!r}, not a number by name")
            require(number == number, f"the reading {name} is NaN; what cannot be read is left out")
    probe.close()


def closes(subject: Subject) -> None:
    """Closing it twice is no error."""
    probe = subject.make()
    probe.sample()
    probe.close()
    probe.close()


SUITE = (
    Check("builds", "Its example has sample() and close().", builds),
    Check("samples", "Every sample is numbers by name.", samples),
    Check("closes", "It may be closed twice.", closes),
)
