"""What a word promises: a node class whose `from_words` is its schema. flodl-graph checks how it runs."""

from __future__ import annotations

import inspect

from flodl_core.testing.contracts.check import Check, Subject
from flodl_core.testing.contracts.promise import require


def builds(subject: Subject) -> None:
    """The target is a class that knows its word, and reads words with parameters that can be named."""
    target = subject.component.load()
    require(inspect.isclass(target), f"its target is a {type(target).__name__}, not a node class")
    word = getattr(target, "word", None)
    require(word == subject.component.name, f"the class calls itself {word!r}, the spec {subject.component.name!r}")
    reader = getattr(target, "from_words", None)
    require(callable(reader), "the class has no from_words")
    kinds = {p.kind for p in inspect.signature(reader).parameters.values()} if reader else set()
    require(inspect.Parameter.POSITIONAL_ONLY not in kinds, "from_words has a parameter that no file can name")


SUITE = (Check("builds", "A node class that knows its word, and whose from_words can be read as a schema.", builds),)
