"""Templates: files as they will be, with words such as `@package@` still open, in their paths too.

A template ends in `.in`, so that no tool takes it for what it will be; a file that does not is copied as it is.
`@word@` is the mark that configuration scripts have always used: braces and dollars belong to Python, TOML and YAML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_TEMPLATES = Path(__file__).with_name("templates")
_WORD = re.compile(r"@([a-z_]+)@")


def fill(text: str, words: Mapping[str, str]) -> str:
    """Put the words in.

    >>> fill("from @package@.plugin import x", {"package": "acme"})
    'from acme.plugin import x'
    """
    return _WORD.sub(lambda match: words[match[1]], text)


def filled(folder: str, words: Mapping[str, str]) -> dict[str, str]:
    """Every file of a folder of templates: its path below that folder, and its text.

    Args:
        folder: Below `templates`: `"kinds/loss"`.
    """
    home = _TEMPLATES / folder
    return {
        fill(file.relative_to(home).as_posix().removesuffix(".in"), words): fill(file.read_text("utf-8"), words)
        for file in sorted(home.rglob("*"))
        if file.is_file()
    }
