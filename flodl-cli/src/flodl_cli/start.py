"""The first lines of `flodl`, of the standard library alone: what it stands on may be missing or broken."""

from __future__ import annotations

import sys


def start() -> int:
    """Run the command line; where it cannot even be imported, say why and how to mend it, in three lines."""
    try:
        from flodl_cli.main import main  # not above: this is what may fail
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        said = " ".join(str(error).split()) or "no message"
        mend = f"{sys.executable} -m pip install --force-reinstall flodl-cli"
        print(f"{type(error).__name__}: flodl cannot start: {said}", file=sys.stderr)
        print(f"  at: {sys.prefix}\n  try: {mend}; --debug shows all of it", file=sys.stderr)
        return 1
    return main()
