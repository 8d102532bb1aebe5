"""Execute the python blocks of one page in order, as a reader would who types them one after another.

Usage: python tools/run_page.py PAGE

Runs in the current folder. A ```text block straight after a python block must equal what that block printed.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import sys
import traceback
from pathlib import Path

from pages import Block, blocks


def run(page: Path) -> list[str]:
    """Run the page; returns what went otherwise than written."""
    names: dict[str, object] = {"__name__": "__page__"}
    sys.path.insert(0, str(Path.cwd()))
    problems, printed = [], None
    for block in blocks(page):
        if block.language == "text" and printed is not None and block.executed:
            problems += differences(block, printed)
        printed = run_block(block, names) if block.language == "python" and block.executed else None
    return problems


def run_block(block: Block, names: dict[str, object]) -> str | None:
    """Run one block; returns what it printed, None for a block that was a file or a session."""
    if block.file:
        target = Path(block.file)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block.text)
        return None
    if block.text.lstrip().startswith(">>>"):
        test = doctest.DocTestParser().get_doctest(block.text, names, block.place, str(block.page), block.line)
        if doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, clear_globs=False).failed:
            raise SystemExit(1)
        names.update(test.globs)
        return None
    out = io.StringIO()
    code = compile(block.text, "train.py", "exec", dont_inherit=True)  # the reader's file, lines counted from the fence
    with contextlib.redirect_stdout(out):
        try:
            exec(code, names)
        except Exception as error:
            raise SystemExit(f"{block.place}: {traceback.format_exc()}") from error
    return out.getvalue()


def differences(block: Block, printed: str) -> list[str]:
    if doctest.OutputChecker().check_output(block.text, printed, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE):
        return []
    return [f"{block.place}: written is\n{block.text}printed is\n{printed}"]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tools/run_page.py PAGE")
    found = run(Path(sys.argv[1]).resolve())
    print("\n".join(found), file=sys.stderr)
    sys.exit(bool(found))
