"""Check the change fragments: names that towncrier knows, text that ends, and a draft that builds.

Usage: python tools/check_fragments.py
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

from projects import ROOT

NAME = re.compile(r"^[a-z0-9][a-z0-9-]*\.(added|changed|fixed|removed)\.md$")


def problems() -> Iterator[str]:
    for path in sorted((ROOT / "changelog.d").iterdir()):
        if path.name == ".gitignore":
            continue
        if not NAME.match(path.name):
            yield f"{path.relative_to(ROOT)}: the name is <what>.<added|changed|fixed|removed>.md"
        elif not path.read_text().strip().endswith((".", "`", ")")):
            yield f"{path.relative_to(ROOT)}: write whole sentences, for users"


if __name__ == "__main__":
    found = list(problems())
    print("\n".join(found) or "change fragments are well-formed")
    draft = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "next"]
    sys.exit(bool(found) or subprocess.run(draft, cwd=ROOT, stdout=subprocess.DEVNULL).returncode)
